"""Which periods a series repeats itself in.

As in Vlachos, Yu & Castelli, "On Periodicity Detection and Structural Periodicity" (2005), the periodogram
proposes and the autocorrelation decides: a peak of the one counts where the other has a hill. A peak is one
against the median of its surroundings, an octave to each side, so that what merely wanders has none.
"""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np

from recurra.diagnosis.libraries import scipy, statsmodels

_FEWEST_ROWS = 24
_FEWEST_CYCLES = 3
_FEW_FREQUENCIES = 8
_CHANCE = 1e-3  # of any peak at all in noise
_LEAST_STRENGTH = 0.05
_MOST_SEASONS = 4
_HARMONICS = 4
_MOST_LAGS, _MOST_DRAWN = 4000, 600
_MOST_ROWS = 2**20


@dataclass(frozen=True)
class Season:
    """One period.

    Attributes:
        period: in steps.
        strength: the share of the variance around the mean of a period that repeats in each, 0 to 1.
        autocorrelation: at the lag of a period, trend taken out.
    """

    period: float
    strength: float
    autocorrelation: float


@dataclass(frozen=True, eq=False)
class Seasonality:
    """The periods of a series, and what they were found in.

    Attributes:
        seasons: the strongest first; none if it does not repeat itself.
        lags, autocorrelation: (L,) of the series without its straight line.
        band: what autocorrelations of noise stay below, in 95 of 100.
        periods, power: (F,) of the periodogram, in steps; shares of the highest peak.
        rows: that were looked at.
        longest: the longest period, in steps, that so many rows can show.
    """

    seasons: tuple[Season, ...]
    lags: np.ndarray = field(metadata={"picture": True})
    autocorrelation: np.ndarray = field(metadata={"picture": True})
    band: float
    periods: np.ndarray = field(metadata={"picture": True})
    power: np.ndarray = field(metadata={"picture": True})
    rows: int
    longest: float


def find_seasonality(values: np.ndarray) -> Seasonality | None:
    """The periods of ``values`` (T,), finite, on a regular grid; None for fewer than 24, or a constant.

    A period has to come three times at least; of more than a million rows the last million count. Raises
    MissingExtraError without SciPy or statsmodels.
    """
    values = values[-_MOST_ROWS:]
    if len(values) < _FEWEST_ROWS or not np.ptp(values) > 1e-9 * np.abs(values).max():
        return None
    signal = scipy("signal")
    straight = signal.detrend((values - values.mean()) / np.abs(values - values.mean()).max())
    if not straight.std() > 1e-9:
        return None
    frequencies, power = signal.periodogram(straight, window="hann", detrend=False)
    correlation = _autocorrelation(straight)
    seasons = _seasons(values, frequencies, power, correlation)
    longest = max((season.period for season in seasons), default=20.0)
    lags = np.arange(min(len(correlation), max(int(3.2 * longest), 40) + 1))
    lags = lags[:: -(-len(lags) // _MOST_DRAWN)]
    shown = _peaks(power[1:], _MOST_DRAWN) + 1
    return Seasonality(
        seasons=seasons,
        lags=lags,
        autocorrelation=correlation[lags],
        band=1.96 / math.sqrt(len(values)),
        periods=1 / frequencies[shown],
        power=power[shown] / power.max(),
        rows=len(values),
        longest=len(values) / _FEWEST_CYCLES,
    )


def _seasons(
    values: np.ndarray, frequencies: np.ndarray, power: np.ndarray, correlation: np.ndarray
) -> tuple[Season, ...]:
    background = _background(power)
    # The spectrum is its own mirror image beyond the highest frequency, which may be a peak, too.
    power, background = np.append(power, power[-2]), np.append(background, background[-1])
    # Power over its median is exponential where there is noise alone.
    threshold = math.log(len(power) / _CHANCE) / math.log(2)
    inner = np.arange(_FEWEST_CYCLES, len(power) - 1)
    # The surroundings of the longest periods are but a few frequencies, whose median is worth less.
    least = threshold * np.where(inner < _FEW_FREQUENCIES, 3.0, 1.0)
    peaks = inner[
        (power[inner] > least * background[inner])
        & (power[inner] >= power[inner - 1])
        & (power[inner] >= power[inner + 1])
    ]
    found: list[Season] = []
    powers: list[float] = []
    for place in peaks[np.argsort(-power[peaks])][: 2 * _MOST_SEASONS]:
        period = 1 / (frequencies[1] * _vertex(power, int(place)))
        if not 2 <= period <= len(values) / _FEWEST_CYCLES or any(
            _is_harmonic(period, other.period) and power[place] < strong
            for other, strong in zip(found, powers)
        ):
            continue
        height = _at(correlation, period)
        hill = height - (_at(correlation, period / 2) + _at(correlation, 1.5 * period)) / 2
        strength = _strength(values, period)
        if min(hill, height) > 2 / math.sqrt(len(values)) and strength >= _LEAST_STRENGTH:
            found.append(Season(period, strength, height))
            powers.append(float(power[place]))
    alone = [
        season
        for season in found
        if not any(
            _is_harmonic(season.period, other.period) and season.strength < other.strength for other in found
        )
    ]
    return tuple(sorted(alone, key=lambda season: -season.strength)[:_MOST_SEASONS])


def _autocorrelation(straight: np.ndarray) -> np.ndarray:
    lags = min(len(straight) - 1, max(len(straight) // 2, 1))
    return np.asarray(statsmodels("tsa.stattools").acf(straight, nlags=lags, fft=True))


def _background(power: np.ndarray) -> np.ndarray:
    """The median of ``power`` (F,) within an octave to each side of each frequency, from some of them."""
    places = np.unique(np.geomspace(1, len(power) - 1, 80).round().astype(np.int64))
    medians = [np.median(power[max(1, p // 2) : 2 * p + 2]) for p in places]
    logs = np.log(np.maximum(medians, np.finfo(float).tiny))
    return np.exp(np.interp(np.log(np.maximum(np.arange(len(power)), 1)), np.log(places), logs))


def _vertex(power: np.ndarray, place: int) -> float:
    """Where the parabola through a peak's logarithm and its neighbours' is highest, in steps of frequency."""
    left, middle, right = np.log(np.maximum(power[place - 1 : place + 2], np.finfo(float).tiny))
    bend = left - 2 * middle + right
    return place + (0.5 * (left - right) / bend if bend < 0 else 0.0)


def _is_harmonic(period: float, of: float) -> bool:
    """Whether ``period`` fits into another a whole number of times."""
    times = of / period
    return times > 1.5 and abs(times - round(times)) < 0.03 * round(times)


def _at(correlation: np.ndarray, lag: float) -> float:
    """The autocorrelation at a lag that may lie between two; 0 beyond the last."""
    return float(np.interp(lag, np.arange(len(correlation)), correlation, right=0.0))


def _strength(values: np.ndarray, period: float) -> float:
    """How much of what varies around a moving mean of one period a fixed wave of four harmonics explains."""
    width = max(2, round(period))
    total = np.cumsum(np.concatenate([[0.0], values - values.mean()]))
    moving = (total[width:] - total[:-width]) / width
    start = width // 2
    around = (values - values.mean())[start : start + len(moving)] - moving
    variance = float(around.var())
    if not variance > 0:
        return 0.0
    phase = 2 * np.pi * np.arange(start, start + len(moving)) / period
    waves = [
        wave(k * phase)
        for k in range(1, _HARMONICS + 1)
        if period / k >= 2
        for wave in ((np.cos, np.sin) if period / k > 2.001 else (np.cos,))
    ]
    design = np.column_stack(waves)
    explained = design @ np.linalg.lstsq(design, around, rcond=None)[0]
    return float(np.clip(1 - (around - explained).var() / variance, 0.0, 1.0))


def _peaks(power: np.ndarray, most: int) -> np.ndarray:
    """The highest place of each of at most ``most`` stretches of ``power``, even on a logarithmic axis."""
    if len(power) <= most:
        return np.arange(len(power))
    edges = np.unique(np.geomspace(1, len(power), most + 1).round().astype(np.int64)) - 1
    return np.array([start + int(power[start:stop].argmax()) for start, stop in itertools.pairwise(edges)])
