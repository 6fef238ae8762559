"""aeon's own checks of classifiers, through an adapter as thin as a user would write.

aeon asks for older NumPy and pandas than the ones that this project is tested with, so that it has an
environment of its own: `make test-aeon`.
"""

from typing import Any

import numpy as np
import pytest

from recurra.tasks import SequenceClassifier

pytest.importorskip("aeon", reason="aeon is not installed; make test-aeon runs these tests")

from aeon.classification.base import BaseClassifier
from aeon.testing.estimator_checking import parametrize_with_checks


class RecurraClassifier(BaseClassifier):
    """Cases (channels, timepoints) of one length, or of several, as series (T, I)."""

    _tags: dict[str, Any] = {  # noqa: RUF012
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "X_inner_type": ["np-list", "numpy3D"],
        "algorithm_type": "deeplearning",
    }

    def __init__(self, hidden_size: int = 8, epochs: int = 2, random_state: int | None = None) -> None:
        self.hidden_size = hidden_size
        self.epochs = epochs
        self.random_state = random_state
        super().__init__()

    def _fit(self, X: Any, y: np.ndarray) -> "RecurraClassifier":
        self.model_ = SequenceClassifier(
            hidden_size=self.hidden_size, epochs=self.epochs, seed=self.random_state or 0
        ).fit([case.T for case in X], y)
        return self

    def _predict(self, X: Any) -> np.ndarray:
        return self.model_.predict([case.T for case in X])

    def _predict_proba(self, X: Any) -> np.ndarray:
        return self.model_.predict_proba([case.T for case in X])


@parametrize_with_checks([RecurraClassifier])
def test_aeon_s_checks(check):
    check()
