"""Classification: one class a sequence."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra._base.validation import below_one
from recurra.artifact import Artifact
from recurra.data import Labelled, TextFeatures, TextWords, WordFeatures
from recurra.data.label_values import class_labels
from recurra.evaluation import Baselines, fit_label_baselines, fit_temperature
from recurra.runtime import ClassificationModel
from recurra.runtime.features import Features
from recurra.tasks.classes import class_counts
from recurra.tasks.naive_bayes import log_count_ratios
from recurra.tasks.sequence_defaults import SequenceDefaults
from recurra.tasks.sequence_estimator import SequenceEstimator
from recurra.tasks.sequence_examples import SequenceExamples
from recurra.tasks.sequence_network import LabelNetwork
from recurra.tasks.sequence_parts import one_column
from recurra.tasks.targets import ClassTargets, Targets

_BAG_SHARE = np.float32(0.5)  # naive Bayes takes words for independent, and so is surer than it should be


@dataclass(kw_only=True, eq=False, repr=False)
class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """Tell the class of a sequence: a text, a list of words, an array (T, I) or an audio clip.

    A recurrent network reads the sequence, ``pool`` makes one row of its steps and a linear layer gives the
    classes their odds, which one temperature calibrates on the validation part (Guo et al. 2017).

    Args:
        pool: ``last``, ``mean``, ``max`` or ``attention``; None for that of the kind of sequences.
        class_weight: None, ``balanced`` for classes that all weigh the same, or a dict of weights by class.
        label_smoothing: the share of a target that is spread over all classes (Szegedy et al. 2016); None for
            that of the kind of sequences.
        bag: whether naive Bayes on the words and pairs of words of the training part helps the network decide
            (Wang & Manning 2012); None for texts cut into words alone, where it knows what is rare.

    The other arguments, the way to fit, and what is there once fitted, are those of `SequenceEstimator`.

    Attributes, once fitted:
        classes_: (K,) in the order of `predict_proba`'s columns.
    """

    task = "classify"
    model_class = ClassificationModel

    pool: str | None = None
    class_weight: Any = None
    label_smoothing: float | None = None
    bag: bool | None = None

    model_: ClassificationModel = field(init=False)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each sequence, (N,)."""
        return super().predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (N, K) of the classes, see `recurra.runtime.ClassificationModel`."""
        check_is_fitted(self)
        return self.model_.predict_proba(X)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The estimator that was saved to ``path``; raises ArtifactError for a file that is none."""
        estimator = super().load(path)
        if isinstance(estimator.class_weight, dict):  # a file has only texts for names
            by_text = {str(name): name for name in estimator.classes_.tolist()}
            weights = estimator.class_weight.items()
            estimator.class_weight = {by_text.get(text, text): weight for text, weight in weights}
        return estimator

    def _labels(self, labels: Any) -> list[Any]:
        return class_labels(one_column(labels)).tolist()

    def _targets(self, labels: Any, defaults: SequenceDefaults) -> ClassTargets:
        smoothing = defaults.label_smoothing if self.label_smoothing is None else self.label_smoothing
        return ClassTargets.of(labels, self.class_weight, below_one("label_smoothing", smoothing))

    def _bag(
        self, features: Features, targets: Targets, training: SequenceExamples
    ) -> tuple[np.ndarray, np.ndarray] | None:
        if not isinstance(self.bag, bool | np.bool | None):
            raise InputError(f"bag must be True, False or None, got {self.bag!r}")
        words = _word_count(features)
        if not (
            words is not None and not isinstance(features, WordFeatures) if self.bag is None else self.bag
        ):
            return None
        if words is None:
            level = features.level if isinstance(features, TextFeatures) else self.level
            raise InputError(f"bag=True needs texts cut into words, got level={level!r}")
        weight, pairs = log_count_ratios(
            training.inputs,
            np.asarray(training.targets),
            training.weights,
            words,
            targets.outputs,
        )
        return _BAG_SHARE * weight, pairs

    def _baselines(self, training: Labelled, features: Features) -> Baselines[np.ndarray]:  # noqa: ARG002
        labels: Any = training.labels
        names = [str(name) for name in class_counts(labels)[0]]
        return fit_label_baselines(training.sequences, list(map(str, labels)), names)

    def _fields(
        self, targets: Targets, network: LabelNetwork, validation: SequenceExamples
    ) -> dict[str, Any]:
        return {**targets.fields(), "temperature": _temperature(network, validation)}

    def _adopt(self, artifact: Artifact) -> None:
        super()._adopt(artifact)
        self.classes_ = self.model_.classes


def _word_count(features: Features) -> int | None:
    """How many words the features know; None where they know no words."""
    match features:
        case TextWords() | WordFeatures():
            return features.word_count
        case TextFeatures(level="word"):
            return features.size
        case _:
            return None


def _temperature(network: LabelNetwork, validation: SequenceExamples) -> float:
    network.eval()
    logits = []
    with torch.no_grad():
        for rows in torch.arange(len(validation)).split(256):
            x, lengths, *_ = validation[rows]
            logits.append(network.whole(x, lengths).numpy())
    return fit_temperature(np.concatenate(logits), np.asarray(validation.targets))
