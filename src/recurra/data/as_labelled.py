"""Sequences and labels that were given in Python, in the form in which files give them."""

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
    data = X if isinstance(X, Labelled) else None
    sequences = data.sequences if data is not None else as_sequences(X)
    labels = data.labels if data is not None and y is None else y
    if labels is None:
        raise InputError("y must have a label for each sequence, got None; requires y to be passed")
    labels = _items(labels)
    if len(labels) != len(sequences):
        raise InputError(
            f"y must have a label for each of the {len(sequences)} sequences of X, got {len(labels)}"
        )
    if groups is None:
        groups = data.groups if data is not None else None
    else:
        groups = [str(group) for group in _items(groups)]
        if len(groups) != len(sequences):
            raise InputError(
                f"groups must have one entry for each of the {len(sequences)} sequences of X, got {len(groups)}"
            )
    names = data.names if data is not None else [f"X[{i}]" for i in range(len(sequences))]
    return Labelled(sequences, labels, groups, names, data.notes if data is not None else ())


def _items(values: Any) -> Any:
    """An array as it is, anything else as a list."""
    if isinstance(values, np.ndarray | list):
        return values
    if hasattr(values, "to_list"):
        return values.to_list()
    return np.asarray(values) if hasattr(values, "__array__") else list(values)
