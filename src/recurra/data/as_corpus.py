"""A user's texts as a corpus."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from recurra._base.errors import InputError
from recurra.data.corpus import Corpus
from recurra.data.sequences import as_sequences


def as_corpus(X: Any, *, ends: bool | None = None, name: str = "X") -> Corpus:
    """``X``, one text or texts, as documents.

    Documents end unless ``ends`` says otherwise; None is whether there are several. A `Corpus` is given back
    as it is. Raises InputError for anything else, and for a text without a character.
    """
    if isinstance(X, Corpus):
        return X
    if isinstance(X, bytes | Mapping | Set | Iterator) or not isinstance(X, Iterable):
        raise InputError(f"{name} must be one text, a list of texts or a Corpus, got {type(X).__name__}")
    several = not isinstance(X, str)
    sequences = as_sequences(X if several else [X], name=name)
    if sequences.kind != "text":
        raise InputError(f"{name} must hold texts, got {type(sequences.items[0]).__name__}")
    for i, text in enumerate(sequences.items):
        if not text:
            raise InputError(f"{name}[{i}] is empty; give every text at least one character, or leave it out")
    return Corpus(list(sequences.items), several if ends is None else ends, name, lines=several)
