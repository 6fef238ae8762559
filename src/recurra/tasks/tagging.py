"""Tagging: one label a step."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra._base.validation import below_one
from recurra.artifact import Artifact
from recurra.data import Labelled
from recurra.data.label_values import check_steps, step_labels
from recurra.evaluation import Baselines, fit_tag_baselines
from recurra.runtime import TaggingModel
from recurra.runtime.features import Features
from recurra.tasks.classes import class_counts
from recurra.tasks.sequence_defaults import SequenceDefaults
from recurra.tasks.sequence_estimator import SequenceEstimator
from recurra.tasks.targets import TagTargets


@dataclass(kw_only=True, eq=False, repr=False)
class SequenceTagger(SequenceEstimator):
    """Tell the label of each step of a sequence: of words, of an array (T, I), of an audio clip's frames.

    A recurrent network reads the sequence, words with the characters that they are made of, and a linear
    layer gives the labels of each step their odds. With ``crf`` a linear-chain conditional random field
    weighs the labels of all steps together (Lafferty et al. 2001); labels in BIO or BIOES then keep the rules
    of the scheme, but for those that the training part breaks.

    Args:
        crf: whether labels are weighed together.
        label_smoothing: the share of a target that is spread over all labels, without ``crf`` only; None for
            that of the kind of sequences.

    The other arguments, the way to fit, and what is there once fitted, are those of `SequenceEstimator`.

    Attributes, once fitted:
        classes_: (K,) in order.
    """

    task = "tag"
    model_class = TaggingModel

    crf: bool = False
    label_smoothing: float | None = None

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

    def _labels(self, labels: Any) -> list[list[Any]]:
        return step_labels(labels)

    def _targets(self, labels: Any, defaults: SequenceDefaults) -> TagTargets:
        smoothing = self.label_smoothing
        if smoothing is None:
            smoothing = 0.0 if self.crf else defaults.label_smoothing
        if self.crf and smoothing:
            raise InputError(f"label_smoothing must be 0 or None with crf=True, got {smoothing!r}")
        return TagTargets.of(labels, below_one("label_smoothing", smoothing))

    def _check_lengths(self, part: Labelled, inputs: list[np.ndarray]) -> None:
        check_steps(step_labels(part.labels), list(map(len, inputs)), part.names)

    def _baselines(self, training: Labelled, features: Features) -> Baselines[Any]:
        labels: Any = training.labels
        names = [str(name) for name in class_counts([label for own in labels for label in own])[0]]
        own = features if training.sequences.kind == "audio" else None
        tags = [list(map(str, row)) for row in labels]
        return fit_tag_baselines(training.sequences, tags, names, features=own)

    def _adopt(self, artifact: Artifact) -> None:
        super()._adopt(artifact)
        self.classes_ = self.model_.classes
