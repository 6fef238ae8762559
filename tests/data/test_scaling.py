import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.data import Scaler, array_series, impute, make_windows


def windows_of(values: np.ndarray, part: slice | None = None):
    part = part or slice(0, len(values))
    series = impute(array_series(values, ["y", "x"][: values.shape[1]]), [slice(0, len(values))])
    return make_windows(series, part, context=4, horizon=3, name="the part")


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("rows", [12, 3000])
def test_the_scales_are_those_of_the_windows(centred, rows):
    rng = np.random.default_rng(1)
    values = rng.normal([100, -3], [5, 0.1], size=(rows, 2)).cumsum(axis=0)
    values[5:8, 0] = np.nan
    windows = windows_of(values)
    scaler = Scaler.fit(windows, centred=centred)

    context = np.asarray(windows.context)
    level = context[:, -1:] * centred
    targets = (windows.target - level[:, :, 0])[windows.observed]
    np.testing.assert_allclose(scaler.mean, (context - level).mean(axis=(0, 1)), rtol=1e-10)
    np.testing.assert_allclose(scaler.deviation, (context - level).std(axis=(0, 1)), rtol=1e-10)
    np.testing.assert_allclose(scaler.target_mean, targets.mean(), rtol=1e-10)
    np.testing.assert_allclose(scaler.target_deviation, targets.std(), rtol=1e-10)

    scaled = scaler.transform(context)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=(0, 1)), 0, atol=1e-3)
    np.testing.assert_allclose(scaled.std(axis=(0, 1)), 1, rtol=1e-3)
    scaled_target = scaler.transform_target(windows.target, context)
    assert scaled_target.dtype == np.float32
    np.testing.assert_allclose(scaled_target[windows.observed].std(), 1, rtol=1e-3)


def test_only_the_windows_given_are_learned_from():
    values = np.random.default_rng(2).normal(size=(60, 2))
    training = slice(0, 40)
    before = Scaler.fit(windows_of(values, training))
    values[40:] += 1000
    after = Scaler.fit(windows_of(values, training))
    assert before.to_dict() == after.to_dict()


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), centred=st.booleans(), level=st.floats(-1e6, 1e6))
def test_targets_come_back_and_quantiles_keep_their_order(seed, centred, level):
    values = np.random.default_rng(seed).normal(level, 10, size=(30, 2))
    windows = windows_of(values)
    scaler = Scaler.fit(windows, centred=centred)
    context = np.asarray(windows.context)
    back = scaler.inverse_target(scaler.transform_target(windows.target, context), context)
    assert back.dtype == np.float64
    # float32 keeps 24 bits of the scaled value, which is a few deviations at most.
    np.testing.assert_allclose(back, windows.target, rtol=0, atol=1e-6 * scaler.target_deviation * 10)
    scaled = np.sort(
        np.random.default_rng(seed).normal(size=(len(windows), 3, 5)).astype(np.float32), axis=-1
    )
    quantiles = scaler.inverse_target(scaled, context)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    np.testing.assert_array_equal(quantiles[..., 2], scaler.inverse_target(scaled[..., 2], context))


def test_a_window_scales_to_the_same_bits_alone_and_in_any_company():
    windows = windows_of(np.random.default_rng(3).normal(size=(50, 2)))
    scaler = Scaler.fit(windows)
    context = np.asarray(windows.context)
    together = scaler.transform(context)
    for i in range(len(windows)):
        np.testing.assert_array_equal(scaler.transform(context[i : i + 1])[0], together[i])


def test_the_level_of_a_window_does_not_matter_when_it_is_centred():
    windows = windows_of(np.random.default_rng(4).integers(-99, 99, size=(30, 2)).astype(float))
    scaler = Scaler.fit(windows)
    context = np.asarray(windows.context)
    np.testing.assert_array_equal(scaler.transform(context + 1024), scaler.transform(context))
    forecast = np.zeros((len(windows), 3), dtype=np.float32)
    shifted = scaler.inverse_target(forecast, context + 1024)
    np.testing.assert_allclose(shifted, scaler.inverse_target(forecast, context) + 1024, rtol=1e-12)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("constant", [0.0, 0.1, 12345.678])
def test_what_never_varies_has_deviation_1(centred, constant):
    values = np.column_stack([np.full(40, constant), np.random.default_rng(5).normal(size=40)])
    scaler = Scaler.fit(windows_of(values), centred=centred)
    assert scaler.deviation[0] == 1
    assert scaler.target_deviation == 1
    assert scaler.deviation[1] not in (0, 1)


def test_no_observed_target(refusal):
    values = np.column_stack([np.full(12, np.nan), np.arange(12.0)])
    values[0, 0] = 1
    windows = windows_of(values)
    got = refusal(Scaler.fit, windows)
    assert got == "none of the training windows has an observed target; give data with values"


def test_json_keeps_every_bit():
    windows = windows_of(np.random.default_rng(6).normal(size=(30, 2)))
    scaler = Scaler.fit(windows)
    again = Scaler.from_dict(json.loads(json.dumps(scaler.to_dict())))
    context = np.asarray(windows.context)
    assert again.to_dict() == scaler.to_dict()
    np.testing.assert_array_equal(again.transform(context), scaler.transform(context))
