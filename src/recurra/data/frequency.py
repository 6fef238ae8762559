"""Frequencies: the grid that the times of a series lie on.

A frequency is written as polars writes an interval: ``15m``, ``1h``, ``1d``, ``1w``, ``1mo``, ``1q``, ``1y``, or
``10i`` for a column of integers. Months, quarters and years follow the calendar; ``1mo:end`` keeps to the last
day of the month. A series without a time column counts rows and has no frequency (None).
"""

import re
from dataclasses import dataclass

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
_SEASONS = {"1m": 60, "15m": 96, "30m": 48, "1h": 24, "1d": 7, "1w": 52, "1mo": 12, "1q": 4}
_SHORTEST_MONTH = np.timedelta64(28, "D")


@dataclass(frozen=True)
class Frequency:
    """A step of ``count`` units; ``month_end`` ties a calendar step to the last day of its month."""

    count: int
    unit: str
    month_end: bool = False

    @classmethod
    def parse(cls, text: str) -> "Frequency":
        """Read ``15m``, ``1mo:end``, ``10i``; raise InputError on anything else."""
        match = re.fullmatch(r"([1-9]\d*)(us|ms|s|m|h|d|w|i|(?:mo|q|y)(?::end)?)", text)
        if match is None:
            raise InputError(
                f"frequency must be a step such as 15m, 1h, 1d, 1w, 1mo or 1mo:end, got {text!r}"
            )
        unit, _, end = match[2].partition(":")
        return cls(int(match[1]), unit, month_end=bool(end))

    def __str__(self) -> str:
        return f"{self.count}{self.unit}{':end' if self.month_end else ''}"

    def steps(self, times: np.ndarray) -> np.ndarray:
        """The place of each of ``times`` (T,) on the grid through the first, int64 (T,); -1 where it is off it.

        ``times`` are sorted datetime64[us], or int64 for the unit ``i``.
        """
        if self.unit in _MONTHS:
            months, rest = _months(times, self.month_end)
            step, remainder = np.divmod(months - months[0], self.count * _MONTHS[self.unit])
            remainder = remainder + (rest != rest[0])
        else:
            step, remainder = np.divmod((times - times[0]).astype(np.int64), self._fixed())
        return np.where(remainder == 0, step, -1)

    def after(self, start: np.datetime64 | np.int64, steps: np.ndarray) -> np.ndarray:
        """The times ``steps`` (n,) steps after ``start``, with the dtype of ``start``."""
        if self.unit in _MONTHS:
            months, rest = _months(np.asarray([start]), self.month_end)
            months = months + steps * self.count * _MONTHS[self.unit]
            return _month_starts(months + self.month_end) + rest
        if self.unit == "i":
            return np.asarray(start) + steps * self.count
        return np.asarray(start) + (steps * self._fixed()).astype("timedelta64[us]")

    def _fixed(self) -> int:
        return self.count * (1 if self.unit == "i" else _MICROSECONDS[self.unit])


def find_frequency(times: np.ndarray, name: str) -> Frequency:
    """The frequency of ``times`` (T,): the most common step, or months where the times share a day of the month.

    ``times`` are sorted without duplicates, datetime64[us] or int64, at least two. Raises InputError, which calls
    the times ``name`` and says where, if they do not all lie on that grid (rows may be absent from it).
    """
    if times.dtype.kind == "i":
        frequency = Frequency(int(_most_common(np.diff(times))), "i")
    elif np.median(np.diff(times)) >= _SHORTEST_MONTH and (calendar_step := _calendar(times)) is not None:
        frequency = calendar_step
    else:
        frequency = _fixed(int(_most_common(np.diff(times).astype(np.int64))))
    check_on_grid(times, frequency, name)
    return frequency


def check_on_grid(times: np.ndarray, frequency: Frequency, name: str) -> None:
    """Raise InputError, naming the first offender, unless every one of ``times`` is on the grid of the first."""
    # Measured from one time to the next, because the first time may itself be the one that is off.
    lengths = np.diff(times)
    for i in np.flatnonzero(frequency.steps(times) < 0)[:1]:
        raise InputError(
            f"{name} does not lie on one grid: the step is {frequency}, but {format_time(times[i])} comes "
            f"{_length(lengths[i - 1])} after {format_time(times[i - 1])}; correct that time, or resample the data"
        )


def future_times(last: np.datetime64 | np.int64 | int, frequency: str | None, horizon: int) -> np.ndarray:
    """The ``horizon`` times after ``last``: datetime64[us] (horizon,), or int64 for integers and row numbers."""
    steps = np.arange(1, horizon + 1, dtype=np.int64)
    if isinstance(last, np.datetime64):
        last = last.astype("datetime64[us]")
    return Frequency.parse(frequency or "1i").after(last, steps)  # pyright: ignore[reportArgumentType]


def season_length(frequency: str | None) -> int:
    """The steps in the season that people expect at ``frequency``: 24 hours, 7 days, 52 weeks; 1 if there is none."""
    return _SEASONS.get((frequency or "").removesuffix(":end"), 1)


def format_time(time: np.datetime64 | np.int64 | int) -> str:
    """A time for people: ``2016-07-01``, ``2016-07-01 05:00:00``, or the integer."""
    if not isinstance(time, np.datetime64):
        return str(time)
    text = str(time.astype("datetime64[us]")).replace("T", " ")
    return text.removesuffix(".000000").removesuffix(" 00:00:00")


def _fixed(microseconds: int) -> Frequency:
    unit = next(unit for unit, size in _MICROSECONDS.items() if microseconds % size == 0)
    return Frequency(microseconds // _MICROSECONDS[unit], unit)


def _length(step: np.timedelta64 | np.int64) -> str:
    return str(_fixed(int(step.astype(np.int64)))) if isinstance(step, np.timedelta64) else str(step)


def _calendar(times: np.ndarray) -> Frequency | None:
    """The calendar step of ``times`` if most of them share a day, or the last day, of their month."""
    for month_end in (True, False):
        months, rest = _months(times, month_end)
        common = _most_common(rest)
        days = common // np.timedelta64(1, "D")
        if np.mean(rest == common) > 0.5 and (days == -1 if month_end else days < 28):
            step = int(_most_common(np.diff(months[rest == common])))
            unit = next(unit for unit, size in _MONTHS.items() if step % size == 0)
            return Frequency(step // _MONTHS[unit], unit, month_end)
    return None


def _months(times: np.ndarray, month_end: bool) -> tuple[np.ndarray, np.ndarray]:
    """Months since 1970, int64 (T,), and the time since the month began (or, negative, until it ends)."""
    months = times.astype("datetime64[M]").astype(np.int64)
    return months, times - _month_starts(months + month_end)


def _month_starts(months: np.ndarray) -> np.ndarray:
    return months.astype("datetime64[M]").astype("datetime64[us]")


def _most_common(values: np.ndarray) -> np.generic:
    unique, counts = np.unique(values, return_counts=True)
    return unique[np.argmax(counts)]
