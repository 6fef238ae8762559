"""One input of a model, as its network reads it, with names for its steps and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data import (
    KEYS,
    LOWEST_NOTE,
    AudioFeatures,
    Clip,
    Contexts,
    Labelled,
    Piece,
    SeriesFeatures,
    Source,
    TextFeatures,
    TextWords,
    format_time,
    is_table,
    last_context,
    last_observed,
)
from recurra.inspection.inside.one_network import refuse_ensemble
from recurra.inspection.symbols import UNITS, note_name, texts_of, visible
from recurra.runtime.features import Features
from recurra.runtime.forecast import ForecastModel
from recurra.runtime.language import TextModel
from recurra.runtime.music import MusicModel
from recurra.runtime.sequence_model import SequenceModel, check_sequences
from recurra.runtime.translation import TranslationModel

BOUNDARY = "■"
"""Stands for what a text or a piece begins after, and ends with."""


@dataclass(frozen=True, eq=False)
class Given:
    """One input as the model's network reads it.

    Attributes:
        x: (T, I) float32; int64 ids (T,), or (T, 1 + C) of words with their characters. T is at least 1.
        steps: (T,), what each step is called: a token, a time, "0.02 s"; steps of series count from 1.
        what: one line that says what the input is.
        inputs: (I,), names of the columns: "load", "mel 12"; empty where steps are ids.
        values: (T, I) float64 in the units that the user gave, of a series or a table; None of anything else.
    """

    x: np.ndarray
    steps: tuple[str, ...]
    what: str
    inputs: tuple[str, ...] = ()
    values: np.ndarray | None = None


def given(model: Any, X: Any, row: int = 0) -> Given:
    """Item ``row`` of ``X`` as the network of the loaded ``model`` reads it.

    ``X`` is what ``model.predict`` takes, a `pathlib.Path` among others; or a single item: a text, a sentence
    of words between blanks for a model of words, an array (T, I), a clip, a piece or a roll. Of a table for a
    forecaster it is the last context, and ``row`` counts windows back from there. A language model reads what
    stands before a document first, `BOUNDARY`, and of music silence.

    Raises InputError, in one line, for what the model can't read, an item without a step, a row that there
    is not, and an ensemble.
    """
    match model:
        case ForecastModel():
            return _window(model, X, row)
        case TextModel():
            return _document(model, X, row)
        case MusicModel():
            return _piece(model, X, row)
        case TranslationModel():
            return _source(model, X, row)
        case SequenceModel():
            refuse_ensemble(model)
            return _sequence(model, X, row)
    raise InputError(f"model must be one that recurra.load gives, got {type(model).__name__}")


def _window(model: ForecastModel, data: Any, row: int) -> Given:
    if isinstance(data, str) and not is_table(Path(data)) and not Path(data).suffix:
        raise _no_vocabulary("tables of numbers", "a .csv, .tsv or .parquet file, a data frame or an array")
    series, context = model.read(data), model.context
    last_context(series, context)  # says how much is missing of a table that is too short
    seen = last_observed(series.observed)
    first = max(context - 1, int((seen >= 0).all(axis=1).argmax()))
    origins = np.arange(first, len(series))[::-1]
    place = _place(row, len(origins), "window", "the data")
    values = Contexts(series.values, seen, origins, context)[place]
    times = series.time[origins[place] - context + 1 : origins[place] + 1]
    return Given(
        model.inputs.inputs(values[None])[0],
        tuple(map(format_time, times)),
        f"{count(context, 'row')}, from {format_time(times[0])} to {format_time(times[-1])}",
        model.inputs.columns,
        values,
    )


def _document(model: TextModel, X: Any, row: int) -> Given:
    texts = model.read(X).texts
    text = texts[_place(row, len(texts), "text")]
    ids = model.features([text])[0]
    _check_steps(ids, f"X[{row}]", model.features)
    return Given(
        np.concatenate([[model.boundary], ids]),
        (BOUNDARY, *_tokens(model.features, text)),
        _text(None, text, len(ids), model.features),
    )


def _piece(model: MusicModel, X: Any, row: int) -> Given:
    if isinstance(X, str):
        raise _no_vocabulary("music", "pieces, piano rolls or the pathlib.Path of a MIDI file")
    single = isinstance(X, Piece) or (isinstance(X, np.ndarray) and X.ndim == 2)
    pieces = model.read([X] if single else X)
    piece = pieces[_place(row, len(pieces), "piece")]
    roll = piece.roll.astype(np.float32)
    return Given(
        np.concatenate([np.zeros_like(roll[:1]), roll]),
        (BOUNDARY, *_numbers(len(roll))),
        f"{piece.name}: {count(len(piece), 'step')}",
        tuple(note_name(LOWEST_NOTE + key) for key in range(KEYS)),
    )


def _source(model: TranslationModel, X: Any, row: int) -> Given:
    features = model.source
    if isinstance(X, str) and not isinstance(features, TextFeatures):
        raise _no_vocabulary(*_wanted(features))
    pairs = model.read([X] if isinstance(X, str) else X)
    place = _place(row, len(pairs), "source")
    name = pairs.names[place] if isinstance(X, Path) else None
    check_sequences(pairs.sources.take(slice(place, place + 1)), model.kind, [name or f"X[{place}]"])
    return _read(features, pairs.sources.items[place], name, f"X[{place}]", None)


def _sequence(model: SequenceModel, X: Any, row: int) -> Given:
    X = _items(model, X)
    if isinstance(X, Path):
        X = model.read_file(X, labelled=False)
    sequences = model.read(X)
    place = _place(row, len(sequences), "item")
    name = X.names[place] if isinstance(X, Labelled) else None
    return _read(model.features, sequences.items[place], name, f"X[{place}]", model.source)


def _items(model: SequenceModel, X: Any) -> Any:
    """``X``, or a list of it where it is a single item."""
    if isinstance(X, str):
        if model.kind not in ("text", "tokens"):
            raise _no_vocabulary(*_wanted(model.features))
        return [X.split() if model.kind == "tokens" else X]
    if model.kind == "tokens" and isinstance(X, list | tuple) and X and isinstance(X[0], str):
        return [list(X)]
    columns = model.features.size if isinstance(model.features, SeriesFeatures) else None
    alone = isinstance(X, np.ndarray) and (
        (X.ndim == 1 and columns == 1 and X.dtype != object) or (X.ndim == 2 and X.shape[1] == columns)
    )
    return [X] if alone or isinstance(X, Clip) else X


def _read(features: Features, item: Any, name: str | None, place: str, source: Source | None) -> Given:
    """The ``item`` as the features make it; in messages it is called ``name``, or else its ``place``."""
    (x,) = features([item])
    _check_steps(x, name or place, features)
    match features:
        case TextFeatures() | TextWords():
            return Given(x, tuple(_tokens(features, item)), _text(name, item, len(x), features))
        case SeriesFeatures():
            what = f"{name or 'series'}: {count(len(x), 'step')} of {count(x.shape[1], 'column')}"
            columns = _columns(source, x.shape[1])
            return Given(x, _numbers(len(x)), what, columns, np.asarray(item, np.float64))
        case AudioFeatures():
            steps = tuple(f"{time:.2f} s" for time in features.times(np.arange(len(x))))
            what = f"{name or item.name}: {len(item.samples) / item.rate:.2f} s, {count(len(x), 'step')}"
            return Given(x, steps, what, _bands(features))
        case _:
            return Given(x, tuple(map(visible, item)), _text(name, " ".join(item), len(x), features))


def _check_steps(x: np.ndarray, name: str, features: Features) -> None:
    if not len(x):
        unit = "step" if isinstance(features, SeriesFeatures | AudioFeatures) else _unit(features)
        raise InputError(f"{name} has no {unit} that the model could read; give an item with at least one")


def _place(row: Any, number: int, noun: str, where: str = "X") -> int:
    if isinstance(row, bool) or not isinstance(row, int | np.integer) or not 0 <= row < number:
        raise InputError(
            f"row must be a whole number from 0 to {number - 1}, as {where} has {count(number, noun)}, "
            f"got {row!r}"
        )
    return int(row)


def _no_vocabulary(what: str, fix: str) -> InputError:
    return InputError(f"X is a text, but the model reads {what} and has no vocabulary; give {fix}")


def _wanted(features: Features) -> tuple[str, str]:
    """What a model without a vocabulary reads, and how to give it."""
    if isinstance(features, SeriesFeatures):
        columns = count(features.size, "column")
        return f"series of {columns}", f"an array (steps, {features.size}) or the pathlib.Path of a file"
    return "clips", "a recurra.data.Clip or the pathlib.Path of a sound file"


def _tokens(features: TextFeatures | TextWords, text: str) -> Sequence[str]:
    tokens = features.tokens(text)
    return list(map(visible, texts_of(features, tokens) if isinstance(features, TextFeatures) else tokens))


def _text(name: str | None, text: str, steps: int, features: Features) -> str:
    shown = f"“{visible(text, spaces=False)}”, {count(steps, _unit(features))}"
    return shown if name is None else f"{name}: {shown}"


def _unit(features: Any) -> str:
    return UNITS[getattr(features, "level", "word")]


def _numbers(steps: int) -> tuple[str, ...]:
    return tuple(str(step) for step in range(1, steps + 1))


def _columns(source: Source | None, size: int) -> tuple[str, ...]:
    """Those that the model's file named, or numbers."""
    names = (source.options.get("columns") if source is not None else None) or []
    if len(names) == size and all(isinstance(name, str) for name in names):
        return tuple(names)
    return tuple(f"column {i}" for i in range(1, size + 1))


def _bands(features: AudioFeatures) -> tuple[str, ...]:
    bands = [f"mel {band}" for band in range(1, features.mels + 1)]
    if features.stack == 1:
        return tuple(bands)
    return tuple(f"frame {frame}, {band}" for frame in range(1, features.stack + 1) for band in bands)
