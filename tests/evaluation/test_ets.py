import sys
import warnings

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from recurra._base.errors import InputError, MissingExtraError
from recurra.evaluation import ETS


def seasonal(rows: int = 160, season: int = 12, slope: float = 0.3, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(rows)
    return 20 + slope * t + 5 * np.sin(2 * np.pi * t / season) + rng.normal(0, 1, rows)


def statsmodels_forecast(ets: ETS, target: np.ndarray, horizon: int) -> np.ndarray:
    """What statsmodels itself forecasts after the end of ``target``, with the parameters of ``ets``."""
    has_trend, has_season = ets.trend != 0, len(ets.season) > 1
    model = ETSModel(
        target,
        error="add",
        trend="add" if has_trend else None,
        damped_trend=ets.phi != 1,
        seasonal="add" if has_season else None,
        seasonal_periods=len(ets.season) if has_season else None,
        initialization_method="estimated",
    )
    values = {
        "smoothing_level": ets.alpha,
        "smoothing_trend": ets.beta,
        "smoothing_seasonal": ets.gamma,
        "damping_trend": ets.phi,
        "initial_level": ets.level,
        "initial_trend": ets.trend,
        **{f"initial_seasonal.{j}": state for j, state in enumerate(ets.season[::-1])},
    }
    with warnings.catch_warnings():
        # Its standard errors, which nobody asked for, divide by zero.
        warnings.simplefilter("ignore")
        return model.smooth(np.array([values[name] for name in model.param_names])).forecast(horizon)


@pytest.mark.parametrize(
    ("trend", "phi", "season"),
    [(0.0, 1.0, 1), (0.4, 1.0, 1), (0.4, 0.9, 1), (0.0, 1.0, 4), (0.4, 1.0, 7), (-0.4, 0.85, 12)],
)
def test_every_form_forecasts_what_statsmodels_does(trend, phi, season):
    rng = np.random.default_rng(3)
    target = seasonal()
    ets = ETS(
        alpha=0.3,
        beta=0.1 * (trend != 0),
        gamma=0.2 * (season > 1),
        phi=phi,
        level=15.0,
        trend=trend,
        season=rng.normal(size=season) if season > 1 else np.zeros(1),
        first_row=0,
        note="",
    )
    # statsmodels wants two seasons before it forecasts; the last step is more than two seasons ahead.
    origins = np.array([29, 30, 101, 150])
    found = ets.forecast(target, origins, 2 * season + 3)
    for row, origin in zip(found, origins):
        expected = statsmodels_forecast(ets, target[: origin + 1], 2 * season + 3)
        np.testing.assert_allclose(row, expected, rtol=1e-10)


@pytest.mark.parametrize(("slope", "season"), [(0.0, 1), (0.3, 1), (0.0, 12), (0.3, 12)])
def test_a_fit_forecasts_what_statsmodels_does(slope, season):
    target = seasonal(slope=slope) if season > 1 else seasonal(slope=slope, season=10**9)
    ets = ETS.fit(target[:120], season)
    origins = np.array([119, 125, 147])
    for row, origin in zip(ets.forecast(target, origins, 15), origins):
        np.testing.assert_allclose(row, statsmodels_forecast(ets, target[: origin + 1], 15), rtol=1e-9)


def test_the_form_is_chosen_by_aic():
    assert ETS.fit(seasonal(slope=0.3), 12).note.startswith("a trend, a season of 12 (α ")
    assert ETS.fit(seasonal(slope=0.0), 12).note.startswith("no trend, a season of 12 (α ")
    walk = np.random.default_rng(4).normal(size=300).cumsum()
    assert ETS.fit(walk, 12).note.startswith("no trend, no season (α ")


def drifting(seed: int, alpha: float, gamma: float) -> np.ndarray:
    """150 months of an ETS model with a plain trend that never changes."""
    rng = np.random.default_rng(seed)
    level, values, season = 20.0, [], list(rng.normal(0, 5, 12))
    for t in range(150):
        error = rng.normal()
        level += 0.3
        values.append(level + season[t] + error)
        level += alpha * error
        season.append(season[t] + gamma * error)
    return np.array(values)


@pytest.mark.parametrize(
    # On the last two, one start of the search or the other ends on a lower maximum.
    ("seed", "alpha", "gamma"),
    [(0, 0.3, 0.3), (0, 0.1, 0.0), (3, 0.8, 0.1), (4, 0.8, 0.1)],
)
def test_no_fit_of_statsmodels_is_more_likely(seed, alpha, gamma):
    target = drifting(seed, alpha, gamma)
    ets = ETS.fit(target, 12)
    first = target[:1] - (ets.level + ets.phi * ets.trend + ets.season[0])
    later = target[1:] - ets.forecast(target, np.arange(len(target) - 1), 1)[:, 0]
    found = -len(target) / 2 * (np.log(2 * np.pi * np.mean(np.append(first, later) ** 2)) + 1)
    others = []
    for trend, damped in ((None, False), ("add", False), ("add", True)):
        model = ETSModel(
            target, error="add", trend=trend, damped_trend=damped, seasonal="add", seasonal_periods=12
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            others.append(model.fit(disp=False))
    # A form of fewer parameters may be less likely and still have the lower AIC.
    assert found > min(others, key=lambda fit: fit.aic).llf - 0.5


@pytest.mark.parametrize("scale", [1e-6, 1e3, 1e9])
def test_the_unit_of_the_data_does_not_matter(scale):
    target = seasonal()
    origins = np.array([119, 140])
    plain = ETS.fit(target[:120], 12).forecast(target, origins, 5)
    other = scale * target + 7 * scale
    scaled = ETS.fit(other[:120], 12).forecast(other, origins, 5)
    np.testing.assert_allclose(scaled / scale - 7, plain, rtol=1e-4)


def test_later_values_are_not_seen():
    target = seasonal()
    ets = ETS(0.4, 0.1, 0.2, 0.9, 20.0, 0.3, np.arange(12.0), first_row=0, note="")
    before = ets.forecast(target, np.array([125, 130]), 6)
    target[131:] = np.nan
    np.testing.assert_array_equal(ets.forecast(target, np.array([125, 130]), 6), before)


def test_long_targets_are_fitted_on_their_last_rows():
    target = seasonal(rows=12_000, slope=0.0, season=7, seed=2)
    ets = ETS.fit(target, 1, first_row=100)
    assert ets.first_row == 2_100
    assert ets.note.endswith("by AIC on 10000 rows")
    series = np.concatenate([np.full(100, np.nan), target])
    expected = statsmodels_forecast(ets, target[2_000:5_000], 4)
    np.testing.assert_allclose(ets.forecast(series, np.array([5_099]), 4)[0], expected, rtol=1e-10)


def test_too_few_seasons_leave_the_season_out():
    assert ", no season (" in ETS.fit(seasonal(rows=33), 12).note
    assert ", a season of 12 (" in ETS.fit(seasonal(rows=34), 12).note


def test_a_target_without_noise():
    line = np.arange(60.0)
    found = ETS.fit(line, 1).forecast(line, np.array([59]), 3)
    np.testing.assert_allclose(found, [[60, 61, 62]], rtol=1e-3)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.arange(9.0), "it has 9 rows to be fitted on and needs at least 10"),
        (np.full(40, 2.5), "the 40 rows that it would be fitted on are constant"),
        (
            np.concatenate([np.arange(40.0), [np.nan]]),
            "no form of it could be fitted: the likelihood is not a number",
        ),
    ],
)
def test_what_cannot_be_fitted(target, message):
    with pytest.raises(InputError) as caught:
        ETS.fit(target, 1)
    assert str(caught.value).startswith(message)


def test_without_statsmodels_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.exponential_smoothing.ets", None)
    with pytest.raises(MissingExtraError) as caught:
        ETS.fit(seasonal(), 12)
    assert str(caught.value) == "statsmodels is not installed; install it with: pip install 'recurra[report]'"
