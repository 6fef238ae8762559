"""Classes of labels, and what each of them weighs."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_float
from recurra.data.label_values import class_labels


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
