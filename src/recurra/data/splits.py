"""Splits in time: training, validation and test parts, one after the other."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.frequency import format_time

Share = float | int | str | dt.date | np.datetime64
"""A part's size: a fraction of the rows, a number of rows, or the first day of the part."""

_PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """The rows of each part, and how many rows before training and after the test part are in none."""

    train: slice
    validation: slice
    test: slice
    unused: int = 0
    unused_before: int = 0

    @property
    def parts(self) -> tuple[slice, slice, slice]:
        """Training, validation and test, in order of time."""
        return self.train, self.validation, self.test

    def to_dict(self, time: np.ndarray) -> dict[str, Any]:
        """Plain JSON values: rows, first and last time of each part on the series' ``time`` (T,)."""
        parts = {
            name: {
                "rows": part.stop - part.start,
                "first": format_time(time[part.start]),
                "last": format_time(time[part.stop - 1]),
            }
            for name, part in zip(_PARTS, self.parts)
        }
        return {**parts, "unused": self.unused, "unused_before": self.unused_before}


def parse_share(name: str, value: Share) -> float | int | np.datetime64:
    """Read a part's size: ``0.7`` a fraction, ``8640`` rows, ``2017-07-01`` its first day (also as typed values).

    Raises InputError for anything else, and for sizes that are not above zero.
    """
    wanted = f"{name} must be a fraction such as 0.7, a number of rows or a date such as 2017-07-01"
    parsed: Any = value
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"[+-]?\d+", text):
            parsed = int(text)
        elif re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+)", text):
            parsed = float(text)
        else:
            try:
                parsed = dt.datetime.fromisoformat(text)
            except ValueError:
                raise InputError(f"{wanted}, got {value!r}") from None
    if isinstance(parsed, dt.datetime) and parsed.tzinfo is not None:
        parsed = parsed.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(parsed, dt.date | np.datetime64):
        return np.datetime64(parsed, "us")
    if isinstance(parsed, bool) or not isinstance(parsed, int | float | np.integer | np.floating):
        raise InputError(f"{wanted}, got {value!r}")
    if isinstance(parsed, int | np.integer):
        if parsed < 1:
            raise InputError(f"{name} must be at least 1 row, got {value!r}")
        return int(parsed)
    if not 0 < parsed < 1:
        raise InputError(
            f"{name} must be a fraction between 0 and 1 (rows are given without a point), got {value!r}"
        )
    return float(parsed)


def split_rows(time: np.ndarray, *, train: Share = 0.7, validation: Share = 0.1, test: Share = 0.2) -> Split:
    """Split the rows of ``time`` (T,) into consecutive parts.

    Sizes alone are laid from the first row on; what is left after the test part is unused. A date fixes where its
    part begins. The part before it ends there: row counts are then laid backwards from the date and fractions share
    the rest in proportion. Sizes after the last date are laid backwards from the end. Raises InputError if the
    parts do not fit.
    """
    shares = [parse_share(name, share) for name, share in zip(_PARTS, (train, validation, test))]
    rows = len(time)
    starts = {
        i: _row_of(time, _PARTS[i], share)
        for i, share in enumerate(shares)
        if isinstance(share, np.datetime64)
    }
    if not starts:
        return _sizes_only(shares, rows)

    bounds: list[tuple[int, int]] = [(0, 0)] * 3
    edges = [*([0] if 0 not in starts else []), *starts]
    for first, following in zip(edges, [*edges[1:], 3]):
        start = starts.get(first, 0)
        stop = starts[following] if following < 3 else rows
        if stop <= start:
            raise InputError(
                f"{_PARTS[following]} begins at {format_time(time[stop])}, not after {_PARTS[first]} "
                f"at {format_time(time[start])}; the parts follow one another"
            )
        _lay_between(bounds, shares, first, following, start, stop, rows)
    slices = [slice(*bound) for bound in bounds]
    return Split(*slices, unused=rows - slices[2].stop, unused_before=slices[0].start)


def _sizes_only(shares: list[Any], rows: int) -> Split:
    ends, position = [], 0.0
    for share in shares:
        position += share * rows if isinstance(share, float) else share
        ends.append(round(position))
    if ends[2] > rows:
        asked = ", ".join(f"{name} {share}" for name, share in zip(_PARTS, shares))
        raise InputError(f"the parts need {ends[2]} rows ({asked}), but the data has {rows}")
    for name, share, start, stop in zip(_PARTS, shares, [0, *ends], ends):
        _check_not_empty(name, share, stop - start, rows)
    return Split(slice(0, ends[0]), slice(ends[0], ends[1]), slice(ends[1], ends[2]), unused=rows - ends[2])


def _lay_between(
    bounds: list[tuple[int, int]],
    shares: list[Any],
    first: int,
    following: int,
    start: int,
    stop: int,
    rows: int,
) -> None:
    """Fill ``bounds[first:following]`` with the parts that lie in rows ``start`` to ``stop``, the last one ending there.

    A part with a date, which can only be the first, takes what the others leave; without one the fractions do.
    """
    parts = range(first, following)
    dated = isinstance(shares[first], np.datetime64)
    counts = {i: shares[i] for i in parts if isinstance(shares[i], int)}
    fractions = {i: shares[i] for i in parts if isinstance(shares[i], float)}
    rest = stop - start - sum(counts.values())
    if dated:
        sizes = {**counts, **{i: round(share * rows) for i, share in fractions.items()}}
        sizes[first] = stop - start - sum(sizes.values())
    else:
        total, taken, given = sum(fractions.values()), 0.0, 0
        sizes = dict(counts)
        for i, share in fractions.items():
            taken += rest * share / total
            sizes[i] = round(taken) - given
            given = round(taken)
    if rest < 0 or any(sizes[i] < 1 for i in parts):
        names = " and ".join(_PARTS[i] for i in parts)
        end = "the end of the data" if following == 3 else f"the first day of {_PARTS[following]}"
        raise InputError(f"{names} do not fit in the {stop - start} rows before {end}")
    end = stop
    for i in reversed(parts):
        bounds[i] = (end - sizes[i], end)
        end -= sizes[i]


def _row_of(time: np.ndarray, name: str, date: np.datetime64) -> int:
    """The first row on or after ``date``."""
    if time.dtype.kind != "M":
        raise InputError(
            f"{name} is a date, {format_time(date)}, but the data has no column of dates; give rows"
        )
    row = int(np.searchsorted(time, date))
    if row == len(time) or date < time[0].astype("datetime64[D]"):
        raise InputError(
            f"{name} begins at {format_time(date)}, outside the data, "
            f"which runs from {format_time(time[0])} to {format_time(time[-1])}"
        )
    return row


def _check_not_empty(name: str, share: Any, size: int, rows: int) -> None:
    if size < 1:
        raise InputError(f"{name} {share} leaves no row of the {rows} in the data; give it a larger share")
