"""Tagging: one label a step."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra._base.validation import probability
from recurra.artifact import Artifact
from recurra.data import Labelled
from recurra.evaluation import Baselines, fit_tag_baselines
from recurra.runtime import TaggingModel
from recurra.runtime.features import Features
from recurra.tasks.sequence_defaults import SequenceDefaults
from recurra.tasks.sequence_estimator import SequenceEstimator
from recurra.tasks.sequence_examples import SequenceExamples
from recurra.tasks.targets import TagTargets, Targets, check_steps


@dataclass(kw_only=True, eq=False, repr=False)
class SequenceTagger(SequenceEstimator):
    """Tell the label of each step of a sequence: of words, of an array (T, I), of an audio clip's frames.

    A recurrent network reads the sequence, words with the characters that they are made of, and a linear layer
    gives the labels of each step their odds. With ``crf`` a linear-chain conditional random field weighs the
    labels of all steps together (Lafferty et al. 2001); labels in BIO or BIOES keep the rules of the scheme.

    Args:
        crf: whether labels are weighed together.
        label_smoothing: the share of a target that is spread over all labels; without ``crf`` only.

    The other arguments, the way to fit, and what is there once fitted, are those of `SequenceEstimator`.

    Attributes, once fitted:
        classes_: (K,) in order.
    """

    task = "tag"
    model_class = TaggingModel

    crf: bool = False
    label_smoothing: float = 0.0

    model_: TaggingModel = field(init=False)

    def predict(self, X: Any) -> list[list[Any]]:
        """The label of each step, N lists of T_i."""
        return super().predict(X)

    def predict_proba(self, X: Any) -> list[np.ndarray]:
        """Probabilities of each step's labels, N arrays (T_i, K); InputError with ``crf``, which has none."""
        check_is_fitted(self)
        return self.model_.predict_proba(X)

    def score(self, X: Any, y: Any = None) -> float:
        """The share of steps that get their label."""
        return self.evaluate(X, y).metrics["accuracy"]

    def _pool(self, defaults: SequenceDefaults) -> None:  # noqa: ARG002
        return None

    def _targets(self, labels: Any) -> TagTargets:
        smoothing = probability("label_smoothing", self.label_smoothing)
        if not isinstance(self.crf, bool | np.bool):
            raise InputError(f"crf must be True or False, got {self.crf!r}")
        if self.crf and smoothing:
            raise InputError(f"label_smoothing must be 0 with crf=True, got {smoothing:g}")
        return TagTargets.of(labels, smoothing)

    def _examples(
        self, part: Labelled, features: Features, targets: Targets, weights: np.ndarray, name: str
    ) -> SequenceExamples:
        inputs = features(part.sequences.items)
        check_steps(part.labels, np.array([len(x) for x in inputs]))
        return SequenceExamples(inputs, targets.encode(part.labels, name), weights)

    def _baselines(self, training: Labelled, features: Features) -> Baselines[Any]:
        labels = [[str(tag) for tag in row] for row in training.labels]
        classes = [str(name) for name in TagTargets.of(training.labels, 0.0).classes]
        own = features if training.sequences.kind == "audio" else None
        return fit_tag_baselines(training.sequences, labels, classes, features=own)

    def _adopt(self, artifact: Artifact) -> None:
        super()._adopt(artifact)
        self.classes_ = self.model_.classes
