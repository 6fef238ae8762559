"""Temperature scaling: one number that makes a classifier as sure as it is right (Guo et al. 2017)."""

from typing import Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature by which to divide logits so that the log-loss is least.

    It lies within 0.05 and 20. It is 1 where the labels cannot tell: there are none, every row's logits are
    equal, or no label is other than the greatest logit, so that any smaller temperature would look better.

    Args:
        logits: (N, K), of a part that the network was not trained on.
        labels: (N,) whole numbers, the columns of the actual classes.

    Raises:
        InputError: the shapes do not fit, a logit is not finite, or a label is no column.
        MissingExtraError: SciPy, which comes with scikit-learn, is not installed.
    """
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    if z.ndim != 2 or y.shape != z.shape[:1]:
        raise InputError(f"logits must have shape (N, K) and labels (N,), got {z.shape} and {y.shape}")
    if not np.isfinite(z).all():
        raise InputError(f"logits must be finite, got {z[~np.isfinite(z)][0]:g}")
    if len(y) == 0:
        return 1.0
    if y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= z.shape[1]:
        raise InputError(
            f"labels must be whole numbers from 0 to {z.shape[1] - 1}, the columns of logits, "
            f"got {y.min()} to {y.max()} ({y.dtype})"
        )
    margin = z - z[np.arange(len(y)), y, None]  # how far each class is above the actual one
    if not (margin > 0).any():
        return 1.0
    try:
        from scipy.optimize import brentq
        from scipy.special import softmax
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "report") from error

    def slope(scale: float) -> float:
        """d log-loss / d scale, for the scale 1 / temperature, in which the loss is convex."""
        return float((softmax(scale * margin, axis=1) * margin).sum(axis=1).mean())

    lowest, highest = 1 / HIGHEST_TEMPERATURE, 1 / LOWEST_TEMPERATURE
    if slope(lowest) >= 0:
        return HIGHEST_TEMPERATURE
    if slope(highest) <= 0:
        return LOWEST_TEMPERATURE
    scale: Any = brentq(slope, lowest, highest)
    return 1 / scale
