"""Rows of files as their values stand there, with the place of each: what texts and labels are read from.

`read_table` finds out what values mean: NA is missing there, and 01 a number. A text or a label means itself.
"""

import csv
import datetime as dt
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import nearest
from recurra._base.wording import count
from recurra.data.table import read_table, separator_of
from recurra.data.text_file import read_lines

if TYPE_CHECKING:
    import polars as pl

Column = str | int
"""A column's name, or its number counted from 1, as a number or in digits."""

_ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".parquet")
_NAMES_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Rows:
    """N rows of C columns.

    Attributes:
        source: what messages call the data: its path.
        names: of the columns; "1", "2", … where the file has no line of names.
        columns: C lists of N values, text or what JSON or Parquet holds.
        places: where each row stands: "line 3", "row 2".
    """

    source: str
    names: list[str]
    columns: list[list[Any]]
    places: list[str]

    def find(self, column: Column, role: str) -> str:
        """The name of ``column``; raises InputError, with the names that there are, if it is not there."""
        if isinstance(column, str) and column in self.names:
            return column
        if isinstance(column, int) or (column.isascii() and column.isdigit()):
            if isinstance(column, bool) or not 1 <= int(column) <= len(self.names):
                raise InputError(
                    f"{role} must be a column's name or a number from 1 to {len(self.names)}, "
                    f"the columns of {self.source}; got {column!r}"
                )
            return self.names[int(column) - 1]
        raise InputError(
            f"{self.source} has no column {column!r}; its columns are {_shown(self.names)}"
            f"{nearest(column, self.names)}"
        )

    def texts(self, column: Column, role: str, *, empty: bool = False) -> list[str]:
        """The values of ``column`` as texts: whole numbers without decimals, truth as in JSON, dates as ISO.

        Raises InputError with its place for a value that is something else, or empty unless it may be
        ``empty``.
        """
        name = self.find(column, role)
        texts = [
            self._text(value, name, row) for row, value in enumerate(self.columns[self.names.index(name)])
        ]
        for row, text in enumerate(texts):
            if not (empty or text.strip()):
                raise InputError(
                    f"{self.source}, {self.places[row]} has no {role}: column {name!r} is empty; "
                    "fill it in, or leave the row out"
                )
        return texts

    def numbers(self, column: Column, role: str) -> np.ndarray:
        """The values of ``column`` as float64 (N,); raises InputError with its place for what is none."""
        name = self.find(column, role)
        try:
            values = np.asarray(self.columns[self.names.index(name)], dtype=np.float64)
        except (ValueError, TypeError, OverflowError):
            values = np.full(len(self.places), np.nan)
        if not np.isfinite(values).all():
            # Slower, and says what is wrong.
            values = as_numbers(
                self.texts(name, role), [f"{self.source}, {place}" for place in self.places], role
            )
        return values

    def places_named(self) -> list[str]:
        """Where each row comes from, for people: "reviews.tsv, line 3"."""
        return [f"{Path(self.source).name}, {place}" for place in self.places]

    def _text(self, value: Any, name: str, row: int) -> str:
        if isinstance(value, str):
            if not (value.isascii() or _is_valid(value)):
                raise InputError(
                    f"{self.source}, {self.places[row]} holds half a surrogate pair in column {name!r}, "
                    "which is no character; write the text anew"
                )
            return value
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        if isinstance(value, dt.date):  # or a datetime, which is one
            return value.isoformat()
        raise InputError(
            f"{self.source}, {self.places[row]} holds a {type(value).__name__} in column {name!r}; "
            "it must hold text or a number"
        )


def as_numbers(texts: list[str], places: list[str], role: str) -> np.ndarray:
    """``texts`` as float64 (N,); raises InputError, with its place, for one that is not a finite number."""
    numbers = np.empty(len(texts))
    for row, (text, place) in enumerate(zip(texts, places)):
        try:
            numbers[row] = float(text)
        except ValueError:
            numbers[row] = math.nan
        if not math.isfinite(numbers[row]):
            raise InputError(f"{place}: the {role} must be a finite number, got {text!r}")
    return numbers


def read_rows(path: str | Path, *, header: bool = True) -> Rows:
    """The rows of a .csv, .tsv, .txt, .jsonl or .parquet file.

    A .tsv is split at its tabs and quotes in it mean nothing; a .csv may have commas, semicolons or tabs,
    and quotes around values that hold them. A .txt has one column "text" and no line of names, with or
    without ``header``. Raises InputError, with the line, for what is not so, and for a line that is empty.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
    if ending not in _ENDINGS:
        raise InputError(
            f"{path} must end in {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}; save the data as one of them"
        )
    if ending == ".parquet":
        return frame_rows(read_table(path), str(path))
    lines = read_lines(path, "a row on each line")
    for number, line in enumerate(lines, start=1):
        if not line.strip() and ending != ".csv":  # where quotes may hold an empty line
            raise InputError(f"{path}, line {number} is empty; remove it")
    if ending == ".jsonl":
        return _json_lines(path, lines)
    if ending == ".txt":
        return Rows(str(path), ["text"], [lines], [f"line {n}" for n in range(1, len(lines) + 1)])
    split = _split_csv(path, lines) if ending == ".csv" else _split_tsv(lines)
    return _table(path, split, header)


def frame_rows(frame: "pl.DataFrame", source: str) -> Rows:
    """The rows of a data frame, as `read_table` returns it."""
    columns = [column.to_list() for column in frame.get_columns()]
    return Rows(source, frame.columns, columns, [f"row {n}" for n in range(1, frame.height + 1)])


def _table(path: Path, split: Iterable[tuple[int, list[str]]], header: bool) -> Rows:
    """Rows from numbered lines of values, which all have as many as the first."""
    split = iter(split)
    first_number, first = next(split)
    names = [name.strip() for name in first] if header else [str(n) for n in range(1, len(first) + 1)]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError(
                f"{path} has two columns named {name!r}; rename one, or say that it has no line of names"
            )
    # One flat list: a million small ones would keep Python's garbage collector busy.
    flat, numbers = ([], []) if header else (first, [first_number])
    for number, values in split:
        if len(values) != len(names):
            fix = (
                "put quotes around a value that holds a separator"
                if path.suffix.lower() == ".csv"
                else "a tab ends a value, even within quotes"
            )
            raise InputError(
                f"{path}, line {number} has {count(len(values), 'value')}, line 1 has {len(names)}; {fix}"
            )
        flat.extend(values)
        numbers.append(number)
    if not numbers:
        raise InputError(f"{path} has a line of names and no rows; it needs a row on each further line")
    columns = [flat[column :: len(names)] for column in range(len(names))]
    return Rows(str(path), names, columns, [f"line {number}" for number in numbers])


def _split_tsv(lines: list[str]) -> Iterable[tuple[int, list[str]]]:
    return ((number, line.split("\t")) for number, line in enumerate(lines, start=1))


def _split_csv(path: Path, lines: list[str]) -> Iterable[tuple[int, list[str]]]:
    """The values of each row with the number of its first line."""
    separator = separator_of(path, lines[0])
    limit = csv.field_size_limit(max(csv.field_size_limit(), sum(map(len, lines)) + len(lines)))
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, strict=True)
    start = 1
    try:
        for values in reader:
            if not values:
                raise InputError(f"{path}, line {start} is empty; remove it")
            yield start, values
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}, line {start} cannot be read as CSV: {error}; correct its quotes"
        ) from error
    finally:
        csv.field_size_limit(limit)


def _json_lines(path: Path, lines: list[str]) -> Rows:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}, line {number} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise InputError(
                f'{path}, line {number} must be an object such as {{"text": "…"}}, got a {type(row).__name__}'
            )
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise InputError(f"{path} has no columns; give every line names and values")
    columns = [[row.get(name) for row in rows] for name in names]
    return Rows(str(path), names, columns, [f"line {n}" for n in range(1, len(rows) + 1)])


def _is_valid(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
