"""The times of the rows: their range, their step, what is missing between them and what comes twice."""

from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data import Frequency, format_time
from recurra.data.frequency import find_frequency
from recurra.diagnosis.finding import HINT, SERIOUS, WARNING, Finding
from recurra.diagnosis.periods import step_text
from recurra.diagnosis.words import share

_MOST_GAPS = 10
_MOST_TIMES_AS_MANY = 10  # rows of the grid for each row of the data; with more, the step is none


@dataclass(frozen=True)
class Gap:
    """Rows that the grid has and the data have not.

    Attributes:
        first: the first time that is missing.
        rows: how many are, in a row.
    """

    first: str
    rows: int


@dataclass(frozen=True)
class Clock:
    """The times of T rows.

    Attributes:
        column: where they stand.
        first, last: of them, as text.
        frequency: their step, as in `recurra.data.frequency`; None where they lie on no grid.
        rows: T.
        missing: rows that the grid has and the data have not.
        gaps: runs of these.
        longest: the longest gaps, at most ten.
        repeated: rows whose time another row before them has, too.
        repeated_time: the first such time; "" if none.
        unsorted: whether the rows are not in order of time.
        irregular: why there is no grid; "" if there is one.
        utc: whether the times are UTC, because they had a zone.
    """

    column: str
    first: str
    last: str
    frequency: str | None
    rows: int
    missing: int
    gaps: int
    longest: tuple[Gap, ...]
    repeated: int
    repeated_time: str
    unsorted: bool
    irregular: str
    utc: bool

    @property
    def step(self) -> str:
        """``hour``, ``15 minutes``; ``row`` where there is no grid."""
        return step_text(self.frequency)


def read_clock(times: np.ndarray, column: str, *, utc: bool = False) -> tuple[Clock, np.ndarray, np.ndarray]:
    """The clock of ``times`` (T,), datetime64[us] or int64 in any order, T at least 1; and the grid.

    The second is where each row is on the grid, int64 (T,), −1 for a row whose time came before; the third
    are the times of the grid, (G,). Without one rows are numbered in order of time.
    """
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    again = np.concatenate([[False], ordered[1:] == ordered[:-1]])
    single = ordered[~again]
    frequency, irregular = _frequency(single, column)
    steps = np.arange(len(single)) if frequency is None else frequency.steps(single)
    lacking = np.diff(steps) - 1
    gaps = np.flatnonzero(lacking > 0)
    longest = gaps[np.argsort(-lacking[gaps], kind="stable")][:_MOST_GAPS]
    places = np.full(len(times), -1, dtype=np.int64)
    places[order[~again]] = steps
    clock = Clock(
        column=column,
        first=format_time(single[0]),
        last=format_time(single[-1]),
        frequency=None if frequency is None else str(frequency),
        rows=len(times),
        missing=int(lacking[gaps].sum()),
        gaps=len(gaps),
        longest=tuple(_gap(single[gap], int(lacking[gap]), frequency) for gap in longest),
        repeated=int(again.sum()),
        repeated_time=format_time(ordered[again][0]) if again.any() else "",
        unsorted=bool((np.diff(order) < 0).any()),
        irregular=irregular,
        utc=utc,
    )
    grid = single if frequency is None else frequency.after(single[0], np.arange(steps[-1] + 1))
    return clock, places, grid


def clock_findings(clock: Clock, *, whole: bool = True) -> list[Finding]:
    """What is to be said of the times; ``whole`` where they are those of all rows, not of one series."""
    found = []
    where = "" if whole else ", the longest series"
    if clock.repeated and whole:
        found.append(
            Finding(
                SERIOUS,
                f"{count(clock.repeated, 'row')} of {clock.rows:,} {_repeat(clock.repeated)} a time of "
                f"{clock.column!r}, such as {clock.repeated_time}.",
                "Keep one row for each time; if rows belong to several series, name their column by "
                "--series.",
                clock.column,
            )
        )
    if clock.irregular:
        found.append(
            Finding(
                SERIOUS,
                f"The times of {clock.column!r}{where} do not lie on one grid: {clock.irregular}.",
                "Correct the times, or resample the data to one step.",
                clock.column,
            )
        )
    if clock.missing:
        gap = clock.longest[0]
        found.append(
            Finding(
                WARNING,
                f"{count(clock.missing, 'row')} ({share(clock.missing, clock.rows + clock.missing)}) "
                f"{'is' if clock.missing == 1 else 'are'} missing between the times of "
                f"{clock.column!r}{where}, in {count(clock.gaps, 'gap')}; the longest has "
                f"{count(gap.rows, 'row')} from {gap.first}.",
                "Fill the gaps from their source if you can; recurra fit forecast interpolates them and "
                "does not score what it made up.",
                clock.column,
            )
        )
    if clock.unsorted and whole:
        found.append(
            Finding(
                HINT,
                f"The rows are not in order of {clock.column!r}.",
                "Nothing: Recurra sorts them by time.",
                clock.column,
            )
        )
    return found


def _frequency(times: np.ndarray, column: str) -> tuple[Frequency | None, str]:
    """The step of ``times`` (T,), sorted and all different; or None, and why not."""
    if len(times) < 2:
        return None, ""
    try:
        frequency = find_frequency(times, column)
    except InputError as error:
        reason = str(error).split(": ", 1)[-1].split("; ")[0]
        return None, reason.removeprefix(f"{column} ")
    length = int(frequency.steps(times)[-1]) + 1
    if length > _MOST_TIMES_AS_MANY * len(times):
        return None, f"at the commonest step, {step_text(str(frequency))}, {length:,} rows would be needed"
    return frequency, ""


def _repeat(amount: int) -> str:
    return "repeats" if amount == 1 else "repeat"


def _gap(before: np.ndarray, rows: int, frequency: Frequency | None) -> Gap:
    first = frequency.after(before, np.array([1]))[0] if frequency is not None else before
    return Gap(format_time(first), rows)
