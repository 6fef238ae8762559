import sys

import numpy as np
import pytest

from recurra.data import array_series
from recurra.evaluation import BASELINES, ETS, baseline_forecasts, ets

LEVELS = (0.1, 0.5, 0.9)


@pytest.fixture(autouse=True, scope="module")
def fitted_once():
    """One search for ETS where rows are equal: nothing else decides what it finds, and it takes seconds."""
    found = {}
    search = ets._best_fit

    def best_fit(target: np.ndarray, season: int):
        key = target.tobytes(), season
        if key not in found:
            found[key] = search(target, season)
        return found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ets, "_best_fit", best_fit)
        yield


def quarters(rows: int = 120, share: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = 20 + 0.1 * np.arange(rows) + np.tile([3.0, 0, -4, 1], rows)[:rows] + rng.normal(0, 1, rows)
    values[rng.random(rows) < share] = np.nan
    values[0] = 20
    return values


def forecast(series, origins, horizon, train):
    return baseline_forecasts(series, np.array(origins), horizon=horizon, levels=LEVELS, train=train)


def test_the_forecasts_by_hand(make_series):
    values = np.array([1.0, 2, 3, 4, 5, 6, np.nan, np.nan, 9, 10, 11, 12])
    found, _ = forecast(make_series(values), [4, 7, 8], 6, slice(0, 5))
    assert found["last value"].point.tolist() == [[5] * 6, [6] * 6, [9] * 6]
    # The season is four quarters. From row 7, rows 6 and 7 are in a gap that only row 8 ends.
    assert found["seasonal naive"].point.tolist() == [
        [2, 3, 4, 5, 2, 3],
        [5, 6, 6, 6, 5, 6],
        [6, 7, 8, 9, 6, 7],
    ]
    assert found["last value"].note == "the last observed value, repeated"
    assert found["seasonal naive"].note == "the value 4 steps before"


def test_ets_is_fitted_on_the_training_part_alone(make_series):
    values, train = quarters(), slice(10, 80)
    found, failed = forecast(make_series(values), range(90, 110), 7, train)
    ets = ETS.fit(values[train], 4, first_row=10)
    np.testing.assert_array_equal(found["ETS"].point, ets.forecast(values, np.arange(90, 110), 7))
    assert found["ETS"].note == ets.note
    assert ", a season of 4 (" in ets.note
    assert failed == {}
    assert tuple(found) == BASELINES


def test_ets_sees_the_last_observed_value_where_one_is_missing(make_series):
    values, train = quarters(share=0.3), slice(10, 80)
    carried = values[np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(120)))]
    found, _ = forecast(make_series(values), range(90, 110), 7, train)
    ets = ETS.fit(carried[train], 4, first_row=10)
    np.testing.assert_array_equal(found["ETS"].point, ets.forecast(carried, np.arange(90, 110), 7))
    missing = np.isnan(values[train]).sum()
    assert found["ETS"].note == f"{ets.note}, {missing} of them the last observed value"


@pytest.mark.parametrize("every", [2, 3, 6])
def test_ets_stays_near_the_data_where_most_of_it_is_missing(make_series, every):
    rng = np.random.default_rng(5)
    hours = np.arange(900)
    full = 20 + 10 * np.sin(hours * 2 * np.pi / 24) + rng.normal(size=900).cumsum() / 10
    values = np.where(hours % every == 0, full, np.nan)
    found, _ = forecast(make_series(values, "1h"), range(700, 870), 24, slice(0, 700))
    actual = full[np.arange(700, 870)[:, None] + np.arange(1, 25)]
    errors = {name: np.abs(actual - baseline.point).mean() for name, baseline in found.items()}
    assert errors["ETS"] < 0.6 * errors["last value"]


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_no_baseline_sees_what_was_observed_after_the_origin(make_series, share):
    values, train, horizon = quarters(share=share), slice(0, 80), 6
    parts = [train, slice(80, 120)]
    series = make_series(values, parts=parts)
    for origin in (79, 85, 86, 87, 100):
        changed = values.copy()
        changed[origin + 1 :] = np.random.default_rng(origin).normal(500, 9, size=119 - origin)
        changed[origin + 2 :: 3] = np.nan
        before, _ = forecast(series, [origin], horizon, train)
        after, _ = forecast(make_series(changed, parts=parts), [origin], horizon, train)
        for name in BASELINES:
            np.testing.assert_array_equal(before[name].point, after[name].point)
            np.testing.assert_array_equal(before[name].quantiles, after[name].quantiles)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_quantiles_are_those_of_the_errors_in_the_training_part(make_series, share):
    values, horizon, train = quarters(rows=200, share=share), 5, slice(6, 150)
    series = make_series(values)
    found, _ = forecast(series, range(160, 180), horizon, train)
    origins = range(train.start + 4, train.stop - horizon)
    for name in BASELINES:
        inside = forecast(series, origins, horizon, train)[0][name].point
        for step in range(horizon):
            errors = [
                values[origin + 1 + step] - inside[i, step]
                for i, origin in enumerate(origins)
                if not np.isnan(values[origin + 1 + step])
            ]
            shift = found[name].quantiles[:, step] - found[name].point[:, step, None]
            np.testing.assert_allclose(shift, [np.quantile(errors, LEVELS)] * 20, atol=1e-9)


def test_the_quantiles_cover_what_they_say(make_series):
    values = np.random.default_rng(1).normal(size=3000)
    found, _ = forecast(make_series(values, "1h"), range(2000, 2990), 4, slice(0, 2000))
    actual = values[np.arange(2000, 2990)[:, None] + np.arange(1, 5)]
    for name in ("last value", "ETS"):
        low, _, high = np.moveaxis(found[name].quantiles, -1, 0)
        assert ((low <= actual) & (actual <= high)).mean() == pytest.approx(0.8, abs=0.04)


def test_too_few_errors_leave_the_quantiles_out(make_series):
    # 20 origins, from row 4 on, have all their targets in 29 rows.
    found, _ = forecast(make_series(quarters()), [40], 5, slice(0, 29))
    assert found["last value"].quantiles is not None
    found, _ = forecast(make_series(quarters()), [40], 5, slice(0, 28))
    assert {name: baseline.quantiles for name, baseline in found.items()} == dict.fromkeys(BASELINES)


def test_a_training_part_shorter_than_the_horizon(make_series):
    found, failed = forecast(make_series(quarters()), [40], 50, slice(0, 20))
    assert found["last value"].quantiles is None
    assert failed == {}


def test_many_origins_of_the_training_part_are_thinned_out():
    values = np.random.default_rng(2).normal(size=30_000).cumsum()
    found, _ = forecast(array_series(values, ["y"]), [29_000], 2, slice(0, 25_000))
    assert np.isfinite(found["last value"].quantiles).all()


def test_without_a_season(make_series):
    _, failed = forecast(array_series(quarters(), ["y"]), [90], 3, slice(0, 80))
    assert failed == {
        "seasonal naive": "no season is known for counted rows, and without one it is the last value"
    }
    _, failed = forecast(make_series(quarters(), "1y"), [90], 3, slice(0, 80))
    assert failed == {
        "seasonal naive": "no season is known for steps of 1y, and without one it is the last value"
    }


def test_less_than_a_season_before_the_first_window(make_series):
    found, failed = forecast(make_series(quarters(), "1h"), [22, 60], 3, slice(0, 23))
    assert failed == {"seasonal naive": "the first window has 23 rows of the 24 in a season"}
    assert list(found) == ["last value", "ETS"]
    _, failed = forecast(make_series(quarters(), "1h"), [23, 60], 3, slice(0, 24))
    assert failed == {}


def test_ets_that_cannot_be_fitted_says_why(make_series, monkeypatch):
    _, failed = forecast(make_series(quarters()), [8, 60], 3, slice(0, 9))
    assert failed == {"ETS": "it has 9 rows to be fitted on and needs at least 10"}
    constant = np.concatenate([np.full(40, 1.5), quarters()])
    _, failed = forecast(make_series(constant), [60], 3, slice(0, 40))
    assert failed == {"ETS": "the 40 rows that it would be fitted on are constant"}
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.exponential_smoothing.ets", None)
    found, failed = forecast(make_series(quarters()), [60], 3, slice(0, 40))
    message = "statsmodels is not installed; install it with: pip install 'recurra[report]'"
    assert failed == {"ETS": message}
    assert list(found) == ["last value", "seasonal naive"]


def test_ets_does_not_forecast_before_the_rows_that_it_was_fitted_on():
    values = np.random.default_rng(3).normal(size=12_000).cumsum()
    _, failed = forecast(array_series(values, ["y"]), [1_999, 11_500], 3, slice(0, 12_000))
    assert failed["ETS"] == "it is fitted on rows from 2001 on, and a window begins before"
