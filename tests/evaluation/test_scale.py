import json
import math

import numpy as np
import polars as pl
import pytest

from recurra._base.errors import InputError
from recurra.data import array_series, impute, to_series
from recurra.evaluation import TargetScale


def hourly(values):
    time = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2030, 1, 1), "1h", eager=True)
    series = to_series(pl.DataFrame({"time": time[: len(values)], "y": values}), columns=["y"])
    return impute(series, [slice(0, len(values))])


def test_the_scale_of_the_training_part():
    y = np.random.default_rng(0).normal(50, 4, size=100)
    scale = TargetScale.fit(hourly(y), slice(10, 90))
    part = y[10:90]
    assert scale.season == 24
    assert scale.mean == pytest.approx(part.mean())
    assert scale.deviation == pytest.approx(part.std())
    assert scale.naive_error == pytest.approx(np.abs(part[24:] - part[:-24]).mean())


def test_imputed_targets_do_not_count():
    y = np.random.default_rng(1).normal(50, 4, size=100)
    y[[12, 40, 41]] = np.nan
    scale = TargetScale.fit(hourly(y), slice(0, 80))
    part = y[:80]
    assert scale.mean == pytest.approx(np.nanmean(part))
    assert scale.deviation == pytest.approx(np.nanstd(part))
    assert scale.naive_error == pytest.approx(np.nanmean(np.abs(part[24:] - part[:-24])))


@pytest.mark.parametrize(("rows", "season"), [(24, 1), (25, 24)])
def test_a_part_no_longer_than_a_season(rows, season):
    y = np.arange(30.0)
    scale = TargetScale.fit(hourly(y), slice(0, rows))
    assert (scale.season, scale.naive_error) == (season, season)


def test_a_series_that_counts_rows_has_no_season():
    scale = TargetScale.fit(array_series(np.array([1.0, 3.0, 6.0]), ["y"]), slice(0, 3))
    assert (scale.season, scale.naive_error) == (1, 2.5)


def test_a_naive_error_that_is_not_known_survives_json():
    series = impute(array_series(np.array([1.0, np.nan, 3.0]), ["y"]), [slice(0, 3)])
    scale = TargetScale.fit(series, slice(0, 3))
    assert math.isnan(scale.naive_error)
    text = json.dumps(scale.to_dict(), allow_nan=False)
    assert math.isnan(TargetScale.from_dict(json.loads(text)).naive_error)


def test_json_keeps_every_bit():
    scale = TargetScale.fit(hourly(np.random.default_rng(2).normal(size=60)), slice(0, 60))
    assert TargetScale.from_dict(json.loads(json.dumps(scale.to_dict()))) == scale


def test_a_constant_target():
    y = np.concatenate([np.full(50, 3.5), np.arange(50)])
    y[7] = np.nan
    with pytest.raises(InputError) as caught:
        TargetScale.fit(hourly(y), slice(0, 50))
    assert str(caught.value) == (
        "target 'y' is constant in the training part (3.5 in all 49 observed rows), so there is nothing to "
        "learn; choose another target, or more rows for training"
    )


def test_a_target_that_was_never_observed():
    series = array_series(np.array([np.nan] * 5 + [1.0, 2.0]), ["y"])
    with pytest.raises(InputError) as caught:
        TargetScale.fit(series, slice(0, 5))
    assert str(caught.value) == (
        "target 'y' has no values in the training part, so there is nothing to learn; "
        "choose another target, or more rows for training"
    )


def test_a_target_that_hardly_varies_is_refused(make_series):
    with pytest.raises(InputError) as raised:
        TargetScale.fit(make_series(np.arange(40) * 1e-200), slice(0, 40))
    assert str(raised.value) == (
        "target 'y' varies by 3.9e-199 in the training part, too little to compute with; "
        "give it in a smaller unit"
    )
