"""Splits in time: a training, a validation and a test part, one after the other."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.frequency import format_time

Share = float | int | str | dt.date | np.datetime64
"""The size of a part: a fraction of the rows, a number of rows, or the first day of the part."""

_PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """The rows of each part, and how many are in none: after the test part, and before training."""

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
        """Plain JSON values: rows, first and last time of each part, by the series' ``time`` (T,)."""
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
    """Read the size of the part ``name``: a fraction, rows or a first day, typed or as text.

    In text ``0.7`` is a fraction, ``8640`` rows and ``2017-07-01`` a day. Raises InputError for anything
    else, for fractions outside (0, 1) and for less than one row.
    """
    parsed: Any = _from_text(value) if isinstance(value, str) else value
    if isinstance(parsed, dt.datetime) and parsed.tzinfo is not None:
        parsed = parsed.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(parsed, dt.date | np.datetime64) and not np.isnat(day := np.datetime64(parsed, "us")):  # type: ignore[call-overload]
        return day
    if isinstance(parsed, int | np.integer) and not isinstance(parsed, bool):
        if parsed < 1:
            raise InputError(f"{name} must be at least 1 row, got {value}")
        return int(parsed)
    if isinstance(parsed, float | np.floating):
        if not 0 < parsed < 1:
            raise InputError(f"{name} must lie between 0 and 1 (a number of rows has no point), got {value}")
        return float(parsed)
    raise InputError(
        f"{name} must be a fraction such as 0.7, a number of rows or a date such as 2017-07-01, got {value!r}"
    )


def split_rows(time: np.ndarray, *, train: Share = 0.7, validation: Share = 0.1, test: Share = 0.2) -> Split:
    """Split the rows of ``time`` (T,), in order, into consecutive parts.

    Sizes are laid from the first row on, and what is left after the test part is unused. A date is where
    its part begins and the part before it ends; then sizes before the first date are laid backwards from
    it, fractions sharing in proportion what row counts leave, and sizes after a date are laid backwards
    from the next date or the end. Raises InputError if that leaves a part without rows.
    """
    shares = [parse_share(name, share) for name, share in zip(_PARTS, (train, validation, test))]
    dates = {i: _row_of(time, _PARTS[i], share) for i, share in enumerate(shares) if not _is_size(share)}
    firsts = sorted({0, *dates})
    bounds: list[slice] = []
    for first, following in zip(firsts, [*firsts[1:], len(_PARTS)]):
        start, stop = dates.get(first, 0), dates.get(following, len(time))
        if stop <= start:
            raise InputError(
                f"{_PARTS[following]} begins at {format_time(time[stop])}, which is not after "
                f"{format_time(time[start])}, where {_PARTS[first]} begins; the parts follow one another"
            )
        sizes = _sizes(shares[first:following], stop - start, len(time), ends_at_date=following in dates)
        place = f"from {format_time(time[start])} to {format_time(time[stop - 1])}"
        _check_sizes(_PARTS[first:following], shares[first:following], sizes, stop - start, place)
        begin = stop - sum(sizes) if dates else start
        for size in sizes:
            bounds.append(slice(begin, begin + size))
            begin += size
    return Split(*bounds, unused=len(time) - bounds[2].stop, unused_before=bounds[0].start)


def _from_text(text: str) -> Any:
    text = text.strip()
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+)", text):
        return float(text)
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _is_size(share: Any) -> bool:
    return not isinstance(share, np.datetime64)


def _sizes(shares: Sequence[Any], length: int, rows: int, *, ends_at_date: bool) -> list[int]:
    """Rows of the parts that lie in one stretch of ``length``; only the first can have a date."""
    dated = not _is_size(shares[0])
    counts = sum(share for share in shares if isinstance(share, int))
    fractions = sum(share for share in shares if isinstance(share, float))
    whole = (length - counts) / fractions if ends_at_date and not dated and fractions else rows
    fractions_end = np.cumsum([share * whole for share in shares if isinstance(share, float)])
    rounded = iter(np.diff(np.round(fractions_end), prepend=0).astype(int).tolist())
    sizes = [share if isinstance(share, int) else next(rounded) for share in shares[dated:]]
    return [length - sum(sizes), *sizes] if dated else sizes


def _check_sizes(
    names: Sequence[str], shares: Sequence[Any], sizes: Sequence[int], length: int, place: str
) -> None:
    asked = " and ".join(f"{name} {share}" for name, share in zip(names, shares) if _is_size(share))
    if sum(sizes) > length:
        raise InputError(f"{asked} need {sum(sizes)} rows, but there are {length}, {place}")
    for name, size in zip(names, sizes):
        if size < 1:
            raise InputError(f"{asked} leave no row for {name} of the {length}, {place}")


def _row_of(time: np.ndarray, name: str, date: Any) -> int:
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
