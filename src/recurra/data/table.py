"""Reading tables: CSV, TSV and Parquet files through polars, data frames of any library by narwhals."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra._base.validation import nearest
from recurra._base.wording import count
from recurra.data.columns import MISSING_VALUES, check_columns, find_time, numbers, times
from recurra.data.series import Series, array_series, grid_series

if TYPE_CHECKING:
    import polars as pl

_TEXT = (".csv", ".tsv", ".txt")
_PARQUET = ".parquet"
_SEPARATORS = (",", ";", "\t")


def read_series(
    source: Any,
    *,
    columns: Sequence[str],
    time: str | None = None,
    detect_time: bool = True,
    frequency: str | None = None,
) -> Series:
    """Read ``columns`` (the target first) of a file, a data frame, or an array (T, C) in their order.

    See `read_table` for what can be read, `to_series` for the other arguments and the errors.
    """
    if isinstance(source, np.ndarray):
        return array_series(source, columns)
    name = str(source) if isinstance(source, str | Path) else "the data"
    return to_series(
        read_table(source),
        columns=columns,
        time=time,
        detect_time=detect_time,
        frequency=frequency,
        source=name,
    )


def to_series(
    frame: "pl.DataFrame",
    *,
    columns: Sequence[str],
    time: str | None = None,
    detect_time: bool = True,
    frequency: str | None = None,
    source: str = "the data",
) -> Series:
    """A regular series of some columns, with a row for every step of its frequency.

    Args:
        frame: what `read_table` returns.
        columns: to keep, the target first; all numeric.
        time: the column of times; None to detect it or count rows.
        detect_time: without ``time``, use the column of dates if there is exactly one; the report says so.
        frequency: the step where it is known, as a model knows it; None to find it.
        source: what messages call the data.

    Raises:
        InputError: a column is missing or not numeric; a time is unreadable, comes twice or is off the grid.
    """
    named = [*columns, *([time] if time is not None else [])]
    for name in named:
        if named.count(name) > 1:
            raise InputError(
                f"column {name!r} is named twice; target, past and time must be different columns"
            )
    check_columns(frame, named, source)
    notes: tuple[str, ...] = ()
    if time is None and detect_time:
        time, note = find_time(frame, columns)
        notes = (note,)
    values = np.column_stack([numbers(frame, name, source) for name in columns])
    when, utc = None, False
    if time is not None:
        when, utc, more = times(frame, time, source)
        notes += more
    return grid_series(
        values,
        when,
        columns,
        time_name=time,
        frequency=frequency if time else None,
        utc=utc,
        notes=notes,
        source=source,
    )


def read_table(source: Any) -> "pl.DataFrame":
    """Read a file (.csv, .tsv, .txt, .parquet) or a data frame of any library, all of it.

    Text is UTF-8 with commas, semicolons or tabs between the values, decimal points and column names in
    the first line; nothing, NA, NaN and null are missing values. The dates of a pandas index become a
    column. Raises InputError for what cannot be read, MissingExtraError without polars or narwhals.
    """
    try:
        import narwhals
        import polars as pl
    except ImportError as error:
        raise MissingExtraError.of(error.name or "polars", "data") from error
    if isinstance(source, str | Path):
        frame = _read_file(Path(source))
    elif isinstance(source, pl.DataFrame):
        frame = source
    else:
        try:
            wrapped = narwhals.from_native(source)
        except TypeError as error:
            found = type(source).__name__
            raise InputError(f"the data must be a path, a data frame or an array, got {found}") from error
        except narwhals.exceptions.DuplicateError:
            _check_names(getattr(source, "column_names", None) or source.columns, "the data")
            raise
        frame = _to_polars(wrapped.collect() if isinstance(wrapped, narwhals.LazyFrame) else wrapped)
    if frame.height == 0:
        name = source if isinstance(source, str | Path) else "the data"
        raise InputError(f"{name} has no rows; it needs a row of values for each time")
    return frame


def _read_file(path: Path) -> "pl.DataFrame":
    import polars as pl

    suffix = path.suffix.lower()
    if not path.exists():
        siblings = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(f"{path} does not exist{nearest(path.name, siblings)}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
    if suffix not in (*_TEXT, _PARQUET):
        raise InputError(f"{path} must end in {', '.join(_TEXT)} or {_PARQUET}; save the data as one of them")
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        if not content.strip():
            raise InputError(f"{path} is empty; it needs a line of column names and rows of values")
        return pl.read_parquet(content) if suffix == _PARQUET else _read_text(path, content)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        kind = "Parquet file" if suffix == _PARQUET else "table of text"
        raise InputError(f"{path} is not a {kind} that can be read: {str(error).splitlines()[0]}") from error


def separator_of(path: Path, first: str) -> str:
    """What stands between the values of a file with that ``first`` line."""
    unquoted = re.sub(r'"[^"]*"', "", first)
    if path.suffix.lower() == ".tsv" and "\t" in unquoted:
        return "\t"
    return max(_SEPARATORS, key=unquoted.count)


def _read_text(path: Path, content: bytes) -> "pl.DataFrame":
    import polars as pl

    try:
        text = content.decode().strip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (at byte {error.start}); save it as UTF-8") from error
    separator = separator_of(path, text.split("\n", 1)[0])
    # polars leaves quotes inside names as they are escaped, and renames the second of two equal names.
    names = [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=separator))]
    _check_names(names, path)
    try:
        return pl.read_csv(
            text.encode(),
            separator=separator,
            new_columns=names,
            null_values=list(MISSING_VALUES),
            infer_schema_length=None,
        )
    except pl.exceptions.PolarsError:
        _check_widths(csv.reader(io.StringIO(text), delimiter=separator), path)
        raise


def _check_names(names: Sequence[Any], source: Any) -> None:
    """Raise InputError unless ``names`` are texts and differ."""
    for place, name in enumerate(names):
        if not isinstance(name, str):
            raise InputError(f"{source} has a column named {name!r}; columns must be named by text")
        if name in names[:place]:
            raise InputError(f"{source} has two columns named {name!r}; rename one")


def _check_widths(rows: Iterator[list[str]], path: Path) -> None:
    """Raise InputError at the first of ``rows`` that has more values than the first one, the names."""
    width = len(next(rows))
    try:
        for number, values in enumerate(rows, start=1):
            if len(values) > width:
                raise InputError(
                    f"{path} has {len(values)} values in data row {number}, but {count(width, 'column')}; "
                    "correct the row, or put quotes around a value that holds a separator"
                )
    except csv.Error:  # such as a quote that is never closed: the reader that failed says what is wrong
        return


def _to_polars(frame: Any) -> "pl.DataFrame":
    """A narwhals frame as a polars one, the dates of a pandas index as its first column."""
    import narwhals
    import polars as pl

    if frame.implementation.is_polars():
        return frame.to_native()
    _check_names(frame.columns, "the data")
    columns = [_to_polars_column(frame[name]) for name in frame.columns]
    index: Any = narwhals.maybe_get_index(frame)
    index = index.to_timestamp() if hasattr(index, "to_timestamp") else index
    name = str(getattr(index, "name", None) or "time")
    if getattr(getattr(index, "dtype", None), "kind", "") == "M" and name not in frame.columns:
        dates = narwhals.from_native(index.to_series().reset_index(drop=True), series_only=True)
        columns.insert(0, _to_polars_column(dates).alias(name))
    return pl.DataFrame(columns)


def _to_polars_column(column: Any) -> "pl.Series":
    """A narwhals series as a polars one, without Arrow, which neither library requires."""
    import narwhals
    import polars as pl

    empty = column.is_null().to_numpy()
    dtype = column.dtype
    if dtype.is_numeric() and (dtype.is_float() or empty.any()):
        values = column.cast(narwhals.Float64).to_list()
    elif dtype.is_integer() or (dtype.is_temporal() and getattr(dtype, "time_zone", None) is None):
        values = column.to_numpy()
    else:
        values = column.to_list()
    if isinstance(values, list):
        values = [None if missing else value for value, missing in zip(values, empty)]
    try:
        return pl.Series(column.name, values, strict=False)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise InputError(
            f"column {column.name!r} of the data mixes values of several kinds, or times of several zones; "
            "give it one"
        ) from error
