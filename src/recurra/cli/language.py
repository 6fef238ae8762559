"""Language models in words: the parts of their data, and a sample of what they write."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from recurra.data import Corpus, Piece
    from recurra.inspection.tables import Table
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel

_ITEMS, _CHARACTERS, _STEPS, _A_LINE = 8, 300, 16, 4  # of a sample, and steps of music on a line
_A_TOKEN = {"char": 1, "word": 5, "bpe": 3}  # characters, about
_KEYS = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def sizes(part: "Corpus | list[Piece]") -> dict[str, int]:
    """Of a part: documents and characters, or pieces and steps."""
    if isinstance(part, list):
        return {"pieces": len(part), "steps": sum(map(len, part))}
    return {"documents": len(part), "characters": part.characters}


def parts_table(parts: "Mapping[str, Corpus | list[Piece]]") -> "Table":
    """The same of every part, for people."""
    from recurra.inspection.tables import Table

    rows = {name: sizes(part) for name, part in parts.items()}
    columns = [name.capitalize() for name in next(iter(rows.values()))]
    return Table(
        ["Part", *columns],
        [[name, *(f"{amount:,}" for amount in row.values())] for name, row in rows.items()],
    )


def sample(model: "TextModel | MusicModel") -> list[str]:
    """What the model writes without a prompt: some documents, the beginning of a text, or of a tune."""
    from recurra.runtime.music import MusicModel

    if isinstance(model, MusicModel):
        (piece,) = model.generate(length=_STEPS)
        chords = [" ".join(_names(step)) or "–" for step in piece.roll]
        return [" | ".join(chords[i : i + _A_LINE]) for i in range(0, _STEPS, _A_LINE)]
    length = _CHARACTERS // _A_TOKEN[model.features.level]
    if model.ends:
        written = model.generate(length=length // _ITEMS, samples=_ITEMS)
        return [line for one in written for line in one.text.splitlines()[:1]]
    return model.generate(length=length)[0].text.splitlines()


def _names(step: "np.ndarray") -> Iterator[str]:
    """The keys that sound at a ``step`` (88,): ``C4`` is the middle C."""
    from recurra.data import LOWEST_NOTE

    for key in step.nonzero()[0].tolist():
        octave, place = divmod(key + LOWEST_NOTE, 12)
        yield f"{_KEYS[place]}{octave - 1}"
