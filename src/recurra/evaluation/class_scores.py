"""Precision, recall and F1 of each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra.evaluation.metric import plain


@dataclass(frozen=True)
class ClassScores:
    """How one class was found.

    Attributes:
        label: its name.
        precision: share of its predictions that were right; NaN where it was never predicted.
        recall: share of its occurrences that were found; NaN where it never occurs.
        f1: their harmonic mean; NaN where it neither occurs nor was predicted.
        support: its occurrences.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int

    @classmethod
    def count(cls, label: str, *, found: int, predicted: int, support: int) -> "ClassScores":
        """From how often it was ``found`` rightly, ``predicted`` at all, and occurs."""
        return cls(
            label=label,
            precision=found / predicted if predicted else float("nan"),
            recall=found / support if support else float("nan"),
            f1=2 * found / (predicted + support) if predicted + support else float("nan"),
            support=support,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; what is not defined is None."""
        numbers = plain({"precision": self.precision, "recall": self.recall, "f1": self.f1})
        return {"label": self.label, **numbers, "support": self.support}


def class_scores(actual: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> tuple[ClassScores, ...]:
    """The scores of each of ``names`` from codes, places in it: ``actual`` (N,) and ``predicted`` (N,)."""
    found, guessed, support = (
        np.bincount(codes, minlength=len(names)).tolist()
        for codes in (actual[actual == predicted], predicted, actual)
    )
    return tuple(
        ClassScores.count(name, found=found[code], predicted=guessed[code], support=support[code])
        for code, name in enumerate(names)
    )


def macro_f1(scores: Sequence[ClassScores]) -> float:
    """The mean F1 of the classes that occur or were predicted; each weighs the same, however rare."""
    return float(np.nanmean([score.f1 for score in scores]))
