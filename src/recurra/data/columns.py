"""Columns of a polars frame as arrays: numbers with NaN for what is missing, and times."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import nearest

if TYPE_CHECKING:
    import polars as pl

MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")
"""The spellings of a missing value in text."""

_NAMES_SHOWN = 20


def check_columns(frame: "pl.DataFrame", names: Sequence[str], source: str) -> None:
    """Raise InputError, with the columns that there are and the nearest name, unless ``frame`` has all ``names``."""
    for name in names:
        if name not in frame.columns:
            shown = ", ".join(frame.columns[:_NAMES_SHOWN])
            more = (
                f" and {len(frame.columns) - _NAMES_SHOWN} more" if len(frame.columns) > _NAMES_SHOWN else ""
            )
            raise InputError(
                f"{source} has no column {name!r}; its columns are {shown}{more}{nearest(name, frame.columns)}"
            )


def numbers(frame: "pl.DataFrame", name: str, source: str) -> np.ndarray:
    """The column ``name`` as float64 (T,), NaN where it is empty; raise InputError where it is not a number."""
    import polars as pl

    column = frame[name]
    if column.dtype == pl.Null:
        return np.full(len(column), np.nan)
    if isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum | pl.Object):
        column = _text(column)
        cast = column.cast(pl.Float64, strict=False)
        wrong = column.is_not_null() & cast.is_null()
        for row in wrong.arg_true()[:1]:
            raise InputError(
                f"column {name!r} of {source} is not numeric: data row {row + 1} holds {column[row]!r}; "
                "name a column of numbers, or leave the value empty to have it imputed"
            )
        column = cast
    elif not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise InputError(
            f"column {name!r} of {source} is not numeric: it holds {_kind(column)}; name a column of numbers"
        )
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()


def times(frame: "pl.DataFrame", name: str, source: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The column ``name`` as datetime64[us] or int64 (T,), and notes on what was done to it.

    Dates, datetimes, ISO text and integers are times. Times with a zone are converted to UTC, unless every one is
    midnight on its own clock: those are dates, and the zone is dropped. Raises InputError where a value is empty or
    cannot be read.
    """
    import polars as pl

    column = frame[name]
    label = f"time column {name!r} of {source}"
    if isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum | pl.Object):
        column = _text(column)
    empty = column.is_null() if not column.dtype.is_float() else column.is_null() | column.is_nan()
    for row in empty.arg_true()[:1]:
        raise InputError(f"{label} is empty in data row {row + 1}; every row needs a time")
    if column.dtype.is_integer():
        return column.cast(pl.Int64).to_numpy(), ()
    if column.dtype.is_float() and (column == column.round()).all():
        return column.cast(pl.Int64).to_numpy(), ()
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us")).to_numpy(), ()
    if isinstance(column.dtype, pl.Datetime):
        column = column.cast(pl.Datetime("us", column.dtype.time_zone))
        if column.dtype.time_zone is None:  # pyright: ignore[reportAttributeAccessIssue]
            return column.to_numpy(), ()
        clock = column.dt.replace_time_zone(None).to_numpy()
        return _without_zone(
            clock, column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy(), name
        )
    if column.dtype != pl.String:
        raise InputError(f"{label} holds {_kind(column)}; times are dates, datetimes, ISO text or integers")
    return _read_times(column.to_list(), name, label)


def find_time(frame: "pl.DataFrame", columns: Sequence[str]) -> tuple[str | None, str]:
    """The only column beside ``columns`` that holds dates or datetimes, or None; and a note that says so."""
    import polars as pl

    found = [
        column.name
        for column in frame.get_columns()
        if column.name not in columns
        and (
            isinstance(column.dtype, pl.Date | pl.Datetime)
            or (column.dtype == pl.String and all(_read_time(text) for text in column))
        )
        and len(column)
    ]
    if len(found) == 1:
        return found[
            0
        ], f"No time column was named; {found[0]!r} is the only one that holds dates and is used."
    if found:
        names = ", ".join(repr(name) for name in found)
        return None, f"No time column was named and several hold dates ({names}); rows are counted instead."
    return None, "No time column was named and none holds dates; rows are counted."


def _text(column: "pl.Series") -> "pl.Series":
    """The column as text without outer spaces, null where it is missing."""
    import polars as pl

    text = column.cast(pl.String).str.strip_chars()
    return text.set(text.is_in(MISSING_VALUES), None)


def _kind(column: "pl.Series") -> str:
    if column.dtype.is_temporal():
        return "dates or times"
    return f"values of type {column.dtype}"


def _read_times(texts: list[str], name: str, label: str) -> tuple[np.ndarray, tuple[str, ...]]:
    parsed = [_read_time(text) for text in texts]
    for row, (text, time) in enumerate(zip(texts, parsed)):
        if time is None:
            raise InputError(
                f"{label}: data row {row + 1} holds {text!r}, "
                "which is not an ISO date or time such as 2016-12-31 or 2016-12-31 18:00"
            )
        if (time.tzinfo is None) != (parsed[0].tzinfo is None):
            raise InputError(
                f"{label}: data row {row + 1} holds {text!r} and data row 1 {texts[0]!r}; "
                "give every time a zone, or none"
            )
    clock = np.asarray([time.replace(tzinfo=None) for time in parsed], dtype="datetime64[us]")
    if not parsed or parsed[0].tzinfo is None:
        return clock, ()
    utc = np.asarray(
        [time.astimezone(dt.UTC).replace(tzinfo=None) for time in parsed], dtype="datetime64[us]"
    )
    return _without_zone(clock, utc, name)


def _read_time(text: str | None) -> dt.datetime | None:
    """ISO 8601 dates and times, and ``2016-12`` for a month; None for anything else."""
    text = (text or "").strip()
    try:
        return dt.datetime.fromisoformat(f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else text)
    except ValueError:
        return None


def _without_zone(clock: np.ndarray, utc: np.ndarray, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    if (clock == clock.astype("datetime64[D]")).all():
        return clock, (f"The times in {name!r} are midnights of a time zone: they are taken as dates.",)
    return utc, (f"The times in {name!r} have a time zone: they were converted to UTC.",)
