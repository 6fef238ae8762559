"""Columns of a polars frame as arrays: numbers, with NaN for what is missing, and times."""

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
"""How text spells a missing value."""

_NAMES_SHOWN = 20
_VALUES_TRIED = 1000

# What is a date to its author, though not to `times`: 31.12.2016, 12/31/16, 2016/12/31.
_DATE = re.compile(r"(\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2}))(?=$|[ T,])")
_DATE_NAME = re.compile(r"(^|[^a-z])(date|time|datetime|timestamp)([^a-z]|$)")


def check_columns(frame: "pl.DataFrame", names: Sequence[str], source: str) -> None:
    """Raise InputError, with the columns that there are, unless ``frame`` has all of ``names``."""
    for name in names:
        if name not in frame.columns:
            shown = ", ".join(frame.columns[:_NAMES_SHOWN])
            more = len(frame.columns) - _NAMES_SHOWN
            raise InputError(
                f"{source} has no column {name!r}; its columns are {shown}"
                f"{f' and {more} more' if more > 0 else ''}{nearest(name, frame.columns)}"
            )


def numbers(frame: "pl.DataFrame", name: str, source: str) -> np.ndarray:
    """The column ``name`` as float64 (T,), NaN where it is empty.

    Raises InputError where it holds something else than a number.
    """
    import polars as pl

    column = _plain(frame[name])
    if column.dtype == pl.String:
        cast = column.cast(pl.Float64, strict=False)
        wrong = (column.is_not_null() & cast.is_null()).arg_true()
        if len(wrong):
            row = wrong[0]
            raise InputError(
                f"column {name!r} of {source} is not numeric: data row {row + 1} holds {column[row]!r}; "
                "name a column of numbers, or leave the value empty to have it imputed"
            )
        column = cast
    elif not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        raise InputError(
            f"column {name!r} of {source} is not numeric: it holds {_kind(column)}; name a column of numbers"
        )
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()


def times(frame: "pl.DataFrame", name: str, source: str) -> tuple[np.ndarray, bool, tuple[str, ...]]:
    """The column ``name`` as datetime64[us] or int64 (T,), whether that is UTC, and notes.

    Dates, datetimes, ISO text and integers are times. Times with a zone are converted to UTC, unless
    every one of them is midnight on its own clock: those are dates, and the zone is dropped. Raises
    InputError where a value is empty or cannot be read.
    """
    import polars as pl

    column = _plain(frame[name])
    label = f"time column {name!r} of {source}"
    empty = (column.is_null() | column.is_nan() if column.dtype.is_float() else column.is_null()).arg_true()
    if len(empty):
        raise InputError(f"{label} is empty in data row {empty[0] + 1}; every row needs a time")
    # pandas turns integers into floats as soon as it has joined or filled a frame.
    if column.dtype.is_integer() or (column.dtype.is_float() and (column == column.floor()).all()):
        return column.cast(pl.Int64).to_numpy(), False, ()
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us")).to_numpy(), False, ()
    if isinstance(column.dtype, pl.Datetime):
        clock = column.dt.replace_time_zone(None).cast(pl.Datetime("us")).to_numpy()
        if column.dtype.time_zone is None:
            return clock, False, ()
        utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Datetime("us"))
        return _without_zone(clock, utc.to_numpy(), name)
    if column.dtype == pl.String:
        return _read_times(column.to_list(), name, label)
    raise InputError(f"{label} holds {_kind(column)}; times are dates, datetimes, ISO text or integers")


def find_time(frame: "pl.DataFrame", columns: Sequence[str]) -> tuple[str | None, str]:
    """The only column beside ``columns`` that holds dates, or None; and a note that says so.

    A column of text holds dates if most of its values look like some; where no column does, one that is
    called like dates is taken to. So a wrong value or format is reported by whoever reads the column, and
    does not quietly turn times into row numbers.
    """
    others = [column for column in frame.get_columns() if column.name not in columns]
    found = [column.name for column in others if _holds_dates(column)]
    found = found or [column.name for column in others if _is_called_like_dates(column)]
    if len(found) == 1:
        return found[0], f"No time column was named; {found[0]!r} is the only one with dates and was used."
    if found:
        names = ", ".join(repr(name) for name in found)
        return None, f"No time column was named and several hold dates ({names}); rows were counted from 1."
    return None, "No time column was named and none holds dates; rows were counted from 1."


def _holds_dates(column: "pl.Series") -> bool:
    import polars as pl

    if isinstance(column.dtype, pl.Date | pl.Datetime):
        return True
    texts = _some_texts(column)
    return 2 * sum(bool(_read_time(text) or _DATE.match(text)) for text in texts) > len(texts)


def _is_called_like_dates(column: "pl.Series") -> bool:
    """Whether a column of text has the name of one with dates, and digits in most values."""
    texts = _some_texts(column)
    digits = sum(any(map(str.isdigit, text)) for text in texts)
    return bool(_DATE_NAME.search(column.name.lower())) and 2 * digits > len(texts)


def _some_texts(column: "pl.Series") -> list[str]:
    """Values of a column of text, evenly spread if there are many; none of any other column."""
    import polars as pl

    texts = _plain(column)
    if texts.dtype != pl.String:
        return []
    texts = texts.drop_nulls()
    return texts.gather_every(len(texts) // _VALUES_TRIED + 1).to_list()


def _plain(column: "pl.Series") -> "pl.Series":
    """Text of every kind as strings without outer spaces, null where missing; other columns as they are."""
    import polars as pl

    if not isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum):
        return column
    text = column.cast(pl.String).str.strip_chars()
    return text.set(text.is_in(MISSING_VALUES), None)


def _kind(column: "pl.Series") -> str:
    return "dates or times" if column.dtype.is_temporal() else f"values of type {column.dtype}"


def _read_times(texts: list[str], name: str, label: str) -> tuple[np.ndarray, bool, tuple[str, ...]]:
    parsed: list[dt.datetime] = []
    for row, text in enumerate(texts):
        time = _read_time(text)
        if time is None:
            raise InputError(
                f"{label} holds {text!r} in data row {row + 1}, "
                "which is not an ISO date or time such as 2016-12-31 or 2016-12-31 18:00"
            )
        parsed.append(time)
        if (time.tzinfo is None) != (parsed[0].tzinfo is None):
            raise InputError(
                f"{label} holds {texts[0]!r} in data row 1 and {text!r} in data row {row + 1}; "
                "give every time a zone, or none"
            )
    clock = np.asarray([time.replace(tzinfo=None) for time in parsed], dtype="datetime64[us]")
    if not parsed or parsed[0].tzinfo is None:
        return clock, False, ()
    utc = [time.astimezone(dt.UTC).replace(tzinfo=None) for time in parsed]
    return _without_zone(clock, np.asarray(utc, dtype="datetime64[us]"), name)


def _read_time(text: str) -> dt.datetime | None:
    """ISO 8601 dates and times, and ``2016-12`` for a month; None for anything else."""
    text = text.strip()
    try:
        return dt.datetime.fromisoformat(f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else text)
    except ValueError:
        return None


def _without_zone(clock: np.ndarray, utc: np.ndarray, name: str) -> tuple[np.ndarray, bool, tuple[str, ...]]:
    if (clock == clock.astype("datetime64[D]")).all():
        return (
            clock,
            False,
            (f"The times in {name!r} are midnights of a time zone; they were taken as dates.",),
        )
    return utc, True, (f"The times in {name!r} have a time zone; all times are given in UTC.",)
