"""Regression: one number a sequence, with quantiles."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from recurra.data import Labelled
from recurra.data.label_values import number_labels
from recurra.evaluation import Baselines, fit_value_baselines
from recurra.runtime import RegressionModel
from recurra.runtime.features import Features
from recurra.tasks.sequence_defaults import SequenceDefaults
from recurra.tasks.sequence_estimator import SequenceEstimator
from recurra.tasks.sequence_parts import one_column
from recurra.tasks.targets import ValueTargets

LEVELS = (0.1, 0.5, 0.9)


@dataclass(kw_only=True, eq=False, repr=False)
class SequenceRegressor(RegressorMixin, SequenceEstimator):
    """Tell a number that belongs to a sequence, with the quantiles 0.1, 0.5 and 0.9.

    A recurrent network reads the sequence, ``pool`` makes one row of its steps and a linear layer gives the
    quantiles; the median is the prediction.

    Args:
        pool: ``last``, ``mean``, ``max`` or ``attention``; None for that of the kind of sequences.
        target_transform: what the numbers go through before they are learnt, and back after: ``standard``,
            ``robust``, ``log``, ``box-cox`` or ``yeo-johnson``, see `recurra.data.TargetTransform`.

    The other arguments, the way to fit, and what is there once fitted, are those of `SequenceEstimator`.
    """

    task = "regress"
    model_class = RegressionModel
    later: ClassVar[dict[str, Any]] = {**SequenceEstimator.later, "target_transform": "standard"}

    pool: str | None = None
    target_transform: str = "standard"

    model_: RegressionModel = field(init=False)

    def predict(self, X: Any) -> np.ndarray:
        """The median for each sequence, (N,), in the target's unit."""
        return super().predict(X)

    def predict_quantiles(self, X: Any) -> np.ndarray:
        """The quantiles 0.1, 0.5 and 0.9 for each sequence, (N, 3), in the target's unit."""
        check_is_fitted(self)
        return self.model_.predict_quantiles(X)

    def _labels(self, labels: Any) -> np.ndarray:
        return number_labels(one_column(labels))

    def _targets(self, labels: Any, defaults: SequenceDefaults) -> ValueTargets:  # noqa: ARG002
        return ValueTargets.of(labels, LEVELS, self.target_transform)

    def _baselines(self, training: Labelled, features: Features) -> Baselines[Any]:  # noqa: ARG002
        return fit_value_baselines(training.sequences, number_labels(training.labels), levels=LEVELS)
