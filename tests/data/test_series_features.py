import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import SeriesFeatures


def some_series(lengths=(5, 0, 1, 40), width=3, seed=0):
    rng = np.random.default_rng(seed)
    return [
        rng.normal([5, -2, 1e4][:width], [1, 1e-3, 50][:width], (n, width)).astype(np.float32)
        for n in lengths
    ]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6).filter(any), st.integers(0, 5))
def test_the_scales_are_those_of_all_steps_together(lengths, seed):
    series = some_series(lengths, seed=seed)
    features = SeriesFeatures.fit(iter(series))
    together = np.concatenate(series).astype(np.float64)
    np.testing.assert_allclose(features.mean, together.mean(axis=0), rtol=1e-12)
    deviation = together.std(axis=0)
    np.testing.assert_allclose(features.deviation, np.where(deviation > 0, deviation, 1), rtol=1e-6)


def test_scaled_series_have_mean_0_and_deviation_1():
    series = some_series()
    features = SeriesFeatures.fit(series)
    scaled = features(series)
    assert [(x.shape, x.dtype) for x in scaled] == [(x.shape, np.float32) for x in series]
    together = np.concatenate(scaled).astype(np.float64)
    np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(together.std(axis=0), 1, rtol=1e-6)
    assert features.size == 3


def test_a_step_alone_has_the_same_bits_as_within_its_series():
    series = some_series()
    features = SeriesFeatures.fit(series)
    steps = [features.transform(step) for step in series[3]]
    np.testing.assert_array_equal(np.stack(steps), features(series)[3])


@pytest.mark.parametrize("value", [0.0, 0.1, -1e30])
def test_a_column_that_never_varies_has_deviation_1(value):
    features = SeriesFeatures.fit([np.full((7, 1), value, np.float32), np.full((4, 1), value, np.float32)])
    assert features.deviation.tolist() == [1.0]
    assert features([np.full((2, 1), value, np.float32)])[0].tolist() == [[0.0], [0.0]]


def test_a_large_level_does_not_drown_a_small_spread():
    x = (1e6 + np.arange(8) / 8).astype(np.float32)[:, None]
    np.testing.assert_allclose(
        SeriesFeatures.fit([x[:3], x[3:]]).deviation, x.astype(np.float64).std(), rtol=1e-9
    )


def test_a_round_trip_through_json_keeps_every_bit():
    features = SeriesFeatures.fit(some_series())
    back = SeriesFeatures.from_dict(json.loads(json.dumps(features.to_dict())))
    np.testing.assert_array_equal(back.mean, features.mean)
    np.testing.assert_array_equal(back.deviation, features.deviation)


def test_series_that_do_not_fit_are_named(refusal):
    features = SeriesFeatures.fit(some_series())
    fine, wide = np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32)
    assert refusal(features, [fine, wide]) == (
        "series[1] has shape (2, 4); its last axis must have the 3 columns of the training series"
    )
    single = SeriesFeatures.fit([x[:, :1] for x in some_series()])
    assert refusal(single, [fine]) == (
        "series[0] has shape (2, 3); its last axis must have the 1 column of the training series"
    )
    far = np.array([[0, 0, 0], [0, 3e38, 0]], np.float32)
    assert refusal(features, [far]) == (
        "series[0] is not finite or too far from the training series in column 1 (from 0)"
    )
    assert refusal(SeriesFeatures.fit, [fine[:0]]) == (
        "the series have no steps to learn scales from; give at least one step"
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (None, "the scales of a series must be an object with mean and deviation"),
        ({"mean": [0.0]}, "the scales of a series must be an object with mean and deviation"),
        *(
            ({"mean": mean, "deviation": [1.0]}, "mean must be a list of finite numbers, one for each column")
            for mean in ["1", [], [[0.0]], ["0"], [None], [True], [float("nan")], [10**400], 0.0, {"0": 1}]
        ),
        (
            {"mean": [0.0], "deviation": [float("inf")]},
            "deviation must be a list of finite numbers, one for each column",
        ),
        (
            {"mean": [0.0], "deviation": [1.0, 2.0]},
            "mean and deviation must have one value for each column, got 1 and 2",
        ),
        ({"mean": [0, 1], "deviation": [1, 0]}, "deviation must be above 0 for each column, got 0.0"),
    ],
)
def test_fields_that_are_no_scales_are_refused(refusal, fields, message):
    assert refusal(SeriesFeatures.from_dict, fields) == message
