"""Whether confidence is earned: how often a classifier is right when it says that it is p sure."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Reliability:
    """The reliability curve in B bins of equal width over [0, 1].

    Attributes:
        confidence: (B,) mean probability of the predicted class; NaN in an empty bin.
        accuracy: (B,) share of right predictions; NaN in an empty bin.
        count: (B,) predictions in the bin.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @classmethod
    def measure(cls, confidence: np.ndarray, right: np.ndarray, *, bins: int = 10) -> "Reliability":
        """From each prediction's ``confidence`` (N,) in [0, 1] and whether it was ``right`` (N,)."""
        place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
        count = np.bincount(place, minlength=bins)

        def mean(values: np.ndarray) -> np.ndarray:
            total = np.bincount(place, weights=values, minlength=bins)
            return np.divide(total, count, out=np.full(bins, np.nan), where=count > 0)

        return cls(confidence=mean(confidence), accuracy=mean(right), count=count)

    @property
    def error(self) -> float:
        """The expected calibration error: mean |accuracy − confidence| (Guo et al. 2017)."""
        filled = self.count > 0
        gap = np.abs(self.accuracy - self.confidence)[filled]
        return float(np.average(gap, weights=self.count[filled]))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; what an empty bin does not have is None."""
        return {
            "confidence": [None if np.isnan(value) else value for value in self.confidence.tolist()],
            "accuracy": [None if np.isnan(value) else value for value in self.accuracy.tolist()],
            "count": self.count.tolist(),
            "error": self.error,
        }
