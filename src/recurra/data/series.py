"""A series: columns of numbers on one regular grid of times, with what was missing on the way there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.frequency import Frequency, check_on_grid, find_frequency, format_time

IMPUTATION_RULE = "linear"
_MOST_ROWS_PER_ROW_READ = 10


@dataclass(frozen=True)
class GapReport:
    """What had to be done to the rows that were read to make a series.

    ``missing`` counts, by column, the empty values of the rows that were read; ``rows_added`` the times that the
    grid has and the data had not, in ``gaps`` runs, the longest of which has ``longest_gap`` rows and begins at
    ``longest_gap_start``. ``rule`` names how all of them are imputed.
    """

    rows_read: int
    rows_added: int
    gaps: int
    longest_gap: int
    longest_gap_start: str
    missing: dict[str, int]
    was_unsorted: bool = False
    notes: tuple[str, ...] = ()
    rule: str = IMPUTATION_RULE

    def lines(self) -> list[str]:
        """The report as sentences for people."""
        lines = [*self.notes]
        if self.was_unsorted:
            lines.append("The rows were not in order of time; they were sorted.")
        if self.rows_added:
            lines.append(
                f"{_count(self.rows_added, 'row')} missing from the time index in {_count(self.gaps, 'gap')} "
                f"(the longest {_count(self.longest_gap, 'row')}, from {self.longest_gap_start}); added and imputed."
            )
        lines += [
            f"{name}: {missing} of {_count(self.rows_read, 'value')} missing; imputed."
            for name, missing in self.missing.items()
            if missing
        ]
        if self.rows_added or any(self.missing.values()):
            lines.append(
                "Imputed means: linear interpolation within each part, the nearest value at a part's ends, never a "
                "value from after a forecast's origin; an imputed target is never scored."
            )
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "rows_read": self.rows_read,
            "rows_added": self.rows_added,
            "gaps": self.gaps,
            "longest_gap": self.longest_gap,
            "longest_gap_start": self.longest_gap_start,
            "missing": dict(self.missing),
            "was_unsorted": self.was_unsorted,
            "notes": list(self.notes),
            "rule": self.rule,
        }


@dataclass(frozen=True)
class Series:
    """Columns of numbers on a regular grid of times.

    Attributes:
        time: (T,) datetime64[us] (UTC where the data had a time zone) or int64.
        time_name: the column that the times come from; None where rows are counted.
        frequency: the step of the grid, such as ``1h`` (see `recurra.data.frequency`); None where rows are counted.
        names: the C columns; the first is the target.
        values: (T, C) float64, NaN where nothing was observed, until `impute` fills it.
        observed: (T, C) bool, False where the data had no value.
        report: what was missing.
    """

    time: np.ndarray
    time_name: str | None
    frequency: str | None
    names: tuple[str, ...]
    values: np.ndarray
    observed: np.ndarray
    report: GapReport

    def __len__(self) -> int:
        return len(self.time)


def array_series(values: np.ndarray, names: Sequence[str]) -> Series:
    """A series that counts rows, from an array (T, C), or (T,) for one column, in the order of ``names``.

    Raises InputError if the shape does not fit, the array is empty or a value is infinite.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise InputError(f"the array must hold numbers, got dtype {array.dtype}")
    array = array.astype(np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != len(names):
        raise InputError(
            f"the array must have shape (rows, {len(names)}), a column each for {', '.join(names)}; "
            f"got {np.shape(values)}"
        )
    note = "The data is an array: its rows are counted."
    return grid_series(array, None, tuple(names), None, None, (note,), "the array")


def grid_series(
    values: np.ndarray,
    times: np.ndarray | None,
    names: tuple[str, ...],
    time_name: str | None,
    frequency: str | None,
    notes: tuple[str, ...],
    source: str,
) -> Series:
    """Sort the rows ``values`` (T, C) by ``times`` (T,), find their grid and add the rows that it lacks, as NaN.

    ``frequency`` None finds it. Raises InputError for no rows, infinite values, duplicate times, and times that do
    not lie on one grid or leave most of it empty. ``source`` names the data in messages.
    """
    if len(values) == 0:
        raise InputError(f"{source} has no rows")
    for row, column in np.argwhere(np.isinf(values))[:1]:
        raise InputError(
            f"column {names[column]!r} of {source} is infinite in data row {row + 1}; "
            "leave a value empty to have it imputed"
        )
    missing = {name: int(count) for name, count in zip(names, np.isnan(values).sum(axis=0))}
    if times is None:
        report = GapReport(len(values), 0, 0, 0, "", missing, notes=notes)
        return Series(np.arange(len(values)), None, None, names, values, ~np.isnan(values), report)

    label = f"time column {time_name!r} of {source}"
    order = np.argsort(times, kind="stable")
    was_unsorted = bool((np.diff(order) < 0).any())
    values, times = values[order], times[order]
    for i in np.flatnonzero(times[1:] == times[:-1])[:1]:
        raise InputError(
            f"{label} holds {format_time(times[i])} twice, in data rows {order[i] + 1} and {order[i + 1] + 1}; "
            "keep one row for each time"
        )
    if frequency is not None:
        step = _as_given(times, frequency, label)
    elif len(times) > 1:
        step = find_frequency(times, label)
    else:
        raise InputError(f"{source} has a single row; at least 2 are needed to find the step between times")

    places = step.steps(times)
    rows = int(places[-1]) + 1
    if rows > _MOST_ROWS_PER_ROW_READ * len(times):
        raise InputError(
            f"{label} has {len(times)} rows from {format_time(times[0])} to {format_time(times[-1])}, "
            f"but a step of {step} needs {rows}; correct the times, or resample the data"
        )
    grid = np.full((rows, len(names)), np.nan)
    grid[places] = values
    lengths = np.diff(places) - 1
    longest = int(np.argmax(lengths)) if len(lengths) else 0
    gaps = int((lengths > 0).sum())
    start = step.after(times[longest], np.asarray([1]))[0]
    report = GapReport(
        rows_read=len(values),
        rows_added=rows - len(values),
        gaps=gaps,
        longest_gap=int(lengths[longest]) if gaps else 0,
        longest_gap_start=format_time(start) if gaps else "",
        missing=missing,
        was_unsorted=was_unsorted,
        notes=notes,
    )
    time = step.after(times[0], np.arange(rows))
    return Series(time, time_name, str(step), names, grid, ~np.isnan(grid), report)


def impute(series: Series, parts: Sequence[slice]) -> Series:
    """Fill the missing values of ``series`` by the rule ``linear``, each of ``parts`` (in order of time) on its own.

    Inside a part, linear interpolation between the nearest observed values; at a part's ends, the nearest one of
    the part. A column without any value in a part carries the last value from before it. Rows of no part are
    filled from before only. Raises InputError where that leaves a column without a value in the first part.
    """
    values = series.values.copy()
    rows = np.arange(len(series))
    for column, name in enumerate(series.names):
        seen = series.observed[:, column]
        if not seen[parts[0]].any():
            first, stop = format_time(series.time[parts[0]][0]), format_time(series.time[parts[0]][-1])
            raise InputError(
                f"column {name!r} has no values from {first} to {stop}; leave it out, or fill it in"
            )
        last = np.maximum.accumulate(np.where(seen, rows, -1))
        carried = values[np.maximum(last, 0), column]
        filled = np.where(last >= 0, carried, values[np.argmax(seen), column])
        for part in parts:
            known = rows[part][seen[part]]
            if len(known):
                filled[part] = np.interp(rows[part], known, values[known, column])
        values[:, column] = np.where(seen, values[:, column], filled)
    return replace(series, values=values)


def _as_given(times: np.ndarray, frequency: str, label: str) -> Frequency:
    step = Frequency.parse(frequency)
    if (step.unit == "i") != (times.dtype.kind == "i"):
        got = "integers" if times.dtype.kind == "i" else "dates"
        raise InputError(
            f"{label} holds {got}, but the step is {frequency}; name the column that the model learnt on"
        )
    check_on_grid(times, step, label)
    return step


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
