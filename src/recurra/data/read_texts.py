"""Texts with labels, from a row of a table each."""

from pathlib import Path

import numpy as np

from recurra._base.errors import InputError
from recurra.data.labelled import Labelled
from recurra.data.rows import Column, Rows, as_numbers, read_rows
from recurra.data.sequences import Sequences


def read_texts(
    path: str | Path,
    *,
    text: Column | None = None,
    label: Column | None = None,
    group: Column | None = None,
    header: bool = True,
    numeric: bool = False,
) -> Labelled:
    """Read a text, and a label if asked, from each row of a file.

    Args:
        path: a .csv, .tsv, .jsonl or .parquet file with columns, or a .txt with a text on each line.
        text: the column of texts; None if there is but one column.
        label: the column of labels; None for texts alone. Outer spaces of a label do not count.
        group: the column of what must not be split, such as an author.
        header: whether the first line of a .csv or .tsv names the columns.
        numeric: whether labels are numbers.

    Raises InputError, with the line, where the file cannot be read, a column is missing, or a text, a label
    or a group is empty or of the wrong kind.
    """
    rows = read_rows(path, header=header)
    labels, groups = read_labels(rows, label=label, group=group, numeric=numeric)
    if text is not None and label is not None:
        apart(rows, text=text, label=label)
    if text is None and len(rows.names) > 1:
        raise InputError(
            f"text must name the column of {rows.source} that holds the texts: {', '.join(rows.names)}"
        )
    texts = rows.texts(1 if text is None else text, "text")
    return Labelled(Sequences("text", texts), labels, groups, rows.places_named())


def apart(rows: Rows, **columns: Column) -> None:
    """Raise InputError unless the ``columns``, by role, are different ones."""
    names = {role: rows.find(column, role) for role, column in columns.items()}
    (first, name), (second, other) = names.items()
    if name == other:
        raise InputError(f"{first} must be another column than {second}, got {name!r} for both")


def read_labels(
    rows: Rows, *, label: Column | None, group: Column | None, numeric: bool
) -> tuple[list[str] | np.ndarray | None, list[str] | None]:
    """The labels and the groups of ``rows``, each None if no column is named."""
    for role, column in (("label", label), ("group", group)):
        if column is not None and rows.source.lower().endswith(".txt"):
            raise InputError(
                f"{rows.source} has a text on each line and no {role}; "
                "give a .csv, .tsv, .jsonl or .parquet file"
            )
    labels = groups = None
    if label is not None:
        labels = [value.strip() for value in rows.texts(label, "label")]
        if numeric:
            labels = as_numbers(labels, [f"{rows.source}, {place}" for place in rows.places], "label")
    if group is not None:
        groups = [value.strip() for value in rows.texts(group, "group")]
    return labels, groups
