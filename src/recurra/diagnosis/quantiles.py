"""Q-Q plots: the values of a column beside those that the Normal distribution would have in their places."""

from dataclasses import dataclass

import numpy as np

from recurra.diagnosis.libraries import scipy

_MOST_POINTS = 300


@dataclass(frozen=True, eq=False)
class Quantiles:
    """A Q-Q plot against the Normal distribution.

    Attributes:
        theory: (P,) what the standard Normal has at the places of the points; medians of order statistics.
        values: (P,) what the column has there, lowest first; at most 300, both ends among them.
        slope, intercept: of the line through all points.
        straightness: the correlation of both over all points (Filliben 1975): 1 is a straight line.
    """

    theory: np.ndarray
    values: np.ndarray
    slope: float
    intercept: float
    straightness: float


def quantiles(values: np.ndarray) -> Quantiles | None:
    """The Q-Q plot of finite ``values`` (n,); None for fewer than 3, or where they are all but equal.

    Raises MissingExtraError without SciPy.
    """
    size = float(np.abs(values).max(initial=0.0))
    if len(values) < 3 or not np.ptp(values) > 1e-12 * size:
        return None
    (theory, ordered), (slope, intercept, straightness) = scipy("stats").probplot(values)
    # Denser at the ends, where a Q-Q plot tells most.
    places = (1 - np.cos(np.linspace(0, np.pi, min(len(values), _MOST_POINTS)))) / 2 * (len(values) - 1)
    shown = np.unique(places.round().astype(np.int64))
    return Quantiles(
        theory[shown], ordered[shown], float(slope), float(intercept), min(float(straightness), 1.0)
    )
