"""Sequences and labels that were given in Python, in the form in which files give them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.labelled import Labelled
from recurra.data.sequences import as_sequences


def as_labelled(X: Any, y: Any = None, *, groups: Any = None) -> Labelled:
    """``X``, what `as_sequences` takes, with one label each from ``y``, and groups.

    Labelled sequences come back as they are, with other labels or groups where those are given. ``y`` has a
    class or a number for each sequence, or a list of labels, one for each step. Raises InputError where
    numbers of items differ, or there are no labels.
    """
    if isinstance(X, Labelled):
        data = X
    else:
        sequences = as_sequences(X)
        data = Labelled(sequences, None, None, [f"X[{i}]" for i in range(len(sequences))])
    labels = data.labels if y is None else _one_each(y, len(data), "y")
    if labels is None:
        raise InputError(
            "fit and scores need labels: it requires y to be passed, but the target y is None; "
            "give one label for each sequence"
        )
    of = data.groups if groups is None else [str(group) for group in _one_each(groups, len(data), "groups")]
    return Labelled(data.sequences, labels, of, data.names, data.notes)


def _one_each(values: Any, count: int, name: str) -> Any:
    """An array as it is, anything else as a list; InputError unless there are ``count``."""
    if hasattr(values, "to_list"):
        values = values.to_list()
    elif hasattr(values, "__array__"):
        values = np.asarray(values)
    listed = isinstance(values, np.ndarray) and values.ndim > 0
    if not listed and not (isinstance(values, Sequence) and not isinstance(values, str)):
        raise InputError(f"{name} must have one entry for each sequence, got {values!r}")
    if len(values) != count:
        raise InputError(
            f"{name} must have one entry for each of the {count} sequences of X, got {len(values)}"
        )
    return values if listed else list(values)
