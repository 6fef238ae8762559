"""Frequencies: the grid that the times of a series lie on.

A frequency is written as polars writes an interval: ``15m``, ``1h``, ``1d``, ``1w``, ``1mo``, ``1q``,
``1y``, or ``10i`` for a column of integers. Months, quarters and years follow the calendar; ``1mo:end``
keeps to the last day of the month. A series that counts its rows has no frequency (None).
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError

_MICROSECONDS = {
    "w": 604_800_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
_MONTHS = {"y": 12, "q": 3, "mo": 1}
_SHORTEST_MONTH = np.timedelta64(28, "D")

# A day of minutes or hours, a week of days, a year of weeks, months or quarters.
_CYCLES = {"m": 1440, "h": 24, "d": 7, "w": 52, "mo": 12, "q": 4}
_LONGEST_SEASON = 288


_NOUNS = {
    "us": "microsecond",
    "ms": "millisecond",
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "q": "quarter",
    "y": "year",
    "i": "step",
}


@dataclass(frozen=True)
class Frequency:
    """A step of ``count`` units; ``month_end`` ties a calendar step to the last day of its month."""

    count: int
    unit: str
    month_end: bool = False

    @property
    def noun(self) -> str:
        """What one unit is called: ``minute``; ``step`` of whole numbers."""
        return _NOUNS[self.unit]

    @classmethod
    def parse(cls, text: str) -> "Frequency":
        """Read ``15m``, ``1mo:end`` or ``10i``; raise InputError on anything else."""
        match = re.fullmatch(r"([1-9]\d*)(us|ms|s|m|h|d|w|i|(?:mo|q|y)(?::end)?)", text)
        if match is None:
            raise InputError(
                f"frequency must be a step such as 15m, 1h, 1d, 1w, 1mo, 1mo:end or 10i, got {text!r}"
            )
        unit, _, end = match[2].partition(":")
        return cls(int(match[1]), unit, month_end=bool(end))

    def __str__(self) -> str:
        return f"{self.count}{self.unit}{':end' if self.month_end else ''}"

    def steps(self, times: np.ndarray) -> np.ndarray:
        """The place of each of ``times`` (T,) on the grid through the first: int64 (T,), -1 off the grid.

        ``times`` are sorted: datetime64[us], or int64 for the unit ``i``.
        """
        if self.unit in _MONTHS:
            months, rest = _months(times, self.month_end)
            places, remainder = np.divmod(months - months[0], self.count * _MONTHS[self.unit])
            remainder = remainder + (rest != rest[0])
        else:
            places, remainder = np.divmod((times - times[0]).astype(np.int64), self._size())
        return np.where(remainder == 0, places, -1)

    def after(self, start: Any, steps: np.ndarray) -> np.ndarray:
        """The times ``steps`` (n,) steps after ``start``, a datetime64[us], or an int for the unit ``i``."""
        if self.unit in _MONTHS:
            months, rest = _months(np.asarray([start]), self.month_end)
            return _month_starts(months + steps * self.count * _MONTHS[self.unit] + self.month_end) + rest
        step = (steps * self._size()).astype(np.int64)
        return start + (step if self.unit == "i" else step.astype("timedelta64[us]"))

    def _size(self) -> int:
        return self.count * (1 if self.unit == "i" else _MICROSECONDS[self.unit])


def find_frequency(times: np.ndarray, label: str) -> Frequency:
    """The frequency of ``times`` (T,), from the step that is most common.

    Steps are counted in months where most times share a day, or the last day, of their month.
    ``times`` are sorted, without duplicates, datetime64[us] or int64, at least two. Raises InputError,
    which calls them ``label``, if they do not all lie on that grid; absent rows are no error.
    """
    differences = np.diff(times)
    frequency = None
    if times.dtype.kind == "i":
        frequency = Frequency(int(_most_common(differences)), "i")
    elif np.median(differences) >= _SHORTEST_MONTH:
        frequency = _calendar(times)
    frequency = frequency or _fixed(int(_most_common(differences.astype(np.int64))))
    check_on_grid(times, frequency, label)
    return frequency


def check_on_grid(times: np.ndarray, frequency: Frequency, label: str) -> None:
    """Raise InputError, naming the first offender, unless all ``times`` are on the grid of the first."""
    off = np.flatnonzero(frequency.steps(times) < 0)
    if len(off):
        before, time = times[off[0] - 1], times[off[0]]
        length = time - before
        apart = _fixed(int(length.astype(np.int64))) if times.dtype.kind == "M" else length
        raise InputError(
            f"{label} does not lie on one grid: the step is {frequency}, but {format_time(time)} comes "
            f"{apart} after {format_time(before)}; correct the times, or resample the data"
        )


def future_times(last: Any, frequency: str | None, horizon: int) -> np.ndarray:
    """The ``horizon`` times after ``last``, (horizon,): datetime64[us], or int64 for integers and rows."""
    last = last.astype("datetime64[us]") if isinstance(last, np.datetime64) else int(last)
    return Frequency.parse(frequency or "1i").after(last, np.arange(1, horizon + 1))


def season_length(frequency: str | None) -> int:
    """The steps in the season that is expected at ``frequency``, 1 if there is none.

    A day of hours or minutes (24 for ``1h``, 96 for ``15m``), a week of days, a year of weeks (52),
    months or quarters. Steps under five minutes have none: nobody smooths a season of thousands.
    """
    step = Frequency.parse(frequency or "1i")
    steps, remainder = divmod(_CYCLES.get(step.unit, 1), step.count)
    return steps if remainder == 0 and steps <= _LONGEST_SEASON else 1


def format_time(time: Any) -> str:
    """A time for people: ``2016-07-01``, ``2016-07-01 05:00:00``, or the integer."""
    if not isinstance(time, np.datetime64):
        return str(time)
    text = str(time.astype("datetime64[us]")).replace("T", " ")
    return text.removesuffix(".000000").removesuffix(" 00:00:00")


def _fixed(microseconds: int) -> Frequency:
    unit = next(unit for unit, size in _MICROSECONDS.items() if microseconds % size == 0)
    return Frequency(microseconds // _MICROSECONDS[unit], unit)


def _calendar(times: np.ndarray) -> Frequency | None:
    """The step of ``times`` in months if most of them share a day, or the last day, of their month."""
    for month_end in (True, False):
        months, rest = _months(times, month_end)
        common = _most_common(rest)
        days = int(np.floor(common / np.timedelta64(1, "D")))
        # A day past the 28th that is not the last is missing from some months.
        if (rest == common).mean() > 0.5 and (days == -1 if month_end else days < 28):
            step = int(_most_common(np.diff(months[rest == common])))
            unit = next(unit for unit, size in _MONTHS.items() if step % size == 0)
            return Frequency(step // _MONTHS[unit], unit, month_end)
    return None


def _months(times: np.ndarray, month_end: bool) -> tuple[np.ndarray, np.ndarray]:
    """Months since 1970, int64 (T,), and the time since the month began or, negative, until it ends."""
    months = times.astype("datetime64[M]").astype(np.int64)
    return months, times - _month_starts(months + month_end)


def _month_starts(months: np.ndarray) -> np.ndarray:
    return months.astype("datetime64[M]").astype("datetime64[us]")


def _most_common(values: np.ndarray) -> Any:
    unique, counts = np.unique(values, return_counts=True)
    return unique[np.argmax(counts)]
