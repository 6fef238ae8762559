"""Exponential smoothing (ETS, additive errors): fitted once, then filtered forward to any origin.

    y_t = l_{t-1} + φ b_{t-1} + s_{t-m} + e_t        l level, b trend, s season of m steps
    l_t = l_{t-1} + φ b_{t-1} + α e_t
    b_t = φ b_{t-1} + β e_t
    s_t = s_{t-m} + γ e_t

Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing, 2008, table 2.1. Where y_t is missing
nothing is learned from it: e_t = 0, so a forecast never depends on what came after its origin. The fit is
statsmodels'; the filter is written out here, because statsmodels can forecast from the end of a series only.
"""

import itertools
import warnings
from dataclasses import dataclass, replace

import numpy as np

from recurra._base.errors import InputError, MissingExtraError

# (α, β, γ) from which the search starts: the likelihood has several maxima, at slow and at fast seasons.
_STARTS = ((0.5, 0.1, 0.1), (0.9, 0.01, 0.05))
_TRENDS = ((None, False), ("add", False), ("add", True))
_MOST_ROWS = 10_000
_MOST_ROWS_BY_SEASON = 250_000
_LEAST_ROWS = 10
_SMOOTHING = ("smoothing_level", "smoothing_trend", "smoothing_seasonal")


@dataclass(frozen=True)
class ETS:
    """A fitted model: the smoothing parameters, the states before its first row, and how it was chosen.

    Attributes:
        alpha, beta, gamma, phi: smoothing of level, trend and season, and damping of the trend (1: not damped).
        level, trend: the states before the first row.
        season: (m,) the seasonal states before the first row, the oldest first; a single 0 where there is no season.
        first_row: the row of the series that the states precede.
        note: the form, the parameters and the rows of the fit, for people.
    """

    alpha: float
    beta: float
    gamma: float
    phi: float
    level: float
    trend: float
    season: np.ndarray
    first_row: int
    note: str

    @classmethod
    def fit(cls, target: np.ndarray, season: int, *, first_row: int = 0) -> "ETS":
        """Fit to ``target`` (T,), imputed, the trend (none, plain, damped) and season that give the lowest AIC.

        Long targets are fitted on their last rows. ``first_row`` is the row of the series that ``target`` begins
        at. Raises InputError with the reason if there are too few rows or no form can be fitted, MissingExtraError
        without statsmodels.
        """
        rows = min(len(target), _MOST_ROWS, _MOST_ROWS_BY_SEASON // season)
        used = target[len(target) - rows :]
        if rows < _LEAST_ROWS:
            raise InputError(f"there are {rows} rows to fit it on; at least {_LEAST_ROWS} are needed")
        if np.ptp(used) == 0:
            raise InputError(f"the {rows} rows to fit it on are constant")
        # The search depends on the scale of the data, the model does not.
        mean, deviation = used.mean(), used.std()
        seasonal = season > 1 and rows >= 2 * season + _LEAST_ROWS
        standard = (used - mean) / deviation
        seasons = (1, season) if season > 1 and rows >= 2 * season + _LEAST_ROWS else (1,)
        fits: list[_Fit] = []
        reason = "its likelihood is nowhere finite"
        for (trend, damped), steps, start in itertools.product(_TRENDS, seasons, _STARTS):
            try:
                fits.append(_fit(standard, trend, damped, steps, start))
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                reason = str(error).splitlines()[0]
        fits = [fit for fit in fits if np.isfinite(fit.aic)]
        if not fits:
            raise InputError(f"no form of it could be fitted: {reason}")
        best = min(fits, key=lambda fit: fit.aic)
        found = best.parameters
        model = cls(
            alpha=found["smoothing_level"],
            beta=found.get("smoothing_trend", 0.0),
            gamma=found.get("smoothing_seasonal", 0.0),
            phi=found.get("damping_trend", 1.0),
            level=found["initial_level"] * deviation + mean,
            trend=found.get("initial_trend", 0.0) * deviation,
            # statsmodels names the youngest seasonal state 0.
            season=deviation
            * np.asarray([found.get(f"initial_seasonal.{j}", 0.0) for j in reversed(range(best.season))]),
            first_row=first_row + len(target) - rows,
            note="",
        )
        note = (
            f"{best.trend} and {'no season' if best.season == 1 else f'a season of {best.season}'}, the lowest AIC "
            f"on {rows} rows; α {model.alpha:.3g}, β {model.beta:.3g}, γ {model.gamma:.3g}, φ {model.phi:.3g}"
            f"{'' if best.converged else '; the search stopped before it had converged'}"
        )
        return replace(model, note=note)

    def forecast(self, target: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
        """Point forecasts (n, horizon) after each of ``origins`` (n,), rows of ``target`` (T,), NaN where missing.

        Every origin is at ``first_row`` or later.
        """
        stop = int(origins.max()) + 1
        levels, trends, seasons = self._filter(target[self.first_row : stop])
        places = origins - self.first_row
        steps = np.arange(1, horizon + 1)
        damping = np.cumsum(self.phi**steps)
        # seasons[t + 1], ..., seasons[t + m] are the seasonal states after row t, the oldest first.
        ahead = seasons[places[:, None] + 1 + (steps - 1) % len(self.season)]
        return levels[places, None] + trends[places, None] * damping + ahead

    def _filter(self, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Levels (n,) and trends (n,) after each row of ``target`` (n,); seasons (m + n,), the initial ones first."""
        rows, m = len(target), len(self.season)
        levels, trends = np.empty(rows), np.empty(rows)
        # Python floats, because the recursion goes one number at a time.
        level, trend, seasons = self.level, self.trend, self.season.tolist()
        for t, y in enumerate(target.tolist()):
            trend *= self.phi
            level += trend
            error = y - level - seasons[t]
            if error != error:  # a missing value
                error = 0.0
            level += self.alpha * error
            trend += self.beta * error
            seasons.append(seasons[t] + self.gamma * error)
            levels[t], trends[t] = level, trend
        return levels, trends, np.asarray(seasons[: m + rows])


@dataclass(frozen=True)
class _Fit:
    """One maximum of one form's likelihood; ``parameters`` by statsmodels' names."""

    trend: str
    season: int
    parameters: dict[str, float]
    aic: float
    converged: bool


def _fit(
    target: np.ndarray, trend: str | None, damped: bool, season: int, start: tuple[float, float, float]
) -> _Fit:
    """Maximise the likelihood from ``start``, all initial states estimated; ``season`` 1 for none."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = ETSModel(
            target,
            error="add",
            trend=trend,
            damped_trend=damped,
            seasonal="add" if season > 1 else None,
            seasonal_periods=season if season > 1 else None,
            initialization_method="estimated",
        )
        names = model.param_names
        begin = {
            **dict(zip(names, model.start_params)),
            **{k: v for k, v in zip(_SMOOTHING, start) if k in names},
        }
        parameters = np.asarray(model.fit(np.asarray([*begin.values()]), disp=False, return_params=True))
        likelihood = model.loglike(parameters)
    return _Fit(
        trend="no trend" if trend is None else "a damped trend" if damped else "a trend",
        season=season,
        parameters=dict(zip(names, parameters.tolist())),
        aic=2 * (len(parameters) + 1 - likelihood),
        converged=not any(issubclass(warning.category, ConvergenceWarning) for warning in caught),
    )
