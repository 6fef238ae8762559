"""What is timed: contests, which are rows of tables, of contestants that compute the same thing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

PAUSE = 0.002
"""Seconds that are enough before most turns."""

Times: TypeAlias = Mapping[str, Sequence[float]]
"""Seconds a call, in every round, by contestant."""

Case: TypeAlias = Mapping[str, int | str]
"""What tells a row of a table from the others."""


@dataclass(frozen=True)
class Contestant:
    """Something to be called and timed.

    Attributes:
        run: what is timed.
        like: the contestant that must give the same result before anything is timed.
        outputs: from what ``run`` returns to arrays in the order and layout of the other's, untimed.
        ours: whether it is Recurra, and so has a counterpart in another revision of it.
    """

    run: Callable[[], Any]
    like: str | None = None
    outputs: Callable[[Any], Any] = lambda result: result
    ours: bool = False


@dataclass(frozen=True)
class Contest:
    """One row of a table.

    Attributes:
        table: the table's title.
        case: its first columns.
        enter: makes the contestants, by name; called once, right before they compete.
        figures: from the times to the row's last columns; ratios, mostly.
        tolerance: how far results may be apart, as a share of the largest value of each array.
        threads: of every contestant, where they are not the run's.
        pause: seconds before every turn, in which threads that the last contestant left spinning go to
            sleep; a core that they keep busy is one that this turn does not have.
    """

    table: str
    case: Case
    enter: Callable[[], dict[str, Contestant]]
    figures: Callable[[Times], dict[str, float]]
    tolerance: float = 1e-4
    threads: int | None = None
    pause: float = PAUSE


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        quick: a smaller grid.
        rounds: how often every contestant is timed, at least 5.
        budget: seconds beyond which a contest has fewer rounds, though never fewer than 5.
        block: seconds that the calls timed together take at least, so that the clock and the cold caches
            after another contestant's turn do not matter.
        threads: of all contestants, unless a table says something else.
        peers: whether others than Recurra take part.
    """

    quick: bool = False
    rounds: int = 7
    budget: float = 0.6
    block: float = 0.02
    threads: int = 2
    peers: bool = True


Suite: TypeAlias = Callable[[Settings], Iterable[Contest]]


def arrays(result: Any) -> list[np.ndarray]:
    """Every tensor and array in nested tuples, lists and dicts, in order, as NumPy's."""
    if isinstance(result, Mapping):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return [array for part in result for array in arrays(part)]
    return [np.asarray(result.detach() if hasattr(result, "detach") else result)]


def difference(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    """The largest difference between two lists of arrays, as a share of each array's largest value."""
    if [array.shape for array in one] != [array.shape for array in other]:
        raise ValueError(
            f"shapes {[a.shape for a in one]} cannot be compared with {[a.shape for a in other]}"
        )
    worst = 0.0
    for mine, theirs in zip(one, other):
        scale = max(float(np.abs(theirs).max(initial=0.0)), 1e-30)
        share = float(np.abs(mine.astype(np.float64) - theirs).max(initial=0.0)) / scale
        worst = float(np.maximum(worst, share))  # which, unlike max(), does not lose a NaN
    return worst
