"""Texts to learn to write from: one long text, or many that end."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recurra._base.errors import InputError
from recurra.data.rows import Column, read_rows
from recurra.data.sequences import Sequences
from recurra.data.text import normalise
from recurra.data.text_file import check_file, decoded, read_bytes

_TABLES = (".csv", ".tsv", ".jsonl", ".parquet")


@dataclass(frozen=True, eq=False)
class Corpus:
    """N documents, all with an end or none.

    Attributes:
        texts: of the documents, brought to Unicode's composed form (NFC), as tokens are cut from it and
            characters counted in it; their lines end in ``\\n``.
        ends: whether a document is over after its last character, as a name or a message is. A text that was
            cut somewhere, or just stops, has no end that could be learnt.
        name: of the file, for people.
        notes: what people should know of how it was read, in sentences.
        lines, column: as `read_corpus` was given them, so that other files can be read alike.

    Raises InputError for a text with half a surrogate pair, which is no character.
    """

    texts: list[str]
    ends: bool
    name: str
    notes: tuple[str, ...] = ()
    lines: bool = False
    column: Column | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", [normalise(text, lowercase=False) for text in self.texts])

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def characters(self) -> int:
        """Of all texts, with one for the end of each where they end: the line end of a file with lines."""
        return sum(map(len, self.texts)) + self.ends * len(self)

    def take(self, index: np.ndarray | slice) -> "Corpus":
        """The documents at ``index``: whole numbers, a mask or a slice."""
        return dataclasses.replace(self, texts=[self.texts[i] for i in np.arange(len(self))[index]])

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the texts."""
        return Sequences("text", self.texts).fingerprint()


def read_corpus(path: str | Path, *, lines: bool = False, text: Column | None = None) -> Corpus:
    """Read the documents of a file.

    Args:
        path: a .csv, .tsv, .jsonl or .parquet file with a document in each row; any other is plain text.
        lines: whether each line of a plain text is a document of its own that ends there; else the whole
            file is one without an end. Lines that are empty, or have nothing but blanks, are left out.
        text: the column of the documents, "text" if None; plain text has none.

    ``\\r\\n`` becomes ``\\n`` and a byte order mark is dropped. Raises InputError where the file cannot be
    read, is binary, not UTF-8 or empty, or a column or the text of a row is missing, with its byte or line.
    """
    path = Path(path)
    check_file(path)
    if is_table(path):
        if lines:
            raise InputError(
                f"lines is for plain text and {path} has a document in each row; leave lines out"
            )
        return _from_rows(path, "text" if text is None else text)
    if text is not None:
        raise InputError(f"text names a column and {path} is plain text, which has none; leave text out")
    whole, notes = _plain_text(path)
    if not lines:
        return Corpus([whole], False, path.name, notes)
    # Not splitlines: a text may hold any of Unicode's other line ends. The last line may end or not.
    found = whole.removesuffix("\n").split("\n")
    texts = [line for line in found if line.strip()]
    if blank := len(found) - len(texts):
        notes += (f"{blank} of {len(found)} lines {'is' if blank == 1 else 'are'} empty and left out.",)
    return Corpus(texts, True, path.name, notes, lines=True)


def is_table(path: Path) -> bool:
    """Whether `read_corpus` reads a document from each row of the file, by its name."""
    return path.suffix.lower() in _TABLES


def _plain_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """The text of ``path``, and notes of what was changed."""
    text = decoded(path, _text_bytes(path))
    if not text.strip():
        only = "holds nothing but blanks" if text else "is empty"
        raise InputError(f"{path} {only}; give a file with text in it")
    notes = ("Line ends \\r\\n were read as \\n.",) if "\r\n" in text else ()
    return text.replace("\r\n", "\n"), notes


def _from_rows(path: Path, column: Column) -> Corpus:
    if path.suffix.lower() != ".parquet":
        _text_bytes(path)
    rows = read_rows(path)
    texts = rows.texts(column, "text")
    for place, text in zip(rows.places, texts):
        if "\0" in text:
            raise InputError(f"{path}, {place} holds a zero in its text, as binary data does; take it out")
    return Corpus([text.replace("\r\n", "\n") for text in texts], True, path.name, column=column)


def _text_bytes(path: Path) -> bytes:
    """The bytes of ``path``; InputError where it cannot be read, or has a zero, which no text has."""
    content = read_bytes(path)
    zero = content.find(0)
    if zero >= 0:
        raise InputError(
            f"{path} is binary or UTF-16, with a zero at byte {zero}; give a text that is saved as UTF-8"
        )
    return content
