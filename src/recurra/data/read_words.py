"""Sentences from a text file, one a line, their words apart."""

from pathlib import Path

from recurra.data.labelled import Labelled
from recurra.data.read_texts import read_texts
from recurra.data.sequences import Sequences


def read_words(path: str | Path) -> Labelled:
    """Read the words of each line of a .txt file, which white space separates, without labels.

    Raises what `recurra.data.read_texts` raises.
    """
    lines = read_texts(path)
    words = [str(text).split() for text in lines.sequences.items]
    return Labelled(Sequences("tokens", words), None, None, lines.names, lines.notes)
