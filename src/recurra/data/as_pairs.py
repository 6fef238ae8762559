"""Sources and targets that were given in Python, in the form in which files give them."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data.pairs import Pairs
from recurra.data.sequences import Sequences, as_sequences
from recurra.data.text import check_texts


def as_pairs(X: Any, y: Any = None) -> Pairs:
    """``X`` as sources, with one text each from ``y``, or without targets.

    Sources are what `as_sequences` takes, but for lists of tokens: texts, arrays (T_i, I) in a list, clips.
    An array or data frame (N, I) holds a vector in each row, which is a series of a single step. Arrays may
    have no steps, all of them, too. Pairs come
    back as they are, with other targets where ``y`` is given. Raises InputError where numbers of items
    differ, or ``y`` does not hold texts.
    """
    if isinstance(X, Pairs):
        pairs = X
    else:
        sequences = _without_steps(X) or as_sequences(X)
        if sequences.kind == "tokens":
            raise InputError("X must hold texts or arrays, got lists of tokens; join each to one text")
        if sequences.kind == "series" and len(getattr(X, "shape", ())) == 2:
            sequences = Sequences("series", [column.T for column in sequences.items])
        pairs = Pairs(sequences, None, [f"X[{i}]" for i in range(len(sequences))])
    if y is None:
        return pairs
    if not isinstance(y, Iterable):
        raise InputError(f"y must be a list of texts, got {type(y).__name__}")
    targets = [str(text) for text in check_texts(y, "y")]
    if len(targets) != len(pairs):
        raise InputError(
            f"y must have a text for each of {count(len(pairs), 'source')}, got {len(targets):,}"
        )
    return dataclasses.replace(pairs, targets=targets)


def _without_steps(X: Any) -> Sequences | None:
    """``X`` where it holds arrays (0, I) and nothing else, in a list or as (N, 0, I); else None."""
    listed = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.ndim == 3)
    if not listed or not len(X) or not all(isinstance(x, np.ndarray) and x.shape[:1] == (0,) for x in X):
        return None
    return Sequences("series", [np.zeros((0, x.shape[1] if x.ndim == 2 else 1), np.float32) for x in X])
