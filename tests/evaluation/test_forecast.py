import json
import os
from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import impute, make_windows, mauna_loa, read_series, split_rows
from recurra.evaluation import BASELINES, METRICS, TargetScale, evaluate_forecasts, forecast_metrics

LEVELS = (0.1, 0.5, 0.9)


def quarters(rows: int = 120) -> np.ndarray:
    rng = np.random.default_rng(0)
    return 20 + np.tile([3.0, 0, -4, 1], rows)[:rows] + rng.normal(0, 1, rows)


@pytest.fixture
def case(make_series):
    """A series with two gaps in its last part, that part's windows, and a forecast of them."""
    values = quarters()
    values[[95, 100, 101]] = np.nan
    train, part = slice(0, 80), slice(90, 120)
    series = make_series(values, parts=[train, slice(80, 90), part])
    windows = make_windows(series, part, context=8, horizon=4, name="the test part")
    quantiles = windows.context[:][:, -1:, :1] + np.array([-2.0, 0.5, 3.0])
    return {
        "series": series,
        "windows": windows,
        "quantiles": np.repeat(quantiles, 4, axis=1),
        "levels": LEVELS,
        "scale": TargetScale.fit(series, train),
        "train": train,
    }


def test_the_model_and_the_baselines_are_scored_on_the_same_windows(case):
    found = evaluate_forecasts(**case)
    windows, quantiles, scale = case["windows"], case["quantiles"], case["scale"]
    point = quantiles[..., 1]
    np.testing.assert_array_equal(found.point, point)
    assert found.metrics == forecast_metrics(
        windows.target, point, quantiles, LEVELS, windows.observed, scale
    )
    assert tuple(found.baselines) == tuple(found.baseline_points) == tuple(found.baseline_notes) == BASELINES
    assert found.failed_baselines == {}
    for name, points in found.baseline_points.items():
        assert points.shape == windows.target.shape
        expected = forecast_metrics(windows.target, points, None, LEVELS, windows.observed, scale)
        same = [key for key in METRICS if key not in ("pinball", "coverage")]
        assert {key: found.baselines[name][key] for key in same} == {key: expected[key] for key in same}
        assert np.isfinite(found.baselines[name]["pinball"])
    assert list(found.error_by_step) == ["model", *BASELINES]
    errors = np.where(windows.observed, np.abs(windows.target - point), np.nan)
    np.testing.assert_allclose(found.error_by_step["model"], np.nanmean(errors, axis=0))


def test_the_facts_of_the_part(case):
    found = evaluate_forecasts(**case)
    assert (found.windows, found.first, found.last, found.imputed_targets) == (
        27,
        "2043-07-01",
        "2050-10-01",
        3,
    )
    assert found.levels == LEVELS
    np.testing.assert_array_equal(found.times, case["windows"].time)
    np.testing.assert_array_equal(found.actual, case["windows"].target)
    np.testing.assert_array_equal(found.observed, case["windows"].observed)
    assert found.gaps == case["series"].report


def test_without_a_training_part_the_baselines_learn_from_the_rows_up_to_the_first_origin(case):
    found = evaluate_forecasts(**{**case, "train": None})
    same = evaluate_forecasts(**{**case, "train": slice(0, 90)})
    assert found.to_dict() == same.to_dict()


def test_the_numbers_are_plain_json(case):
    found = evaluate_forecasts(**case)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values == found.to_dict()
    assert list(values) == [
        *["metrics", "baselines", "failed_baselines", "baseline_notes", "levels", "windows", "first", "last"],
        *["imputed_targets", "gaps"],
    ]
    assert values["metrics"] == found.metrics
    few = evaluate_forecasts(**{**case, "train": slice(70, 80)}).to_dict()
    assert few["baselines"]["last value"]["pinball"] is None
    assert few["baselines"]["last value"]["mae"] == found.baselines["last value"]["mae"]


def test_quantiles_of_another_shape(case):
    with pytest.raises(InputError) as caught:
        evaluate_forecasts(**{**case, "quantiles": case["quantiles"][:-1]})
    assert str(caught.value) == (
        "quantiles must have shape (27, 4, 3) (windows, horizon, levels), got (26, 4, 3)"
    )


def evaluate_last_value(source, columns, context, horizon, **shares):
    series = read_series(source, columns=columns)
    split = split_rows(series.time, **shares)
    series = impute(series, split.parts)
    windows = make_windows(series, split.test, context=context, horizon=horizon, name="the test part")
    quantiles = np.tile(windows.context[:][:, -1:, :1], (1, horizon, 3))
    scale = TargetScale.fit(series, split.train)
    return evaluate_forecasts(series, windows, quantiles, levels=LEVELS, scale=scale, train=split.train)


def test_co2():
    found = evaluate_last_value(mauna_loa(), ["co2"], 104, 52)
    assert (found.windows, found.first, found.last) == (406, "1993-04-03", "2001-12-29")
    assert found.failed_baselines == {}
    assert found.baselines["last value"] | {"pinball": 0, "coverage": 0} == (
        found.metrics | {"pinball": 0, "coverage": 0}
    )
    # The record climbs and swings with the year, which ETS follows best.
    errors = [found.baselines[name]["mase"] for name in BASELINES]
    assert errors == pytest.approx([2.135, 1.365, 0.970], abs=0.005)
    assert ", a season of 52 (" in found.baseline_notes["ETS"]


def test_etth1():
    folder = os.environ.get("RECURRA_DATA")
    if folder is None:
        pytest.skip("RECURRA_DATA, the folder of the data sets, is not set")
    path = Path(folder) / "forecast" / "ETTh1.csv"
    found = evaluate_last_value(path, ["OT"], 96, 24, train=8640, validation=2880, test=2880)
    assert (found.windows, found.first, found.last) == (2857, "2017-10-24", "2018-02-20 23:00:00")
    errors = [found.baselines[name]["scaled_mae"] for name in BASELINES]
    assert errors == pytest.approx([0.1394, 0.1663, 0.1441], abs=0.0005)
    assert ", a season of 24 (" in found.baseline_notes["ETS"]
