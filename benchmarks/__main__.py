"""Time Recurra beside its peers on this machine.

python -m benchmarks [SUITE …] [--quick] [--json FILE [--merge]] [--against REVISION]
python -m benchmarks page FILE
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from benchmarks import against, ceilings, machine, peers, tables, timing
from benchmarks.contest import Settings
from benchmarks.merge import DifferentRunsError, check_alike, merged
from benchmarks.page import page
from benchmarks.suites import SUITES
from benchmarks.timing import Result


def main(arguments: Sequence[str]) -> None:
    """Run the suites, or print the page of a run."""
    options = parse(arguments)
    if options.suites[:1] == ["page"]:
        print(page(json.loads(Path(options.suites[1]).read_text("utf-8"))), end="")
        return
    least = Settings(quick=True, rounds=5, block=0.01) if options.quick else Settings()
    settings = dataclasses.replace(least, rounds=options.rounds or least.rounds, threads=options.threads)
    suites = options.suites or list(SUITES)
    console = Console(width=None if sys.stdout.isatty() else 160)
    described = machine.describe(settings)
    console.print("\n".join(f"{name}: {value}" for name, value in described.items()), highlight=False)
    run: dict[str, Any] = {"machine": described, "settings": dataclasses.asdict(settings)}
    run |= {"missing": peers.missing(), "runs": 1}
    earlier = None
    if options.merge and options.json.exists():
        earlier = json.loads(options.json.read_text("utf-8"))
        try:
            check_alike(earlier, run)  # before minutes of measuring
        except DifferentRunsError as error:
            sys.exit(f"{options.json}: {error}")
    if options.against:
        results = collect(console, against.compare(suites, settings, options.against))
    else:
        console.print(f"missing peers: {', '.join(peers.missing()) or 'none'}")
        run["ceilings"] = ceilings.measure(settings)
        console.print_json(data={"ceilings (GFLOP/s by threads, GB/s by KiB)": run["ceilings"]})
        contests = [contest for name in suites for contest in SUITES[name](settings)]
        results = collect(console, (timing.hold(contest, settings) for contest in contests), len(contests))
    if options.json:
        run["results"] = [result.to_dict() for result in results]
        if earlier is not None:
            every = dict.fromkeys(contest.table for suite in SUITES.values() for contest in suite(settings))
            run = merged(earlier, run, list(every))
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(to_json(run), "utf-8")


def to_json(run: Mapping[str, Any]) -> str:
    """The run, with a line for each result."""
    lines = [json.dumps(result, ensure_ascii=False) for result in run["results"]]
    head = json.dumps({name: run[name] for name in run if name != "results"}, ensure_ascii=False)
    return f'{head.removesuffix("}")}, "results": [\n' + ",\n".join(lines) + "\n]}\n"


def collect(console: Console, found: Iterable[Result | str], total: int | None = None) -> list[Result]:
    """All results, each table printed when it is complete; sentences are printed as they come.

    ``total`` is how many there will be, where that is known.
    """
    results: list[Result] = []
    current: list[Result] = []
    begin = time.monotonic()

    def progress() -> str:
        return f"{len(results)}{f' of {total}' if total else ''} rows in {time.monotonic() - begin:.0f} s"

    def show() -> None:
        if current:
            tables.show(console, current[0].table, [result.to_dict() for result in current])
            console.print(progress(), style="dim", highlight=False)

    with console.status("measuring …") as status:
        for result in found:
            if isinstance(result, str):
                console.print(result, highlight=False)
                continue
            if current and result.table != current[0].table:
                show()
                current.clear()
            current.append(result)
            results.append(result)
            status.update(f"{progress()}: {result.table} {result.case}")
        show()
    return results


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=(__doc__ or "").splitlines()[0],
        epilog="python -m benchmarks page FILE prints the page of a run that --json wrote.",
    )
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help=f"{', '.join(SUITES)}; all if none is named"
    )
    parser.add_argument("--quick", action="store_true", help="a small grid, five rounds: under three minutes")
    parser.add_argument("--rounds", type=int, help="rounds to time, at least 5")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: all cores")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here")
    parser.add_argument(
        "--merge", action="store_true", help="keep the other suites' tables that the FILE of --json has"
    )
    parser.add_argument(
        "--against", metavar="REVISION", help="compare with another revision of Recurra, built now"
    )
    options = parser.parse_args(arguments)
    if options.suites[:1] == ["page"]:
        if len(options.suites) != 2:
            parser.error("page needs the JSON of a run")
        return options
    if unknown := [name for name in options.suites if name not in SUITES]:
        parser.error(f"no suite {unknown[0]!r}; there are {', '.join(SUITES)}")
    if options.rounds is not None and options.rounds < 5:
        parser.error("--rounds must be at least 5")
    if options.merge and (options.json is None or options.against):
        parser.error("--merge needs --json, and goes without --against")
    return options


if __name__ == "__main__":
    main(sys.argv[1:])
