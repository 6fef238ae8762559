"""A series: columns of numbers on one regular grid of times, and what was missing on the way there."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data.frequency import Frequency, check_on_grid, find_frequency, format_time

IMPUTATION_RULE = "linear"

_MOST_ROWS_PER_ROW_READ = 10
_LARGEST = 1e150  # scores and scales square a number


@dataclass(frozen=True)
class GapReport:
    """What had to be done to the rows that were read to make a series of them.

    Attributes:
        rows_read: rows of the data.
        rows_added: times that the grid has and the data had not.
        gaps: runs of added rows.
        longest_gap, longest_gap_start: rows of the longest run, and its first time; 0 and "" without gaps.
        missing: by column, the empty values of the rows that were read.
        was_unsorted: whether the rows had to be sorted by time.
        notes: what else was done, in sentences.
        rule: how whatever is missing is imputed, see `impute`.
    """

    rows_read: int
    rows_added: int
    gaps: int
    longest_gap: int
    longest_gap_start: str
    missing: dict[str, int]
    was_unsorted: bool
    notes: tuple[str, ...]
    rule: str = IMPUTATION_RULE

    def lines(self) -> list[str]:
        """The report as sentences for people; none if nothing had to be done."""
        lines = [*self.notes]
        if self.was_unsorted:
            lines.append("The rows were not in order of time; they were sorted.")
        if self.rows_added:
            longest = f"{count(self.longest_gap, 'row')} from {self.longest_gap_start}"
            lines.append(
                f"The time index lacked {count(self.rows_added, 'row')} in {count(self.gaps, 'gap')} "
                f"(longest: {longest}); added as missing."
            )
        for name, missing in self.missing.items():
            if missing:
                lines.append(f"{name}: {missing:,} of {count(self.rows_read, 'value')} missing.")
        if self.rows_added or any(self.missing.values()):
            lines.append(
                f"Missing values are imputed (rule: {self.rule}, within each part, and never from after the "
                "origin of a forecast); imputed targets are not scored."
            )
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "notes": list(self.notes)}


@dataclass(frozen=True)
class Series:
    """Columns of numbers on a regular grid of times.

    Attributes:
        time: (T,) datetime64[us]; or int64, counted from 1 where rows are counted.
        time_name: the column that the times come from; None where rows are counted.
        frequency: the step of the grid, as in `recurra.data.frequency`; None where rows are counted.
        names: of the C columns; the first is the target.
        values: (T, C) float64, NaN where nothing was observed, until `impute` fills it.
        observed: (T, C) bool.
        report: what was missing.
        utc: whether ``time`` is UTC, because the data had a time zone.
    """

    time: np.ndarray
    time_name: str | None
    frequency: str | None
    names: tuple[str, ...]
    values: np.ndarray
    observed: np.ndarray
    report: GapReport
    utc: bool = False

    def __len__(self) -> int:
        return len(self.time)


def array_series(values: np.ndarray, names: Sequence[str]) -> Series:
    """A series that counts rows, of an array (T, C), or (T,) for one column, in the order of ``names``.

    NaN is missing. Raises InputError if the shape does not fit or a value is infinite.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise InputError(f"the array must hold numbers, got dtype {array.dtype}")
    array = array.astype(np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != len(names):
        raise InputError(
            f"the array must have shape (rows, {len(names)}), a column for each of {', '.join(names)}; "
            f"got {np.shape(values)}"
        )
    notes = ("The data is an array; its rows were counted from 1.",)
    return grid_series(array, None, names, time_name=None, frequency=None, notes=notes, source="the array")


def grid_series(
    values: np.ndarray,
    times: np.ndarray | None,
    names: Sequence[str],
    *,
    time_name: str | None,
    frequency: str | None,
    notes: tuple[str, ...],
    source: str,
    utc: bool = False,
) -> Series:
    """Sort the rows ``values`` (T, C) by ``times`` (T,) and add, as NaN, those that their grid has more.

    Args:
        values: one column for each of ``names``, NaN where missing.
        times: datetime64[us] or int64, in any order; None to count rows.
        names: of the columns.
        time_name: of the column that the times come from.
        frequency: the step where it is known, None to find it.
        notes: for the report.
        source: what messages call the data.
        utc: whether ``times`` are UTC, because the data had a time zone.

    Raises:
        InputError: there are no rows, a value is infinite or beyond 1e150, a time comes twice, or the times
            do not lie on one grid or leave most of it empty.
    """
    if len(values) == 0:
        raise InputError(f"{source} has no rows")
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, column = infinite[0]
        raise InputError(
            f"column {names[column]!r} of {source} is infinite in data row {row + 1}; "
            "leave the value empty to have it imputed"
        )
    too_large = np.argwhere(np.abs(values) > _LARGEST)
    if len(too_large):
        row, column = too_large[0]
        raise InputError(
            f"column {names[column]!r} of {source} holds {values[row, column]:g} in data row {row + 1}, too "
            f"large to compute with; give it in a larger unit, so that values stay below {_LARGEST:g}"
        )
    missing = {name: int(count) for name, count in zip(names, np.isnan(values).sum(axis=0))}
    if times is None:
        report = GapReport(len(values), 0, 0, 0, "", missing, was_unsorted=False, notes=notes)
        rows = np.arange(1, len(values) + 1)
        return Series(rows, None, None, tuple(names), values, ~np.isnan(values), report)

    label = f"time column {time_name!r} of {source}"
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    twice = np.flatnonzero(times[1:] == times[:-1])
    if len(twice):
        rows = order[twice[0]] + 1, order[twice[0] + 1] + 1
        raise InputError(
            f"{label} holds {format_time(times[twice[0]])} twice, in data rows {rows[0]} and {rows[1]}; "
            "keep one row for each time"
        )
    step = _known(times, frequency, label) if frequency is not None else _found(times, label)
    places = step.steps(times)
    length = int(places[-1]) + 1
    if length > _MOST_ROWS_PER_ROW_READ * len(times):
        raise InputError(
            f"{label} has {count(len(times), 'row')} from {format_time(times[0])} to "
            f"{format_time(times[-1])}, where a step of {step} makes {length:,}; "
            "correct the times, or resample the data"
        )
    grid = np.full((length, len(names)), np.nan)
    grid[places] = values
    lacking = np.diff(places) - 1
    longest = int(np.argmax(lacking)) if len(lacking) else 0
    gaps = int((lacking > 0).sum())
    report = GapReport(
        rows_read=len(values),
        rows_added=length - len(values),
        gaps=gaps,
        longest_gap=int(lacking[longest]) if gaps else 0,
        longest_gap_start=format_time(step.after(times[longest], np.asarray([1]))[0]) if gaps else "",
        missing=missing,
        was_unsorted=bool((np.diff(order) < 0).any()),
        notes=notes,
    )
    time = step.after(times[0], np.arange(length))
    return Series(time, time_name, str(step), tuple(names), grid, ~np.isnan(grid), report, utc)


def impute(series: Series, parts: Sequence[slice]) -> Series:
    """Fill what is missing by the rule ``linear``, each of ``parts``, in order of time, on its own.

    Inside a part, linear interpolation between the nearest observed values; at its ends, its nearest
    value; where it has none at all, and in rows of no part, the last value from before. So nothing comes
    from a later part. Within a part, windows see to it that nothing comes from after a forecast's origin.
    Raises InputError if a column has no value in the first part.
    """
    values = series.values.copy()
    rows = np.arange(len(series))
    for column, name in enumerate(series.names):
        seen = series.observed[:, column]
        if not seen[parts[0]].any():
            first, last = format_time(series.time[parts[0]][0]), format_time(series.time[parts[0]][-1])
            raise InputError(
                f"column {name!r} has no values from {first} to {last}; fill it in, or leave it out"
            )
        last_seen = np.maximum.accumulate(np.where(seen, rows, np.argmax(seen)))
        filled = values[last_seen, column]
        for part in parts:
            known = rows[part][seen[part]]
            if len(known):
                filled[part] = np.interp(rows[part], known, values[known, column])
        values[:, column] = np.where(seen, values[:, column], filled)
    return replace(series, values=values)


def _found(times: np.ndarray, label: str) -> Frequency:
    if len(times) < 2:
        raise InputError(f"{label} has a single row; at least 2 are needed to find the step")
    return find_frequency(times, label)


def _known(times: np.ndarray, frequency: str, label: str) -> Frequency:
    step = Frequency.parse(frequency)
    if (step.unit == "i") != (times.dtype.kind == "i"):
        found = "integers" if times.dtype.kind == "i" else "dates"
        expected = "integers" if step.unit == "i" else "dates"
        raise InputError(
            f"{label} holds {found}, but steps of {frequency} need {expected}; name another column"
        )
    check_on_grid(times, step, label)
    return step
