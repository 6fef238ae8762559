"""How the values of one column are distributed."""

from dataclasses import dataclass, field

import numpy as np

from recurra.diagnosis.fits import Fit, fit_distributions
from recurra.diagnosis.power import Power, find_power
from recurra.diagnosis.quantiles import Quantiles, quantiles

NORMAL_SHARES = (0.6827, 0.9545, 0.9973)
"""Of a Normal distribution within 1, 2 and 3 deviations of its mean."""

_MOST_VALUES = 50_000
_MOST_BINS = 60
_CLOSE = 0.05
_FEWEST_DISTINCT = 10  # a column of fewer is a code, which follows no curve
_PLACES = {
    "lowest": 0.0,
    "1 %": 0.01,
    "5 %": 0.05,
    "25 %": 0.25,
    "median": 0.5,
    "75 %": 0.75,
    "95 %": 0.95,
    "99 %": 0.99,
    "highest": 1.0,
}


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values that a column has, without those that are missing or infinite.

    Attributes:
        count, distinct: of values.
        mean, deviation: the deviation with n − 1 below.
        skewness, kurtosis: 0 for a Normal distribution, both; NaN where all values are equal.
        quantiles: by name, from the lowest to the highest.
        within: the shares of values within 1, 2 and 3 deviations of the mean.
        edges, counts: (B + 1,) and (B,) of the histogram.
        normal: the Q-Q plot against the Normal distribution; None for a code of few values.
        fits: the best first; none for a code of few values.
        power: what makes it more Normal; None likewise.
        drawn: the values drawn at random for the last three, where there are more than 50,000; else None.
    """

    count: int
    distinct: int
    mean: float
    deviation: float
    skewness: float
    kurtosis: float
    quantiles: dict[str, float]
    within: tuple[float, float, float]
    edges: np.ndarray = field(metadata={"picture": True})
    counts: np.ndarray = field(metadata={"picture": True})
    normal: Quantiles | None = field(metadata={"picture": True})
    fits: tuple[Fit, ...]
    power: Power | None
    drawn: int | None

    @property
    def follows(self) -> str:
        """The name of the best fit if it is close, nowhere further off than 5 % of the values; else ""."""
        return self.fits[0].name if self.fits and self.fits[0].distance <= _CLOSE else ""

    @property
    def straightness(self) -> float | None:
        """Of the Q-Q plot against the Normal distribution."""
        return None if self.normal is None else self.normal.straightness


def distribution(values: np.ndarray) -> Distribution | None:
    """How finite ``values`` (n,), below 1e150 in size, are distributed; None if there are none.

    Raises MissingExtraError without SciPy or statsmodels.
    """
    if not len(values):
        return None
    distinct = len(np.unique(values))
    mean, deviation = float(values.mean()), float(values.std(ddof=1)) if distinct > 1 else 0.0
    scaled = (values - mean) / deviation if deviation else np.zeros(len(values))
    within = [float((np.abs(scaled) <= width).mean()) for width in (1, 2, 3)]
    counts, edges = np.histogram(values, bins=_bins(values, distinct))
    curve = distinct >= _FEWEST_DISTINCT
    drawn = _drawn(values)
    return Distribution(
        count=len(values),
        distinct=distinct,
        mean=mean,
        deviation=deviation,
        skewness=float((scaled**3).mean()) if deviation else float("nan"),
        kurtosis=float((scaled**4).mean()) - 3 if deviation else float("nan"),
        quantiles=dict(zip(_PLACES, np.quantile(values, list(_PLACES.values())).tolist())),
        within=(within[0], within[1], within[2]),
        edges=edges,
        counts=counts,
        normal=quantiles(drawn) if curve else None,
        fits=fit_distributions(drawn) if curve else (),
        power=find_power(drawn) if curve else None,
        drawn=len(drawn) if len(drawn) < len(values) else None,
    )


def _bins(values: np.ndarray, distinct: int) -> np.ndarray:
    """The edges of the histogram: Freedman's and Diaconis' width, but 12 to 60 bins."""
    low, high = float(values.min()), float(values.max())
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        half = max(0.5, abs(low) * 1e-6)
        return np.array([low - half, high + half])
    spread = float(np.subtract(*np.quantile(values, [0.75, 0.25])))
    width = 2 * spread / len(values) ** (1 / 3)
    wanted = (high - low) / width if width > 0 else _MOST_BINS
    return np.linspace(low, high, int(np.clip(wanted, min(12, distinct), _MOST_BINS)) + 1)


def _drawn(values: np.ndarray) -> np.ndarray:
    """At most 50,000 of ``values``: at random, as every so many could always meet the same hour of a day."""
    if len(values) <= _MOST_VALUES:
        return values
    return np.random.default_rng(0).choice(values, _MOST_VALUES, replace=False)
