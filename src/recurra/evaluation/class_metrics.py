"""Checks and metrics of predicted classes, one prediction a row: a whole sequence's or a single step's."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError
from recurra.evaluation.class_scores import ClassScores, class_scores

_MOST_LABELS_NAMED = 3


@dataclass(frozen=True, eq=False)
class Coded:
    """Labels as numbers.

    Attributes:
        codes: (N,) int64, places in ``names``.
        names: the classes that the model knows, then those that it does not.
        classes: how many the model knows.
        unseen: label that training never saw to its occurrences.
    """

    codes: np.ndarray
    names: tuple[str, ...]
    classes: int
    unseen: dict[str, int]

    @classmethod
    def of(cls, labels: Sequence[str], classes: Sequence[str], *, what: str = "labels") -> "Coded":
        """Code ``labels``; InputError where there are none, or where ``classes`` are none or not distinct."""
        if len(labels) == 0:
            raise InputError(f"{what} is empty, expected at least one; give a part that has labels")
        if len(classes) == 0:
            raise InputError("classes is empty, expected the names of the model's classes")
        if len(set(classes)) < len(classes):
            twice = next(name for name, times in Counter(classes).items() if times > 1)
            raise InputError(f"classes has {twice!r} more than once, expected distinct names")
        unseen = Counter(label for label in labels if label not in set(classes))
        names = (*classes, *sorted(unseen))
        place = {name: code for code, name in enumerate(names)}
        codes = np.array([place[label] for label in labels], dtype=np.int64)
        return cls(codes, names, len(classes), {name: unseen[name] for name in sorted(unseen)})

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know about these labels, in sentences."""
        notes = []
        if self.unseen:
            shown = ", ".join(repr(name) for name in list(self.unseen)[:_MOST_LABELS_NAMED])
            more = ", …" if len(self.unseen) > _MOST_LABELS_NAMED else ""
            notes.append(
                f"{sum(self.unseen.values()):,} of {len(self.codes):,} labels never occur in training "
                f"({shown}{more}): they count as wrong, and the log-loss is not defined."
            )
        if len(set(self.codes.tolist())) == 1 and len(self.names) > 1:
            only = self.names[int(self.codes[0])]
            notes.append(f"Every label is {only!r}, so the accuracy says nothing about the other classes.")
        return tuple(notes)

    def confusion(self, predicted: np.ndarray) -> np.ndarray:
        """(K, K) counts, actual class by ``predicted`` class (N,); labels never seen are left out."""
        known = self.codes < self.classes
        cells = self.codes[known] * self.classes + predicted[known]
        return np.bincount(cells, minlength=self.classes**2).reshape(self.classes, self.classes)

    def scores(self, predicted: np.ndarray) -> tuple[ClassScores, ...]:
        """Of every class, those that training never saw included; ``predicted`` (N,) codes."""
        return class_scores(self.codes, predicted, self.names)

    def log_loss(self, probabilities: np.ndarray | None) -> float:
        """−ln of the probability (N, K) of the actual class, mean; NaN without, or for unseen labels.

        A probability of 0 counts as the smallest step from 1, so that one surprise is not infinite.
        """
        if probabilities is None or self.unseen:
            return float("nan")
        actual = probabilities[np.arange(len(self.codes)), self.codes]
        return float(-np.log(np.maximum(actual, np.finfo(np.float64).eps)).mean())


def checked_probabilities(values: np.ndarray, shape: tuple[int, int], *, name: str) -> np.ndarray:
    """``values`` as float64, its rows adding up to 1 exactly as far as floats do.

    Raises:
        InputError: not of ``shape`` (N, K), or a row is not a probability distribution, within 0.001.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.shape != shape:
        raise InputError(f"{name} must have shape {shape} (rows, classes), got {values.shape}")
    wrong = np.flatnonzero(~((values >= 0) & np.isfinite(values)).all(axis=1))
    if len(wrong):
        row = int(wrong[0])
        bad = next(value for value in values[row].tolist() if not 0 <= value < np.inf)
        raise InputError(f"row {row} of {name} has {bad:g}, expected probabilities from 0 to 1")
    total = values.sum(axis=1)
    wrong = np.flatnonzero(np.abs(total - 1) > 1e-3)
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"row {row} of {name} adds up to {total[row]:.6g}, expected 1; give the softmax of the logits"
        )
    return values / total[:, None]
