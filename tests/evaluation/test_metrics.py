import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from recurra._base.errors import InputError
from recurra.evaluation import METRICS, TargetScale, error_by_step, forecast_metrics

LEVELS = (0.1, 0.5, 0.9)
SCALE = TargetScale(mean=10.0, deviation=4.0, naive_error=2.0, season=1)


def test_by_hand():
    actual = np.array([[1.0, 2.0], [0.0, 99.0]])
    point = np.array([[2.0, 4.0], [0.0, 0.0]])
    quantiles = np.array([[[0, 2, 2], [3, 4, 5]], [[0, 0, 0], [0, 0, 0]]], dtype=float)
    observed = np.array([[True, True], [True, False]])
    found = forecast_metrics(actual, point, quantiles, LEVELS, observed, SCALE)
    assert tuple(found) == METRICS
    assert found == pytest.approx(
        {
            "mae": 1.0,
            "mse": 5 / 3,
            "rmse": math.sqrt(5 / 3),
            "smape": (200 / 3 + 400 / 6 + 0) / 3,
            "mase": 0.5,
            # 0.1 · 1 and 0.9 · 1, 0.5 · 1 and 0.5 · 2, 0.1 · 1 and 0.1 · 3, and the third row is exact.
            "pinball": (0.1 + 0.9 + 0.5 + 1.0 + 0.1 + 0.3) / 9,
            "coverage": 2 / 3,
            "scaled_mae": 0.25,
            "scaled_mse": 5 / 3 / 16,
        }
    )


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shape=st.tuples(st.integers(1, 20), st.integers(1, 8)))
def test_the_metrics_are_those_of_scikit_learn(seed, shape):
    rng = np.random.default_rng(seed)
    actual, point = rng.normal(5, 3, size=(2, *shape))
    quantiles = np.sort(rng.normal(5, 3, size=(*shape, 3)), axis=-1)
    observed = rng.random(shape) < 0.7
    observed[0, 0] = True
    found = forecast_metrics(actual, point, quantiles, LEVELS, observed, SCALE)
    y, f, q = actual[observed], point[observed], quantiles[observed]
    pinball = [sklearn_metrics.mean_pinball_loss(y, q[:, i], alpha=level) for i, level in enumerate(LEVELS)]
    assert found["mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(y, f))
    assert found["mse"] == pytest.approx(sklearn_metrics.mean_squared_error(y, f))
    assert found["rmse"] == pytest.approx(sklearn_metrics.root_mean_squared_error(y, f))
    assert found["pinball"] == pytest.approx(np.mean(pinball))
    scaled = [(values - SCALE.mean) / SCALE.deviation for values in (y, f)]
    assert found["scaled_mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(*scaled))
    assert found["scaled_mse"] == pytest.approx(sklearn_metrics.mean_squared_error(*scaled))
    by_step = error_by_step(actual, point, observed)
    counts = observed.sum(axis=0)
    assert np.nansum(by_step * counts) / counts.sum() == pytest.approx(found["mae"])


def test_what_is_not_observed_does_not_count():
    rng = np.random.default_rng(0)
    actual, point = rng.normal(size=(2, 5, 3))
    observed = rng.random((5, 3)) < 0.5
    garbage = np.where(observed, actual, np.nan)
    quantiles = point[..., None] + [-1, 0, 1]
    one = forecast_metrics(actual, point, quantiles, LEVELS, observed, SCALE)
    assert forecast_metrics(garbage, point, quantiles, LEVELS, observed, SCALE) == one
    np.testing.assert_array_equal(
        error_by_step(garbage, point, observed), error_by_step(actual, point, observed)
    )


def test_what_is_not_defined_is_nan():
    actual, point = np.ones((2, 3)), np.zeros((2, 3))
    flat = TargetScale(mean=0.0, deviation=1.0, naive_error=0.0, season=1)
    found = forecast_metrics(actual, point, None, LEVELS, np.ones((2, 3), bool), flat)
    assert {name for name, value in found.items() if math.isnan(value)} == {"mase", "pinball", "coverage"}
    unknown = TargetScale(mean=0.0, deviation=1.0, naive_error=math.nan, season=1)
    assert math.isnan(forecast_metrics(actual, point, None, LEVELS, np.ones((2, 3), bool), unknown)["mase"])


def test_a_step_without_observed_targets_is_nan():
    observed = np.array([[True, False], [True, False]])
    found = error_by_step(np.ones((2, 2)), np.zeros((2, 2)), observed)
    np.testing.assert_array_equal(found, [1, np.nan])


def test_nothing_observed():
    with pytest.raises(InputError) as caught:
        forecast_metrics(np.ones((1, 2)), np.ones((1, 2)), None, LEVELS, np.zeros((1, 2), bool), SCALE)
    assert str(caught.value) == (
        "none of the targets was observed, so no forecast can be scored; give data with values"
    )
