"""Describe anything that Recurra reads."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data import Corpus, Labelled, Music, Pairs, Piece, Sequences, read_table
from recurra.diagnosis.description import Description
from recurra.diagnosis.pairs import describe_pairs
from recurra.diagnosis.pieces import describe_music
from recurra.diagnosis.reading import read
from recurra.diagnosis.sequences import describe_sequences
from recurra.diagnosis.table import describe_table


def describe(
    data: Any,
    *,
    target: str | None = None,
    time: str | None = None,
    series: str | None = None,
    columns: Sequence[str] | None = None,
    test: Any = None,
    spoken: bool = False,
    name: str | None = None,
) -> Description:
    """What data are like, before any model.

    Args:
        data: a path; a data frame of any library or an array (T,) or (T, C), a table; or what a reader of
            `recurra.data` returns: `Labelled`, `Sequences`, `Corpus`, `Pairs`, `Music`, a list of `Piece`.
        target: the column to be learnt, for tables, where suspects of leakage are looked for.
        time: the column of times, for tables; None to find it, or to count rows.
        series: the column that says which series a row belongs to, for tables; needs ``time``.
        columns: to look at, for tables; None for all.
        test: other data of the kind, such as the test part, for sequences and pairs: what both share, and
            what is unknown in it.
        spoken: whether the labels of clips are what is said in them.
        name: what to call the data; None for the path.

    Raises:
        InputError: the data can't be read, or an argument does not fit them.
        MissingExtraError: without polars, SciPy or statsmodels, where they are needed.
    """
    if isinstance(data, str | os.PathLike):
        name = str(data) if name is None else name
        data = read(Path(data))
    name = "the data" if name is None else name
    data, test = _known(data), _known(test)
    options = {"target": target, "time": time, "series": series, "columns": columns}
    if not isinstance(data, Labelled | Pairs | Music):
        _refuse({"test": test, "spoken": spoken}, "sequences", "a table")
        return describe_table(_frame(data), **options, source=name)
    _refuse(options, "tables", _ARTICLES[type(data)])
    if isinstance(data, Music):
        _refuse({"test": test, "spoken": spoken}, "sequences", "music")
        return describe_music(data, source=name)
    if isinstance(data, Pairs):
        _refuse({"spoken": spoken}, "clips", "pairs")
        if not isinstance(test, Pairs | None):
            raise InputError(f"test must be pairs as the data are, got {type(test).__name__}")
        return describe_pairs(data, test=test, source=name)
    kind = data.sequences.kind
    if not isinstance(test, Labelled | None) or (test is not None and test.sequences.kind != kind):
        found = test.sequences.kind if isinstance(test, Labelled) else type(test).__name__
        raise InputError(f"test must hold {kind} as the data do, got {found}")
    if spoken and kind != "audio":
        raise InputError(f"spoken is for clips, got {kind}; leave it out")
    if not len(data):
        raise InputError(f"{name} has no items; give at least one")
    return describe_sequences(data, test=test, spoken=spoken, source=name)


_ARTICLES = {Labelled: "sequences", Pairs: "pairs", Music: "music"}


def _known(data: Any) -> Any:
    """Documents and bare sequences as labelled ones, pieces as music; anything else as it is."""
    if isinstance(data, Corpus):
        names = [f"{data.name}, text {number}" for number in range(1, len(data) + 1)]
        return Labelled(Sequences("text", list(data.texts)), None, None, names, data.notes)
    if isinstance(data, Sequences):
        return Labelled(data, None, None, [f"X[{i}]" for i in range(len(data))])
    if isinstance(data, list) and data and all(isinstance(piece, Piece) for piece in data):
        return Music(data)
    return data


def _frame(data: Any) -> Any:
    import polars as pl

    if not isinstance(data, np.ndarray):
        return read_table(data)
    if data.ndim not in (1, 2) or data.dtype.kind not in "fiub" or not data.size:
        raise InputError(
            f"the array must hold numbers and have shape (rows,) or (rows, columns), got {data.dtype} of "
            f"shape {data.shape}"
        )
    columns = data[:, None] if data.ndim == 1 else data
    return pl.DataFrame({f"column {i}": column for i, column in enumerate(columns.T, start=1)})


def _refuse(options: dict[str, Any], kind: str, got: str) -> None:
    """Raise InputError for an option that is given and means nothing."""
    for option, value in options.items():
        if value is not None and value is not False:
            raise InputError(f"{option} is for {kind}, got {got}; leave it out")
