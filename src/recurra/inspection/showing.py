"""How a page shows one sequence: a text in words, a series in lines, a clip in sound and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.wording import count
from recurra.data import AudioFeatures, Clip, Labelled, resample
from recurra.data.log_mel import log_mel
from recurra.inspection import pictures
from recurra.runtime.sequence_model import SequenceModel

_MOST_CHARACTERS, _FEWER = 600, 300
_MOST_LINES = 4
_LONGEST_SOUND = 10.0  # seconds, so that a page stays small


@dataclass(frozen=True)
class Shown:
    """One sequence; what does not belong to its kind is None.

    Attributes:
        text: of a text or a sentence, cut where it is long.
        lines: an SVG path for each column of a series.
        waveform, spectrum, sound: an SVG path and addresses of data, of a clip.
        size: how long it is, in words.
        note: what is not shown of it, in words.
    """

    size: str
    text: str | None = None
    lines: Sequence[str] | None = None
    waveform: str | None = None
    spectrum: str | None = None
    sound: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Example:
    """One sequence with what was predicted for it; ``facts`` are names and texts."""

    name: str
    facts: Sequence[tuple[str, str]]
    shown: Shown


def show(model: SequenceModel, part: Labelled, row: int) -> Shown:
    """The sequence in one ``row`` of a part."""
    item = part.sequences.items[row]
    if isinstance(model.features, AudioFeatures):
        return _clip(model.features, item)
    if part.sequences.kind == "series":
        return show_series(item)
    return show_text(item) if isinstance(item, str) else show_text(" ".join(item), count(len(item), "word"))


def show_series(series: np.ndarray) -> Shown:
    """A series (T, I), a line for each column; a vector, which is a single step, along its columns."""
    if len(series) < 2:
        if not len(series):
            return Shown(count(0, "step"))
        return Shown(count(series.shape[1], "number"), lines=pictures.lines(series.T))
    drawn = series[:, :_MOST_LINES]
    more = series.shape[1] - drawn.shape[1]
    note = f"{count(more, 'more column')} not drawn" if more else None
    return Shown(count(len(series), "step"), lines=pictures.lines(drawn), note=note)


def show_text(text: str, size: str | None = None) -> Shown:
    """A text, cut where it is long; ``size`` says how long it is if not in characters."""
    size = size or count(len(text), "character")
    if len(text) <= _MOST_CHARACTERS:
        return Shown(size, text=text or "(nothing)")
    return Shown(size, text=f"{text[:_MOST_CHARACTERS]} …", note="the rest is not shown")


def _clip(features: AudioFeatures, clip: Clip) -> Shown:
    seconds = len(clip.samples) / clip.rate
    long = seconds > _LONGEST_SOUND
    return Shown(
        f"{seconds:.2f} s",
        waveform=pictures.waveform(clip.samples),
        spectrum=pictures.spectrum(log_mel(resample(clip, features.rate).samples, features)),
        sound=None if long else pictures.sound(clip),
        note=f"too long to be heard here: only clips of up to {_LONGEST_SOUND:g} s are" if long else None,
    )


def cut(text: str) -> str:
    """``text`` for a cell of a table: cut where it is long, and seen where it is empty."""
    return (text if len(text) <= _FEWER else f"{text[:_FEWER]} …") or "(nothing)"


def best_to_worst(order: np.ndarray, each: int) -> list[tuple[str, np.ndarray]]:
    """Rows from both ends and the middle of an ``order`` (N,) that begins with the best, with names."""
    middle = (len(order) - each) // 2
    groups = (
        [order[:each], order[middle : middle + each], order[-each:]]
        if len(order) > 3 * each
        else np.array_split(order, 3)
    )
    return [(name, rows) for name, rows in zip(("best", "middling", "worst"), groups) if len(rows)]
