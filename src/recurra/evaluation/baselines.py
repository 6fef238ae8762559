"""Naive baselines, forecast from the same origins as a model, so that its errors have something to beat.

A baseline sees what a model sees: nothing that was observed after the origin. ETS sees the last observed
value wherever one is missing, in its fit as in its forecasts: parameters that were fitted on one pattern of
missing values can diverge on another. The quantiles of a baseline are its point forecast plus the quantiles
of its own errors in the training part, for each step of the horizon.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError, RecurraError
from recurra.data import Series, format_time, last_observed, season_length
from recurra.evaluation.ets import ETS

BASELINES = ("last value", "seasonal naive", "ETS")

_LEAST_ERRORS = 20
_MOST_ERRORS = 10_000

_Forecast = Callable[[np.ndarray], np.ndarray]
"""From origins (n,) to point forecasts (n, horizon)."""


@dataclass(frozen=True)
class BaselineForecast:
    """What one baseline forecasts.

    Attributes:
        point: (W, horizon), in the target's unit.
        quantiles: (W, horizon, Q), or None where the training part has too few errors to draw them from.
        note: how it was made, for people.
    """

    point: np.ndarray
    quantiles: np.ndarray | None
    note: str


def baseline_forecasts(
    series: Series, origins: np.ndarray, *, horizon: int, levels: Sequence[float], train: slice
) -> tuple[dict[str, BaselineForecast], dict[str, str]]:
    """Forecast the target of an imputed ``series`` from ``origins`` with every one of `BASELINES`.

    Args:
        series: the whole of it; what has to be learned is learned from the rows of ``train``.
        origins: (W,) the row of the last known value of each window, none before ``train``.
        horizon: steps ahead.
        levels: (Q,) of the quantiles.
        train: the rows of the training part.

    Returns:
        The forecasts by name; and by name, where there is none, the reason in plain words.
    """
    season = season_length(series.frequency)
    target = np.where(series.observed[:, 0], series.values[:, 0], np.nan)
    first_seen = int(np.argmax(series.observed[:, 0]))
    last_seen = last_observed(series.observed[:, :1])[:, 0]
    carried = series.values[np.maximum(last_seen, first_seen), 0]

    def make_last_value() -> tuple[_Forecast, int, str]:
        return last_value(series, horizon), first_seen, "the last observed value, repeated"

    def make_seasonal_naive() -> tuple[_Forecast, int, str]:
        if season == 1:
            step = "counted rows" if series.frequency is None else f"steps of {series.frequency}"
            raise InputError(f"no season is known for {step}, and without one it is the last value")
        if origins.min() + 1 < season:
            raise InputError(f"the first window has {origins.min() + 1} rows of the {season} in a season")
        note = f"the value {season} steps before"
        return seasonal_naive(series, horizon, season), max(first_seen, season - 1), note

    def make_ets() -> tuple[_Forecast, int, str]:
        ets = ETS.fit(carried[train], season, first_row=train.start)
        if origins.min() < ets.first_row:
            first = format_time(series.time[ets.first_row])
            raise InputError(f"it is fitted on rows from {first} on, and a window begins before")
        missing = int((~series.observed[ets.first_row : train.stop, 0]).sum())
        note = f"{ets.note}{f', {missing} of them the last observed value' if missing else ''}"
        return lambda rows: ets.forecast(carried, rows, horizon), max(first_seen, ets.first_row), note

    forecasts: dict[str, BaselineForecast] = {}
    failed: dict[str, str] = {}
    for name, make in zip(BASELINES, (make_last_value, make_seasonal_naive, make_ets)):
        try:
            forecast, first_origin, note = make()
        except RecurraError as error:
            failed[name] = str(error)
            continue
        point = forecast(origins)
        trained_on = range(max(first_origin, train.start + season), train.stop - horizon)
        errors = _error_quantiles(forecast, target, trained_on, horizon, levels)
        forecasts[name] = BaselineForecast(point, None if errors is None else point[..., None] + errors, note)
    return forecasts, failed


def last_value(series: Series, horizon: int) -> _Forecast:
    """The last observed target, repeated over the horizon."""
    last_seen = last_observed(series.observed[:, :1])[:, 0]
    return lambda origins: np.repeat(series.values[last_seen[origins], :1], horizon, axis=1)


def seasonal_naive(series: Series, horizon: int, season: int) -> _Forecast:
    """The last ``season`` targets, repeated over the horizon."""
    last_seen = last_observed(series.observed[:, :1])
    ahead = np.arange(horizon) % season + 1 - season
    # In a gap at the origin the last observed value stands in: what is imputed there knows the future.
    return lambda origins: series.values[np.minimum(origins[:, None] + ahead, last_seen[origins]), 0]


def _error_quantiles(
    forecast: _Forecast, target: np.ndarray, origins: range, horizon: int, levels: Sequence[float]
) -> np.ndarray | None:
    """Quantiles (horizon, Q) of the errors of ``forecast`` from ``origins``; None if they are too few.

    ``target`` (T,) is NaN where it is missing. Very many origins are thinned out evenly.
    """
    chosen = np.asarray(origins[:: len(origins) // _MOST_ERRORS + 1], dtype=np.int64)
    if len(chosen) < _LEAST_ERRORS:
        return None
    errors = target[chosen[:, None] + np.arange(1, horizon + 1)] - forecast(chosen)
    if np.isfinite(errors).sum(axis=0).min() < _LEAST_ERRORS:
        return None
    return np.nanquantile(errors, levels, axis=0).T
