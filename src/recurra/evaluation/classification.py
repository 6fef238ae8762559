"""The evaluation of a classifier: its metrics and those of the baselines, on the very same sequences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra.evaluation.class_metrics import Coded, checked_probabilities
from recurra.evaluation.class_scores import ClassScores, macro_f1
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.fitted_baselines import BaselineOutputs
from recurra.evaluation.metric import Metric
from recurra.evaluation.reliability import Reliability


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassificationEvaluation(Comparison):
    """How a classifier and the baselines did on N labels.

    Attributes:
        classes: the K that the model knows.
        labels: (N,) actual ones.
        probabilities: (N, K) of the model, float64.
        by_class: precision, recall, F1 and support of each class, then of each label never seen in training.
        confusion: (K, K) counts, actual class by predicted class; labels never seen in training are left out.
        reliability: how often the model was right by how sure it was.
        accuracy_standard_error: √(p (1 − p) / N) for the accuracy p.
    """

    METRICS = (
        Metric("accuracy", "Accuracy", "share of the labels that are predicted rightly", 1.0, 100.0, " %"),
        Metric("macro_f1", "Macro F1", "mean F1 of the classes: each weighs the same, however rare", 1.0),
        Metric("log_loss", "Log-loss", "−ln of the probability of the actual class, mean: judges the odds"),
    )
    COUNTED = "label"

    classes: tuple[str, ...]
    labels: tuple[str, ...]
    probabilities: np.ndarray
    by_class: tuple[ClassScores, ...]
    confusion: np.ndarray
    reliability: Reliability
    accuracy_standard_error: float

    @property
    def predicted(self) -> list[str]:
        """(N,) the most probable class, the first where two are equal."""
        return [self.classes[code] for code in self.probabilities.argmax(axis=1)]

    def to_dict(self) -> dict[str, Any]:
        """As `Comparison.to_dict`, with the scores by class, the confusion and the reliability curve."""
        return {
            **super().to_dict(),
            "accuracy_standard_error": self.accuracy_standard_error,
            "classes": list(self.classes),
            "by_class": [scores.to_dict() for scores in self.by_class],
            "confusion": self.confusion.tolist(),
            "reliability": self.reliability.to_dict(),
        }


def evaluate_labels(
    labels: Sequence[str],
    probabilities: np.ndarray,
    classes: Sequence[str],
    *,
    baselines: BaselineOutputs[np.ndarray] | None = None,
) -> ClassificationEvaluation:
    """Score class ``probabilities`` beside those of the baselines.

    Args:
        labels: (N,) actual ones; one that is not in ``classes`` counts as wrong.
        probabilities: (N, K) of the model, each row adding up to 1.
        classes: (K,) in the order of the columns.
        baselines: what `Baselines.on` says of the same sequences.

    Raises:
        InputError: there are no labels, the shapes do not fit, or a row is not a probability distribution.
    """
    coded = Coded.of(labels, classes)
    shape = (len(labels), len(classes))
    ours = checked_probabilities(probabilities, shape, name="probabilities")
    baselines = baselines or BaselineOutputs({}, {}, {})
    theirs = {
        name: checked_probabilities(output, shape, name=f"the probabilities of {name}")
        for name, output in baselines.outputs.items()
    }
    predicted = ours.argmax(axis=1)
    metrics = _metrics(coded, ours)
    return ClassificationEvaluation(
        metrics=metrics,
        baselines={name: _metrics(coded, output) for name, output in theirs.items()},
        failed_baselines=dict(baselines.failed),
        baseline_notes=dict(baselines.notes),
        notes=coded.notes,
        count=len(labels),
        classes=tuple(classes),
        labels=tuple(labels),
        probabilities=ours,
        by_class=coded.scores(predicted),
        confusion=coded.confusion(predicted),
        reliability=Reliability.measure(ours.max(axis=1), predicted == coded.codes),
        accuracy_standard_error=math.sqrt(metrics["accuracy"] * (1 - metrics["accuracy"]) / len(labels)),
    )


def _metrics(coded: Coded, probabilities: np.ndarray) -> dict[str, float]:
    predicted = probabilities.argmax(axis=1)
    return {
        "accuracy": float((predicted == coded.codes).mean()),
        "macro_f1": macro_f1(coded.scores(predicted)),
        "log_loss": coded.log_loss(probabilities),
    }
