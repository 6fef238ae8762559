"""Labels as a task reads them: classes, numbers, or classes at every step."""

import numbers
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from recurra._base.errors import InputError

_LARGEST = 1e150  # whose square is a number yet


def class_labels(labels: Any) -> np.ndarray:
    """``labels`` (N,), or (N, 1), as (N,) text, whole numbers or truth values; InputError for others."""
    listed = list(labels) if isinstance(labels, list | tuple) else []
    mixed = 0 < sum(isinstance(label, str) for label in listed) < len(listed)  # NumPy would make all text
    array = _of_one_kind(listed) if mixed else _column(np.asarray(labels))
    if array.dtype.kind == "O":
        array = _of_one_kind(array.tolist())
    if array.dtype.kind == "f":
        _check_finite(array)
        odd = array[array != np.round(array)]
        if len(odd):
            raise InputError(
                f"y must be classes, got numbers such as {odd[0]} (Unknown label type: continuous); "
                "for numbers use SequenceRegressor"
            )
    if array.dtype.kind not in "Uiubf":
        raise InputError(f"y must be text, whole numbers or truth values, got dtype {array.dtype}")
    return array


def class_texts(labels: Any, classes: np.ndarray) -> list[str]:
    """Each of ``labels`` (N,) as the text of the one of ``classes`` that it equals, or else as its own."""
    texts = {name: str(name) for name in classes.tolist()}  # in which 1, 1.0 and True are one
    return [texts.get(label, str(label)) for label in class_labels(labels).tolist()]


def number_labels(labels: Any) -> np.ndarray:
    """``labels`` (N,), or (N, 1), as finite float64 (N,); InputError for others."""
    array = np.asarray(labels)
    if array.dtype.kind == "c":
        raise InputError(f"Complex data not supported: y has dtype {array.dtype}; give real numbers")
    try:
        values = _column(array).astype(np.float64)
    except (TypeError, ValueError):
        odd = next(label for label in array.tolist() if not isinstance(label, numbers.Real))
        raise InputError(f"y must be numbers, got {odd!r}") from None
    _check_finite(values)
    large = np.flatnonzero(np.abs(values) > _LARGEST)
    if len(large):
        raise InputError(
            f"y[{large[0]}] is {values[large[0]]:g}, too large to compute with; give it in a larger unit, so "
            f"that values stay below {_LARGEST:g}"
        )
    return values


def text_labels(labels: Any) -> list[str]:
    """``labels``, N texts, with single blanks for all white space; InputError for others."""
    texts = []
    for i, label in enumerate(labels):
        if not isinstance(label, str):
            raise InputError(f"y must hold a text for each sequence, got {label!r} as y[{i}]")
        texts.append(" ".join(label.split()))
    return texts


def step_labels(labels: Any) -> list[list[Any]]:
    """``labels``, N lists or arrays (T_i,), as lists of classes, all of one kind; InputError for others."""
    rows = []
    for i, own in enumerate(labels):
        if isinstance(own, str) or np.ndim(own) != 1:
            got = repr(own) if np.ndim(own) == 0 else f"shape {np.shape(own)}"
            raise InputError(f"y[{i}] must be a list of labels, one for each step, got {got}")
        rows.append(own.tolist() if isinstance(own, np.ndarray) else list(own))
    for i, row in enumerate(rows):
        for t, label in enumerate(row):
            if _is_missing(label):
                raise InputError(f"y[{i}][{t}] is missing ({label}); give every step a label")
    flat = class_labels(list(chain.from_iterable(rows))).tolist()
    ends = np.cumsum([len(row) for row in rows]).tolist()
    return [flat[start:end] for start, end in zip([0, *ends], ends)]


def check_steps(labels: Sequence[Sequence[Any]], lengths: Sequence[int], names: Sequence[str]) -> None:
    """Raise InputError unless each sequence has as many labels as steps; ``names`` say which is which."""
    for own, length, name in zip(labels, lengths, names):
        if len(own) != length:
            raise InputError(f"{name} must have a label for each of its {length} steps, got {len(own)}")


def _column(array: np.ndarray) -> np.ndarray:
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim != 1:
        raise InputError(f"y must have one label for each sequence, got shape {array.shape}")
    return array


def _of_one_kind(labels: list[Any]) -> np.ndarray:
    for i, label in enumerate(labels):
        if _is_missing(label):
            raise InputError(f"y[{i}] is missing ({label}); give every sequence a label")
    kinds = {type(label) for label in labels}
    array = np.array(labels)
    if len(kinds) > 1 or array.ndim != 1 or array.dtype.kind not in "Uiubf":
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise InputError(
            f"y must be text, whole numbers or truth values, all of one kind, got {names} "
            "(Unknown label type)"
        )
    return array


def _is_missing(label: Any) -> bool:
    return label is None or (isinstance(label, float) and label != label)


def _check_finite(array: np.ndarray) -> None:
    wrong = np.flatnonzero(~np.isfinite(array))
    if len(wrong):
        raise InputError(f"y[{wrong[0]}] is {array[wrong[0]]}: y must not have NaN or infinity")
