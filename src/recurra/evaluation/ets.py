"""Exponential smoothing (ETS with additive errors): fitted once, then filtered forward to any origin.

    y_t = l_{t-1} + φ b_{t-1} + s_{t-m} + e_t        l level, b trend, s season of m steps
    l_t = l_{t-1} + φ b_{t-1} + α e_t
    b_t = φ b_{t-1} + β e_t
    s_t = s_{t-m} + γ e_t

Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing, 2008, table 2.1. The fit is
statsmodels', which takes no missing values. The filter is written out here, because statsmodels forecasts
from one origin at a time.
"""

import itertools
import warnings
from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError, MissingExtraError

_TRENDS = {"no trend": (None, False), "a trend": ("add", False), "a damped trend": ("add", True)}

# Where the search for α, β and γ starts: the likelihood has maxima at slow and at fast seasons.
_SMOOTHING = ("smoothing_level", "smoothing_trend", "smoothing_seasonal")
_STARTS = ((0.5, 0.1, 0.1), (0.9, 0.01, 0.05))

# The time of a fit grows with its rows, with the season and with the square of the season's states.
_MOST_ROWS = 10_000
_MOST_ROWS_TIMES_SEASON = 250_000
_LEAST_ROWS = 10


@dataclass(frozen=True)
class ETS:
    """A fitted model.

    Attributes:
        alpha, beta, gamma: smoothing of level, trend and season; 0 for a part that it does not have.
        phi: damping of the trend; 1 where it is not damped.
        level, trend: the states before ``first_row``.
        season: (m,) the seasonal states before ``first_row``, the oldest first; one 0 without a season.
        first_row: the first row of the series that it was fitted on.
        note: its form, its parameters and how many rows it was fitted on, for people.
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
        """Fit every form to ``target`` (T,), nothing missing, and keep the one with the lowest AIC.

        The trend is absent, plain or damped, the season of ``season`` steps (1 for none) absent or
        additive. Long targets are fitted on their last rows; ``first_row`` is the row of the series where
        ``target`` begins. Raises InputError with the reason where nothing can be fitted, MissingExtraError
        without statsmodels.
        """
        rows = min(len(target), _MOST_ROWS, _MOST_ROWS_TIMES_SEASON // season)
        used = target[len(target) - rows :]
        if rows < _LEAST_ROWS:
            raise InputError(f"it has {rows} rows to be fitted on and needs at least {_LEAST_ROWS}")
        if np.ptp(used) == 0:
            raise InputError(f"the {rows} rows that it would be fitted on are constant")
        # The form does not depend on the scale of the data, but the search for its maximum does.
        mean, deviation = float(used.mean()), float(used.std())
        best = _best_fit((used - mean) / deviation, season if rows >= 2 * season + _LEAST_ROWS else 1)
        found = best.parameters
        # statsmodels numbers the seasonal states from the youngest.
        states = [found.get(f"initial_seasonal.{j}", 0.0) for j in reversed(range(best.season))]
        return cls(
            alpha=found["smoothing_level"],
            beta=found.get("smoothing_trend", 0.0),
            gamma=found.get("smoothing_seasonal", 0.0),
            phi=found.get("damping_trend", 1.0),
            level=found["initial_level"] * deviation + mean,
            trend=found.get("initial_trend", 0.0) * deviation,
            season=np.asarray(states) * deviation,
            first_row=first_row + len(target) - rows,
            note=f"{best}, by AIC on {rows} rows",
        )

    def forecast(self, target: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
        """Point forecasts (n, horizon) from ``origins`` (n,), rows of the series not before ``first_row``.

        ``target`` (T,) is the series, nothing missing; what comes after an origin does not count.
        """
        levels, trends, seasons = self._filter(target[self.first_row : int(origins.max()) + 1])
        rows = origins - self.first_row
        steps = np.arange(1, horizon + 1)
        # After row t the season is seasons[t + 1], ..., seasons[t + m], the oldest first.
        season = seasons[rows[:, None] + 1 + (steps - 1) % len(self.season)]
        return levels[rows, None] + trends[rows, None] * np.cumsum(self.phi**steps) + season

    def _filter(self, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Levels (n,) and trends (n,) after each row of ``target`` (n,), and all seasons (m + n,)."""
        levels, trends = np.empty(len(target)), np.empty(len(target))
        # Python's own floats, which are quicker one at a time.
        level, trend, seasons = self.level, self.trend, self.season.tolist()
        for t, y in enumerate(target.tolist()):
            trend *= self.phi
            level += trend
            error = y - level - seasons[t]
            level += self.alpha * error
            trend += self.beta * error
            seasons.append(seasons[t] + self.gamma * error)
            levels[t], trends[t] = level, trend
        return levels, trends, np.asarray(seasons)


@dataclass(frozen=True)
class _Fit:
    """One maximum of the likelihood of one form; ``season`` is 1 for none, ``parameters`` by name."""

    trend: str
    season: int
    parameters: dict[str, float]
    aic: float
    converged: bool

    def __str__(self) -> str:
        season = "no season" if self.season == 1 else f"a season of {self.season}"
        smoothing = (*_SMOOTHING, "damping_trend")
        values = [f"{k} {self.parameters[n]:.3g}" for k, n in zip("αβγφ", smoothing) if n in self.parameters]
        stopped = "" if self.converged else ", the search stopped before it had converged"
        return f"{self.trend}, {season} ({', '.join(values)}{stopped})"


def _best_fit(target: np.ndarray, season: int) -> _Fit:
    """The fit of the lowest AIC over all forms and starts; InputError with the last reason if none works."""
    fits: list[_Fit] = []
    reason = "the likelihood is not a number"
    for trend, steps, start in itertools.product(_TRENDS, sorted({1, season}), _STARTS):
        try:
            fits.append(_fit(target, trend, steps, start))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            reason = str(error).splitlines()[0]
    fits = [fit for fit in fits if not np.isnan(fit.aic)]
    if not fits:
        raise InputError(f"no form of it could be fitted: {reason}")
    return min(fits, key=lambda fit: fit.aic)


def _fit(target: np.ndarray, trend: str, season: int, start: tuple[float, float, float]) -> _Fit:
    """Maximise the likelihood from ``start``, the initial states included."""
    try:
        from statsmodels.tools.sm_exceptions import ConvergenceWarning
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    except ImportError as error:
        raise MissingExtraError.of("statsmodels", "report") from error

    kind, damped = _TRENDS[trend]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = ETSModel(
            target,
            error="add",
            trend=kind,
            damped_trend=damped,
            seasonal="add" if season > 1 else None,
            seasonal_periods=season if season > 1 else None,
            initialization_method="estimated",
        )
        names = model.param_names
        begin = dict(zip(names, model.start_params))
        begin.update({name: value for name, value in zip(_SMOOTHING, start) if name in begin})
        parameters = np.asarray(model.fit(np.asarray([*begin.values()]), disp=False, return_params=True))
        likelihood = float(model.loglike(parameters))
    # The variance is estimated too; the last seasonal state is not, statsmodels holds it at 0.
    free = len(parameters) + 1 - (season > 1)
    return _Fit(
        trend=trend,
        season=season,
        parameters=dict(zip(names, parameters.tolist())),
        aic=2 * free - 2 * likelihood,
        converged=not any(issubclass(warning.category, ConvergenceWarning) for warning in caught),
    )
