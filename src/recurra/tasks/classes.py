"""Classes of labels, and what each of them weighs."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_float


def class_counts(labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """The K classes in order, and how often each of ``labels`` (N,) is one of them.

    Raises InputError for fewer than two classes, or labels that are no classes.
    """
    labels = class_labels(labels)
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise InputError(
            f"y must have at least two classes, got one class, "
            f"{classes[0].item()!r}; give sequences of others, too"
        )
    return classes, counts


def class_labels(labels: Any) -> np.ndarray:
    """``labels`` (N,) as an array of text, whole numbers or truth values; else InputError."""
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        raise InputError(f"y must have shape ({len(array)},), got {array.shape}; give y.ravel()")
    if array.ndim != 1:
        raise InputError(f"y must have one label for each sequence, got shape {array.shape}")
    if array.dtype.kind == "O":
        kinds = {type(label) for label in array.tolist()}
        missing = [i for i, label in enumerate(array.tolist()) if label is None or label != label]
        if missing:
            raise InputError(f"y[{missing[0]}] is missing ({array[missing[0]]}); give every sequence a label")
        if kinds != {str}:
            raise InputError(
                f"y must have labels of one kind, got {', '.join(sorted(kind.__name__ for kind in kinds))}"
            )
        array = array.astype(str)
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            i = int(np.flatnonzero(~np.isfinite(array))[0])
            raise InputError(f"y[{i}] is {array[i]}: y must not have NaN or infinity")
        if not np.array_equal(array, np.round(array)):
            raise InputError(
                f"y must be classes, got numbers such as {array[array != np.round(array)][0]} "
                "(Unknown label type: continuous); for numbers use SequenceRegressor"
            )
    if array.dtype.kind not in "Uiubf":
        raise InputError(f"y must be text, whole numbers or truth values, got dtype {array.dtype}")
    return array


def codes(labels: np.ndarray, classes: np.ndarray, part: str) -> np.ndarray:
    """The place (N,) int64 of each label among ``classes``; raises InputError for one that is not there."""
    places = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    wrong = np.flatnonzero(classes[places] != labels)
    if len(wrong):
        raise InputError(
            f"the {part} part has the label {labels[wrong[0]].item()!r}, which the training part never has; "
            "leave it out, or move some of its sequences there"
        )
    return places.astype(np.int64)


def class_weights(class_weight: Any, classes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(K,) float32: 1 for None, N / (K n) for "balanced", what a dict says; 1 on average over the N labels.

    Raises InputError for anything else, and for a dict that leaves a class out or names an unknown one.
    """
    if class_weight is None:
        weights = np.ones(len(classes))
    elif isinstance(class_weight, str) and class_weight == "balanced":
        weights = 1 / counts
    elif isinstance(class_weight, Mapping):
        weights = np.array([_weight_of(class_weight, name) for name in classes.tolist()])
        known = classes.tolist()
        if unknown := [name for name in class_weight if name not in known]:
            raise InputError(f"class_weight has {unknown[0]!r}, which is no class; {_listed(known)}")
    else:
        raise InputError(f"class_weight must be None, 'balanced' or a dict by class, got {class_weight!r}")
    return (weights * counts.sum() / (weights * counts).sum()).astype(np.float32)


def _weight_of(weights: Mapping[Any, Any], name: Any) -> float:
    if name not in weights:
        raise InputError(f"class_weight has no weight for the class {name!r}; give one for every class")
    return positive_float(f"class_weight[{name!r}]", weights[name])


def _listed(classes: Iterable[Any], most: int = 10) -> str:
    names = [repr(name) for name in classes]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"the classes are {', '.join(names[:most])}{more}"
