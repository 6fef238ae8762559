"""How labelled sequences are read from a file, as plain values: a model can read what it was trained on."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.data.audio import read_clip
from recurra.data.conllu import read_conllu, read_tagged
from recurra.data.labelled import Labelled
from recurra.data.read_audio import read_audio, read_audio_table, read_transcripts
from recurra.data.read_long import read_long
from recurra.data.read_texts import read_texts
from recurra.data.read_words import read_words
from recurra.data.sequences import Sequences

READERS: dict[str, Callable[..., Labelled]] = {
    "texts": read_texts,
    "words": read_words,
    "long": read_long,
    "audio": read_audio,
    "audio table": read_audio_table,
    "transcripts": read_transcripts,
    "conllu": read_conllu,
    "tagged": read_tagged,
}
"""By name; each takes a path and options of its own."""

_LABELS = {"label", "label_pattern", "group", "numeric", "step_labels"}
_CLIPS = ("audio", "audio table", "transcripts")
_TRUTHS = {"header", "numeric", "step_labels"}
_SOUNDS = (".wav", ".flac")


@dataclass(frozen=True)
class Source:
    """A reader and its options, by name.

    Raises InputError for a reader or options that there are not, and values that are none of theirs.
    """

    reader: str
    options: dict[str, Any]

    def __post_init__(self) -> None:
        one_of("source.reader", self.reader, READERS)
        known = list(inspect.signature(READERS[self.reader]).parameters)[1:]
        for name, value in self.options.items():
            one_of(f"an option of {self.reader}", name, known)
            _check(name, value)

    @classmethod
    def lines(cls, kind: str) -> "Source":
        """Of a text file with an item a line, a text or words apart."""
        return cls("texts", {}) if kind == "text" else cls("words", {})

    def read(self, path: str | os.PathLike[str], *, labelled: bool) -> Labelled:
        """The sequences of a file, with labels or without.

        Without labels a reader of clips also takes a single WAV or FLAC file, and one of a table of them
        also a folder or a zip. Raises InputError for what can't be read.
        """
        path = Path(path)
        if labelled:
            return READERS[self.reader](path, **self.options)
        if self.reader in _CLIPS:
            if path.suffix.lower() in _SOUNDS and not path.is_dir():
                clip = read_clip(path)
                return Labelled(Sequences("audio", [clip]), None, None, [clip.name])
            if path.suffix.lower() == ".zip" or path.is_dir():
                return read_audio(path)
        labels = {*_LABELS, "text"} if self.reader == "transcripts" else _LABELS
        options = {
            name: None if name == "tag" else value
            for name, value in self.options.items()
            if name not in labels
        }
        return READERS[self.reader](path, **options)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"reader": self.reader, "options": dict(self.options)}

    @classmethod
    def from_dict(cls, fields: Any) -> "Source":
        """Undo `to_dict`; raises InputError for anything else."""
        if not isinstance(fields, dict) or set(fields) != {"reader", "options"}:
            raise InputError("source must be an object with reader and options")
        if not isinstance(fields["reader"], str) or not isinstance(fields["options"], dict):
            raise InputError("source must have a reader (text) and options (an object)")
        return cls(fields["reader"], fields["options"])


def _check(name: str, value: Any) -> None:
    """Raise InputError unless ``value`` is what an option called ``name`` can be."""
    if name in _TRUTHS:
        fits, wanted = isinstance(value, bool), "True or False"
    elif name == "columns":
        fits, wanted = (
            value is None or (isinstance(value, list) and all(map(_names, value))),
            "a list of columns",
        )
    else:
        fits, wanted = value is None or _names(value), "text or a whole number"
    if not fits:
        raise InputError(f"source.options.{name} must be {wanted}, got {value!r}")


def _names(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
