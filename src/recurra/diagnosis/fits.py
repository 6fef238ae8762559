"""Which of three well-known distributions the values of a column follow, and how well.

Parameters are those of maximum likelihood, which SciPy finds. The distance is Kolmogorov's and Smirnov's.
Since the parameters were fitted to the same values, their usual table does not hold; p-values are Lilliefors'
(statsmodels): of the values for the Normal, of their logarithms for the log-normal, and for the Pareto of the
logarithms above the lowest value, which are exponential. All of it takes values for independent.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recurra.diagnosis.libraries import scipy, statsmodels

_FEWEST = 8
_LEAST_P = 0.001  # of Lilliefors' tables


@dataclass(frozen=True)
class Fit:
    """One distribution, fitted.

    Attributes:
        name: "Normal", "log-normal" or "Pareto".
        parameters: by name: mean and deviation; median and deviation of the logarithm; lowest value and
            exponent.
        aic: Akaike's criterion, −2 ln likelihood + 2 · parameters: less is better, on the same values.
        distance: the widest gap between the shares of values below any number, found and fitted, 0 to 1.
        p_value: of so wide a gap by chance, at least 0.001.
    """

    name: str
    parameters: dict[str, float]
    aic: float
    distance: float
    p_value: float

    @property
    def rejected(self) -> bool:
        """Whether chance alone would hardly (1 %) make such values, were they independent."""
        return self.p_value < 0.01


def fit_distributions(values: np.ndarray) -> tuple[Fit, ...]:
    """The fits to finite ``values`` (n,), the lowest AIC first; none for fewer than 8 or all equal.

    The log-normal and the Pareto are for values above 0. Raises MissingExtraError without SciPy or
    statsmodels.
    """
    if len(values) < _FEWEST or not np.ptp(values):
        return ()
    candidates = [_normal, *((_log_normal, _pareto) if values.min() > 0 else ())]
    with np.errstate(all="ignore"):
        found = [fit(values) for fit in candidates]
    return tuple(sorted((fit for fit in found if fit is not None), key=lambda fit: fit.aic))


def _normal(values: np.ndarray) -> Fit | None:
    mean, deviation = scipy("stats").norm.fit(values)
    density = scipy("stats").norm(mean, deviation).logpdf
    return _fit("Normal", {"mean": mean, "deviation": deviation}, values, density, values, "norm")


def _log_normal(values: np.ndarray) -> Fit | None:
    deviation, _, median = scipy("stats").lognorm.fit(values, floc=0)
    if not deviation > 0:
        return None
    density = scipy("stats").lognorm(deviation, 0, median).logpdf
    parameters = {"median": median, "deviation of ln": deviation}
    return _fit("log-normal", parameters, values, density, np.log(values), "norm")


def _pareto(values: np.ndarray) -> Fit | None:
    exponent, _, lowest = scipy("stats").pareto.fit(values, floc=0)
    density = scipy("stats").pareto(exponent, 0, lowest).logpdf
    above = np.sort(np.log(values / values.min()))[1:]
    return _fit("Pareto", {"lowest": lowest, "exponent": exponent}, values, density, above, "exp")


def _fit(
    name: str,
    parameters: dict[str, float],
    values: np.ndarray,
    log_density: Callable[[np.ndarray], np.ndarray],
    tested: np.ndarray,
    family: str,
) -> Fit | None:
    """A fit whose ``tested`` values are of a ``family`` that Lilliefors has tables for; None if it failed."""
    aic = 2 * len(parameters) - 2 * float(log_density(values).sum())
    if not (np.isfinite(aic) and np.ptp(tested) and np.isfinite(tested).all()):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values that are all but equal divide by nothing
        distance, p_value = statsmodels("stats.diagnostic").lilliefors(tested, dist=family)
    if not (np.isfinite(distance) and np.isfinite(p_value)):
        return None
    plain = {key: float(value) for key, value in parameters.items()}
    return Fit(name, plain, aic, float(distance), float(max(p_value, _LEAST_P)))
