"""One build of Recurra in a process of its own, which times what it is told to: see benchmarks/against.py.

It first takes the settings and answers which build it has. Then "next" enters the next contest and answers
with its table, its case and the results of its contestants, with an error if this build lacks something, or
with None at the end; and (contestant, calls) answers with the seconds of one call.
"""

import dataclasses
import sys
from multiprocessing.connection import Connection
from typing import Any

import recurra
from benchmarks.contest import Contest, Contestant, arrays
from benchmarks.suites import SUITES
from benchmarks.timing import threads, timed
from recurra import kernels


def serve(connection: Connection, suites: list[str]) -> None:
    """Answer until the other side hangs up."""
    settings = dataclasses.replace(connection.recv(), peers=False)
    connection.send(f"{recurra.__file__}, {kernels.in_use()} kernels")
    contests = (contest for name in suites for contest in SUITES[name](settings))
    count, pause, contestants = settings.threads, 0.0, {}
    while True:
        try:
            question = connection.recv()
        except EOFError:
            return
        if question == "next":
            contestants.clear()
            contest = next(contests, None)
            if contest:
                count, pause = contest.threads or settings.threads, contest.pause
            with threads(count):
                connection.send(contest and enter(contest, contestants))
        else:
            name, calls = question
            with threads(count):
                connection.send(timed(contestants[name].run, calls, pause))


def enter(contest: Contest, contestants: dict[str, Contestant]) -> dict[str, Any]:
    """Make the contestants, and say what they compute."""
    answer: dict[str, Any] = {"table": contest.table, "case": dict(contest.case)}
    try:
        contestants.update(contest.enter())
        answer["outputs"] = {name: arrays(own.outputs(own.run())) for name, own in contestants.items()}
    except Exception as error:
        answer["error"] = f"{type(error).__name__}: {error}"
    return answer


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), sys.argv[2:])
