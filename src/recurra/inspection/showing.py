"""How a page shows one sequence: a text in words, a series in lines, a clip in sound and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from recurra._base.wording import count
from recurra.data import AudioFeatures, Clip, Labelled, resample
from recurra.data.log_mel import log_mel
from recurra.inspection import pictures
from recurra.runtime.sequence_model import SequenceModel

_MOST_CHARACTERS = 600
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
        drawn = item[:, :_MOST_LINES]
        more = item.shape[1] - drawn.shape[1]
        note = f"{count(more, 'more column')} not drawn" if more else None
        return Shown(count(len(item), "step"), lines=pictures.lines(drawn), note=note)
    text = item if isinstance(item, str) else " ".join(item)
    size = count(len(item), "character" if isinstance(item, str) else "word")
    if len(text) <= _MOST_CHARACTERS:
        return Shown(size, text=text)
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
