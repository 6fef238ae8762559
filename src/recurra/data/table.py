"""Reading tables: CSV, TSV and Parquet files through polars, data frames of any library through narwhals."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra._base.validation import nearest
from recurra.data.columns import MISSING_VALUES, check_columns, find_time, numbers, times
from recurra.data.series import Series, array_series, grid_series

if TYPE_CHECKING:
    import polars as pl

_SEPARATORS = (",", ";", "\t")
_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")


def read_series(
    source: Any,
    *,
    columns: Sequence[str],
    time: str | None = None,
    detect_time: bool = True,
    frequency: str | None = None,
) -> Series:
    """Read ``columns`` (the target first) of a file, a data frame of any library, or an array (T, C).

    See `read_table` for what can be read and `to_series` for the other arguments.
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
    """Make a regular series of ``columns`` (the target first), with a row for every step of its frequency.

    Args:
        frame: what `read_table` returns.
        columns: the columns to keep, all numeric.
        time: the column of times; None to detect it, or to count rows.
        detect_time: with no ``time``, use the column of dates if there is exactly one, and say so in the report.
        frequency: the step, where it is known (as a model knows it); None to find it.
        source: what messages call the data.

    Raises:
        InputError: a column is missing or not numeric, or the times are unreadable, twice the same or off the grid.
    """
    names = list(columns)
    for name in names:
        if names.count(name) > 1 or name == time:
            raise InputError(f"column {name!r} is named twice; the target, past and time columns must differ")
    check_columns(frame, [*names, *([time] if time is not None else [])], source)
    notes: tuple[str, ...] = ()
    if time is None and detect_time:
        time, note = find_time(frame, names)
        notes = (note,)
    values = np.column_stack([numbers(frame, name, source) for name in names])
    if time is None:
        return grid_series(values, None, tuple(names), None, None, notes, source)
    when, more = times(frame, time, source)
    return grid_series(values, when, tuple(names), time, frequency, notes + more, source)


def read_table(source: Any) -> "pl.DataFrame":
    """Read a file (.csv, .tsv, .txt, .parquet) or a data frame of any library, with every column and row.

    In text the separator is a comma, semicolon or tab, decimals have points, the encoding is UTF-8 and the first
    line names the columns; empty values and NA, NaN and null are missing. The dates of a pandas index become a
    column. Raises InputError for anything that cannot be read, MissingExtraError without polars and narwhals.
    """
    if isinstance(source, str | Path):
        return _read_file(Path(source))
    return _read_frame(source)


def _read_file(path: Path) -> "pl.DataFrame":
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtraError.of("polars", "data") from error
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(f"{path} does not exist{nearest(path.name, siblings)}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"{path} must be a file that ends in {', '.join(_SUFFIXES)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if not content.strip():
        raise InputError(f"{path} is empty; it needs a line of column names and rows of values")
    try:
        if path.suffix.lower() == ".parquet":
            frame = pl.read_parquet(path)
        else:
            frame = _read_text(path, content)
    except pl.exceptions.PolarsError as error:
        kind = "Parquet" if path.suffix.lower() == ".parquet" else "table of text"
        raise InputError(f"{path} is not a readable {kind}: {str(error).splitlines()[0]}") from error
    if frame.height == 0:
        raise InputError(f"{path} has column names but no rows")
    return frame


def _read_text(path: Path, content: bytes) -> "pl.DataFrame":
    import polars as pl

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    header = text.lstrip().split("\n", 1)[0]
    separator = max(_SEPARATORS, key=header.count)
    frame = pl.read_csv(
        text.encode(), separator=separator, null_values=list(MISSING_VALUES), infer_schema_length=None
    )
    for name in frame.columns:
        if name.endswith("_duplicated_0"):
            raise InputError(
                f"{path} has two columns named {name.removesuffix('_duplicated_0')!r}; rename one"
            )
    return frame


def _read_frame(source: Any) -> "pl.DataFrame":
    try:
        import narwhals as nw
        import polars as pl
    except ImportError as error:
        raise MissingExtraError.of(error.name or "polars", "data") from error
    try:
        frame = nw.from_native(source)
    except TypeError as error:
        kind = type(source).__name__
        raise InputError(f"the data must be a path, a data frame or an array, got {kind}") from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if frame.implementation.is_polars():
        return frame.to_native()
    columns = {name: _column(frame[name]) for name in frame.columns}
    index = nw.maybe_get_index(frame)
    dated = getattr(index, "to_timestamp", lambda: index)()
    if getattr(getattr(dated, "dtype", None), "kind", "") == "M":
        name = str(dated.name or "time")
        if name not in columns:
            columns = {name: _column(nw.from_native(dated.to_series(), series_only=True)), **columns}
    return pl.DataFrame(columns)


def _column(column: Any) -> "pl.Series":
    """A narwhals series as a polars one, without Arrow, which neither library requires."""
    import narwhals as nw
    import polars as pl

    if column.dtype.is_float() or (column.dtype.is_integer() and column.is_null().any()):
        values = np.asarray(column.cast(nw.Float64).to_list(), dtype=np.float64)
    elif column.dtype.is_integer() or (
        column.dtype.is_temporal() and getattr(column.dtype, "time_zone", 0) is None
    ):
        values = column.to_numpy()
    else:
        values = [None if empty else value for value, empty in zip(column.to_list(), column.is_null())]
    return pl.Series(column.name, values, strict=False)
