"""Ours against ours: another revision, built beside this one, timed in turn in a process of its own."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from benchmarks.contest import Case, Settings, difference
from benchmarks.machine import ROOT
from benchmarks.timing import Result, calls_for, ratio


class Worker:
    """A process that runs `benchmarks.worker` with one build of Recurra."""

    def __init__(self, suites: Sequence[str], settings: Settings, package: Path | None = None) -> None:
        """``package`` is the folder that holds another build; None for the one that is installed."""
        self._connection, theirs = Pipe()
        command, environment = [sys.executable], dict(os.environ)
        if package is not None:
            # -S leaves out .pth files, by which an editable install would win over any path.
            command += ["-S"]
            environment["PYTHONPATH"] = os.pathsep.join([str(package), sysconfig.get_path("purelib")])
        command += ["-m", "benchmarks.worker", str(theirs.fileno()), *suites]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, cwd=ROOT)
        theirs.close()
        self.build = self.ask(settings)

    def ask(self, question: Any) -> Any:
        """Send a question and wait for the answer; raises RuntimeError if the process ends instead."""
        try:
            self._connection.send(question)
            return self._connection.recv()
        except (EOFError, ConnectionError):
            self.close()
            raise RuntimeError(f"a worker ended with code {self._process.returncode}") from None

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.wait()


@contextmanager
def built(revision: str) -> Iterator[Path]:
    """A folder with the revision installed, gone afterwards; CalledProcessError if it will not build."""
    git = ["git", "-C", str(ROOT)]
    with tempfile.TemporaryDirectory() as folder:
        tree, package = Path(folder) / "tree", Path(folder) / "package"
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
            how = ["--no-deps", "--no-build-isolation", "--target", str(package)]
            subprocess.run([*pip, *how, str(tree)], check=True)
            yield package
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=True)


def compare(suites: Sequence[str], settings: Settings, revision: str) -> Iterator[Result | str]:
    """A result for each contestant of ours that both revisions have; a sentence for each that one lacks."""
    with (
        built(revision) as package,
        closing(Worker(suites, settings)) as now,
        closing(Worker(suites, settings, package)) as then,
    ):
        yield f"now: {now.build}; {revision}: {then.build}"
        yield from _in_turn(now, then, settings, revision)


def _in_turn(now: Worker, then: Worker, settings: Settings, revision: str) -> Iterator[Result | str]:
    workers = {"now": now, revision: then}
    while (entered := {name: worker.ask("next") for name, worker in workers.items()})["now"] is not None:
        table, case = entered["now"]["table"], entered["now"]["case"]
        for name, own in entered.items():
            if "error" in own:
                yield f"{table}, {case}: left out, as {name} answers {own['error']}"
        if any("error" in own for own in entered.values()):
            continue
        for contestant in entered["now"]["outputs"]:
            yield _result(table, case | {"contestant": contestant}, workers, entered, settings)


def _result(
    table: str,
    case: Case,
    workers: dict[str, Worker],
    entered: dict[str, Any],
    settings: Settings,
) -> Result:
    contestant = case["contestant"]
    now, revision = workers
    calls = calls_for(workers[now].ask((contestant, 1)), settings.block)
    times: dict[str, list[float]] = {name: [] for name in workers}
    for round_ in range(settings.rounds):
        for name in list(workers)[:: -1 if round_ % 2 else 1]:
            times[name].append(workers[name].ask((contestant, calls)))
    distance = difference(*(own["outputs"][contestant] for own in entered.values()))
    figures = {f"× {revision}": ratio(times, revision, now), "difference": distance}
    return Result(table, dict(case), times, figures, distance)
