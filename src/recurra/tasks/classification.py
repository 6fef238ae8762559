"""Classification: one class a sequence."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from recurra._base.validation import probability
from recurra.artifact import Artifact
from recurra.data import Labelled
from recurra.evaluation import Baselines, fit_label_baselines, fit_temperature
from recurra.runtime import ClassificationModel
from recurra.runtime.features import Features
from recurra.tasks.classes import class_counts
from recurra.tasks.sequence_estimator import SequenceEstimator
from recurra.tasks.sequence_examples import SequenceExamples
from recurra.tasks.sequence_network import SequenceNetwork
from recurra.tasks.targets import ClassTargets, Targets


@dataclass(kw_only=True, eq=False, repr=False)
class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """Tell the class of a sequence: a text, a list of words, an array (T, I) or an audio clip.

    A recurrent network reads the sequence, ``pool`` makes one row of its steps and a linear layer gives the
    classes their odds, which one temperature calibrates on the validation part (Guo et al. 2017).

    Args:
        pool: ``last``, ``mean``, ``max`` or ``attention``; None for that of the kind of sequences.
        class_weight: None, ``balanced`` for classes that all weigh the same, or a dict of weights by class.
        label_smoothing: the share of a target that is spread over all classes (Szegedy et al. 2016).

    The other arguments, the way to fit, and what is there once fitted, are those of `SequenceEstimator`.

    Attributes, once fitted:
        classes_: (K,) in the order of `predict_proba`'s columns.
    """

    task = "classify"
    model_class = ClassificationModel

    pool: str | None = None
    class_weight: Any = None
    label_smoothing: float = 0.0

    model_: ClassificationModel = field(init=False)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each sequence, (N,)."""
        return super().predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (N, K) of the classes, see `recurra.runtime.ClassificationModel`."""
        check_is_fitted(self)
        return self.model_.predict_proba(X)

    def _targets(self, labels: Any) -> ClassTargets:
        smoothing = probability("label_smoothing", self.label_smoothing)
        return ClassTargets.of(labels, self.class_weight, smoothing)

    def _baselines(self, training: Labelled, features: Features) -> Baselines[np.ndarray]:
        classes, _ = class_counts(training.labels)
        names = [str(name) for name in classes]
        labels = [str(label) for label in training.labels]
        own = features if training.sequences.kind == "audio" else None
        return fit_label_baselines(training.sequences, labels, names, features=own)

    def _fields(
        self, targets: Targets, network: SequenceNetwork, validation: SequenceExamples
    ) -> dict[str, Any]:
        return {**targets.fields(), "temperature": _temperature(network, validation)}

    def _adopt(self, artifact: Artifact) -> None:
        super()._adopt(artifact)
        self.classes_ = self.model_.classes


def _temperature(network: SequenceNetwork, validation: SequenceExamples) -> float:
    network.eval()
    logits = []
    with torch.no_grad():
        for rows in torch.arange(len(validation)).split(256):
            x, lengths, *_ = validation[rows]
            logits.append(network(x, lengths).numpy())
    return fit_temperature(np.concatenate(logits), np.asarray(validation.targets))
