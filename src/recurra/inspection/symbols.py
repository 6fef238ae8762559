"""Symbols for people to see: those of a text, even those that leave no mark on paper, and musical notes."""

import numpy as np

from recurra.data import TextFeatures

UNITS = {"char": "character", "word": "word", "bpe": "byte pair"}
"""What one symbol of each level is called."""

_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}
_LONGEST = 60
_NOTES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def visible(symbol: str, *, spaces: bool = True) -> str:
    """``symbol`` with a sign for each line end and tab, and for each space if ``spaces`` are to be seen.

    Other characters that cannot be seen become their code points, and what is too long for a line is cut.
    """
    shown = symbol if len(symbol) <= _LONGEST else f"{symbol[:_LONGEST]}…"
    signs = _SIGNS if spaces else {**_SIGNS, " ": " "}
    return "".join(signs.get(c) or (c if c.isprintable() else f"U+{ord(c):04X}") for c in shown)


def texts_of(features: TextFeatures, tokens: list[str]) -> list[str]:
    """The text of each of ``tokens``, as `TextFeatures.tokens` gives them; byte pairs that are no whole
    characters stay in their byte alphabet."""
    if features.level != "bpe":
        return tokens
    known = {token: place for place, token in enumerate(features.vocabulary)}
    found = [features.decode([known[token]]) if token in known else token for token in tokens]
    return [token if "\ufffd" in text else text for token, text in zip(tokens, found)]


def note_name(pitch: int | np.integer) -> str:
    """C4 for MIDI note 60."""
    octave, step = divmod(int(pitch), len(_NOTES))
    return f"{_NOTES[step]}{octave - 1}"
