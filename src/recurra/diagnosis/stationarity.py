"""Whether a series keeps its level: two tests whose null hypotheses are each other's opposite.

The augmented Dickey-Fuller test (ADF; Said & Dickey 1984) takes for granted that a series wanders, and KPSS
(Kwiatkowski, Phillips, Schmidt & Shin 1992) that it does not; only together do they tell what they can't.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra.diagnosis.libraries import scipy, statsmodels

_MOST_ROWS = 5000
_FEWEST_ROWS = 20
_TABLE = (0.01, 0.1)  # KPSS has p-values between these alone
_SURE = 0.05  # of ADF; KPSS is sure at its table's end, or every twentieth healthy column would drift

MEANINGS = {
    "stationary": "It keeps one level.",
    "trend": "It keeps to a straight line that rises or falls.",
    "wanders": "It wanders, or jumps from level to level: where it was says little about where it goes.",
    "shifts": "It does not wander, but its level is not constant: steps, bends or slow swings.",
    "unclear": "There is too little data, or too much noise, to tell.",
}
"""What each verdict means."""


@dataclass(frozen=True)
class UnitRoot:
    """One test.

    Attributes:
        statistic: of the test.
        p_value: of its null hypothesis; of KPSS between 0.01 and 0.1, its table's ends.
    """

    statistic: float
    p_value: float


@dataclass(frozen=True)
class Stationarity:
    """Both tests, around a constant level and around a straight line.

    Attributes:
        verdict: one of `MEANINGS`.
        level: ADF, whose null hypothesis is that it wanders, and KPSS, that it does not.
        line: the same around a straight line.
        rows: that the tests saw.
        block: how many rows each of them is the mean of.
    """

    verdict: str
    level: tuple[UnitRoot, UnitRoot]
    line: tuple[UnitRoot, UnitRoot]
    rows: int
    block: int

    @property
    def meaning(self) -> str:
        """The verdict in a sentence."""
        return MEANINGS[self.verdict]


def find_stationarity(values: np.ndarray) -> Stationarity | None:
    """Test ``values`` (T,), finite and in order of time; None for fewer than 20, a constant, or a
    straight line.

    More than 5,000 are averaged in blocks first, which keeps what wanders. ADF has as many lags as AIC likes,
    KPSS as Hobijn et al. (1998). Raises MissingExtraError without statsmodels.
    """
    block = -(-len(values) // _MOST_ROWS)
    means = values[: len(values) // block * block].reshape(-1, block).mean(axis=1) if block else values
    if len(means) < _FEWEST_ROWS or not means.std() > 1e-9 * np.abs(means).max():
        return None
    means = (means - means.mean()) / means.std()
    if not scipy("signal").detrend(means).std() > 1e-9:
        return None
    tests = {}
    for around in ("c", "ct"):
        found = _adf(means, around), _kpss(means, around)
        if not all(np.isfinite(test.statistic) for test in found):
            return None
        tests[around] = found
    level, line = _verdict(*tests["c"]), _verdict(*tests["ct"])
    verdict = "trend" if level != "stationary" and line == "stationary" else level
    return Stationarity(verdict, tests["c"], tests["ct"], len(means), block)


def _verdict(adf: UnitRoot, kpss: UnitRoot) -> str:
    drifts = kpss.p_value <= _TABLE[0]
    if adf.p_value < _SURE:
        return "shifts" if drifts else "stationary"
    return "wanders" if drifts else "unclear"


def _adf(values: np.ndarray, around: str) -> UnitRoot:
    try:
        return _quietly(statsmodels("tsa.stattools").adfuller, values, regression=around, autolag="AIC")
    except (ValueError, np.linalg.LinAlgError):  # lags that explain each other in full
        return UnitRoot(np.nan, np.nan)


def _kpss(values: np.ndarray, around: str) -> UnitRoot:
    found = _quietly(statsmodels("tsa.stattools").kpss, values, regression=around, nlags="auto")
    return UnitRoot(found.statistic, float(np.clip(found.p_value, *_TABLE)))


def _quietly(test: Any, values: np.ndarray, **options: Any) -> UnitRoot:
    # It warns of p-values beyond its table, which are bounds here, and of how it will return them.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = test(values, **options)
    return UnitRoot(float(found[0]), float(found[1]))
