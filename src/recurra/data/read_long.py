"""Series with labels from long tables: a row for each step, a column that says which series it belongs to."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.labelled import Labelled, Labels
from recurra.data.rows import Column, Rows, as_numbers, frame_rows, read_rows
from recurra.data.sequences import Sequences
from recurra.data.table import read_table


def read_long(
    source: Any,
    *,
    series: Column,
    time: Column,
    label: Column | None = None,
    columns: Sequence[Column] | None = None,
    header: bool = True,
    step_labels: bool = False,
    numeric: bool = False,
) -> Labelled:
    """Read the series of a long table, each in the order of its times, in the order in which they come.

    Args:
        source: a .csv, .tsv, .jsonl or .parquet file, or a data frame of any library.
        series: the column that says to which series a row belongs; rows of several may be mixed.
        time: the column of times: numbers, dates, datetimes or ISO text.
        label: the column of labels, the same in every row of a series; None for series alone.
        columns: the columns of values; None for all others.
        header: whether the first line of a .csv or .tsv names the columns.
        step_labels: whether each row has a label of its own.
        numeric: whether labels are numbers.

    Raises InputError where the table cannot be read, a column is missing or not numeric, a value is empty or
    infinite, a time comes twice in a series, or a series has several labels.
    """
    if step_labels and (numeric or label is None):
        raise InputError("step_labels needs classes: name the label column, and leave numeric out")
    if isinstance(source, str | Path):
        rows = read_rows(source, header=header)
    else:
        rows = frame_rows(read_table(source), "the data")
    series, time = rows.find(series, "series"), rows.find(time, "time")
    label = None if label is None else rows.find(label, "label")
    columns = _value_columns(rows, columns, [series, time, *([] if label is None else [label])])

    keys = [key.strip() for key in rows.texts(series, "series")]
    codes = {key: code for code, key in enumerate(dict.fromkeys(keys))}
    code = np.asarray([codes[key] for key in keys])
    when = _instants(rows, time)
    order = np.lexsort((when, code))
    again = order[1:][(code[order][1:] == code[order][:-1]) & (when[order][1:] == when[order][:-1])]
    if len(again):
        row = again[0]
        raise InputError(
            f"{rows.source}, {rows.places[row]} repeats a time of series {keys[row]!r}; "
            "give each step a time of its own"
        )
    steps = np.split(order, np.cumsum(np.bincount(code))[:-1])
    values = np.column_stack([_values(rows, name) for name in columns])
    name = Path(rows.source).name
    return Labelled(
        sequences=Sequences("series", [np.ascontiguousarray(values[step]) for step in steps]),
        labels=None if label is None else _labels(rows, label, list(codes), steps, step_labels, numeric),
        groups=None,
        names=[f"{name}, series {key}" for key in codes],
    )


def _value_columns(rows: Rows, columns: Sequence[Column] | None, taken: list[str]) -> list[str]:
    """The names of the columns of values: those asked for, or all that are not ``taken``."""
    if columns is None:
        names = [name for name in rows.names if name not in taken]
    else:
        names = [rows.find(column, "columns") for column in columns]
    used = [*taken, *names]
    for name in used:
        if used.count(name) > 1:
            raise InputError(
                f"column {name!r} of {rows.source} is named twice; series, time, label and values must be "
                "different columns"
            )
    if not names:
        raise InputError(f"{rows.source} has no columns of values beside {', '.join(map(repr, taken))}")
    return names


def _values(rows: Rows, name: str) -> np.ndarray:
    """A column of values as float32 (N,)."""
    values = rows.numbers(name, f"value of {name}")
    large = np.flatnonzero(np.abs(values) > np.finfo(np.float32).max)
    if len(large):
        raise InputError(
            f"{rows.source}, {rows.places[large[0]]} has the value {values[large[0]]} of {name}, "
            "which is too large for float32; scale the column"
        )
    return values.astype(np.float32)


def _instants(rows: Rows, time: str) -> np.ndarray:
    """The times of ``rows`` as something that sorts, (N,): whole numbers, numbers, or datetimes in UTC."""
    texts = [text.strip() for text in rows.texts(time, "time")]
    for kind in (np.int64, np.float64):
        try:
            values = np.asarray([(int if kind is np.int64 else float)(text) for text in texts], dtype=kind)
        except (ValueError, OverflowError):
            continue
        if np.isfinite(values).all():
            return values
    instants = [_instant(rows, row, text) for row, text in enumerate(texts)]
    zoned = [instant.tzinfo is not None for instant in instants]
    if any(zoned) and not all(zoned):
        first, other = zoned.index(True), zoned.index(False)
        raise InputError(
            f"column {time!r} of {rows.source} holds {texts[first]!r} in {rows.places[first]} and "
            f"{texts[other]!r} in {rows.places[other]}; give every time a zone, or none"
        )
    utc = [instant.astimezone(dt.UTC).replace(tzinfo=None) if zoned[0] else instant for instant in instants]
    return np.asarray(utc, dtype="datetime64[us]")


def _instant(rows: Rows, row: int, text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{rows.source}, {rows.places[row]} has the time {text!r}, which is neither a number nor an ISO "
            "date or time such as 2016-12-31 18:00"
        ) from None


def _labels(
    rows: Rows, label: str, keys: list[str], steps: list[np.ndarray], step_labels: bool, numeric: bool
) -> Labels:
    """A label for each series of ``keys``, whose rows are ``steps``; or one for each of these rows."""
    texts = [text.strip() for text in rows.texts(label, "label")]
    if step_labels:
        return [[texts[row] for row in step] for step in steps]
    for key, step in zip(keys, steps):
        for row in step:
            if texts[row] != texts[step[0]]:
                raise InputError(
                    f"series {key!r} of {rows.source} has the labels {texts[step[0]]!r} and {texts[row]!r}; "
                    "give it one, or say step_labels where each step has its own"
                )
    labels = [texts[step[0]] for step in steps]
    return (
        as_numbers(labels, [f"{rows.source}, series {key}" for key in keys], "label") if numeric else labels
    )
