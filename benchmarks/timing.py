"""Contestants compared, then timed in turn, in one process."""

import contextlib
import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from benchmarks.contest import Contest, Contestant, Settings, Times, arrays, difference

LONG = 0.1  # seconds of a call in whose time it does not show that the last contestant left the caches cold
LEAST_ROUNDS = 5


@dataclass(frozen=True)
class Result:
    """A contest that was held."""

    table: str
    case: dict[str, int | str]
    seconds: dict[str, list[float]]
    figures: dict[str, float]
    difference: float
    tolerance: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, to four digits."""
        return {
            "table": self.table,
            "case": self.case,
            "seconds": {name: [digits(value) for value in own] for name, own in self.seconds.items()},
            "figures": {name: digits(value) for name, value in self.figures.items()},
            "difference": digits(self.difference),
            "tolerance": self.tolerance,
        }


class ResultsDifferError(Exception):
    """Contestants that should compute the same do not, so that their times say nothing."""


def hold(contest: Contest, settings: Settings) -> Result:
    """Compare the contestants' results, then time them; raises ResultsDifferError."""
    with threads(contest.threads or settings.threads):
        contestants = contest.enter()
        worst = compare(contest, contestants)
        functions = {name: own.run for name, own in contestants.items()}
        seconds = interleaved(functions, settings, contest.pause)
    figures = contest.figures(seconds)
    return Result(contest.table, dict(contest.case), seconds, figures, worst, contest.tolerance)


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for PyTorch, which ours follow, and for NumPy's products."""
    before = torch.get_num_threads()
    with threadpool_limits(count):
        torch.set_num_threads(count)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def compare(contest: Contest, contestants: Mapping[str, Contestant]) -> float:
    """The largest difference between contestants that must agree; raises ResultsDifferError."""
    models = {own.like for own in contestants.values()}
    results = {
        name: arrays(own.outputs(own.run()))
        for name, own in contestants.items()
        if own.like or name in models
    }
    worst = 0.0
    for name, own in contestants.items():
        if own.like is None:
            continue
        distance = difference(results[name], results[own.like])
        if not distance <= contest.tolerance:
            raise ResultsDifferError(
                f"{contest.table}, {dict(contest.case)}: {name} is {distance:.2g} away from {own.like}, "
                f"more than {contest.tolerance:.2g}"
            )
        worst = max(worst, distance)
    return worst


def interleaved(
    functions: Mapping[str, Callable[[], object]], settings: Settings, pause: float
) -> dict[str, list[float]]:
    """Seconds a call of each function, for every round; in every second round the order is reversed."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    gc.collect()
    gc.freeze()  # so that collecting garbage between turns has little to look at
    try:
        pace = {name: pace_of(function, pause) for name, function in functions.items()}
        calls = {name: calls_for(seconds, settings.block) for name, seconds in pace.items()}
        for round_ in range(rounds_for(sum(pace[name] * calls[name] for name in pace), settings)):
            for name in list(functions)[:: -1 if round_ % 2 else 1]:
                times[name].append(timed(functions[name], calls[name], pause, warm=pace[name] < LONG))
    finally:
        gc.unfreeze()
    return times


def pace_of(function: Callable[[], object], pause: float) -> float:
    """Seconds of one call: of the second where the first is short."""
    first = timed(function, 1, pause, warm=False)
    return first if first >= LONG else timed(function, 1, pause, warm=False)


def rounds_for(seconds: float, settings: Settings) -> int:
    """How many rounds that take so long each a contest has."""
    return min(settings.rounds, max(LEAST_ROUNDS, int(settings.budget / max(seconds, 1e-9))))


def calls_for(seconds: float, block: float) -> int:
    """How many calls that take so long each fill a block."""
    return max(1, math.ceil(block / max(seconds, 1e-9)))


def timed(function: Callable[[], object], calls: int, pause: float, *, warm: bool = True) -> float:
    """Seconds a call, over so many calls after the pause; ``warm``: after one that is not timed."""
    time.sleep(pause)
    if warm:
        function()
    gc.collect()
    gc.disable()
    try:
        begin = time.perf_counter()
        for _ in range(calls):
            function()
        return (time.perf_counter() - begin) / calls
    finally:
        gc.enable()


def ratio(times: Times, slower: str, faster: str) -> float:
    """How many times longer the first takes, by the medians."""
    return statistics.median(times[slower]) / statistics.median(times[faster])


def times_faster(*peers: str, than: str = "ours") -> Callable[[Times], dict[str, float]]:
    """Figures: how many times faster ours is than each of these."""
    return lambda times: {f"× {peer}": ratio(times, peer, than) for peer in peers if peer in times}


def spread(seconds: Times) -> float:
    """The largest interquartile range of a contestant's rounds, as a share of its median."""
    ranges = [0.0]
    for own in seconds.values():
        low, middle, high = statistics.quantiles(own, n=4, method="inclusive")
        ranges.append((high - low) / middle)
    return max(ranges)


def digits(value: float) -> float:
    """The value to four digits, which is more than any time here deserves."""
    return float(f"{value:.4g}")
