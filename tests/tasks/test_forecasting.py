"""What a forecaster learns, that nothing leaks into it, and that it is the runtime that forecasts."""

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest
import torch

import recurra
from recurra.data import make_windows, split_rows
from recurra.evaluation import forecast_metrics
from recurra.runtime import ForecastModel
from recurra.tasks import Forecaster, forecasting
from recurra.tasks.forecasting import default_context
from recurra.training import BatchEnd, EpochEnd, Finished, Started


def test_learns_what_the_baselines_do_not(fitted):
    mae = fitted.metrics_["mae"]
    assert mae < 0.5 * fitted.baselines_["last value"]["mae"]
    assert mae < 0.5 * fitted.baselines_["seasonal naive"]["mae"]
    assert mae < 1.5  # on a wave of 40 from top to bottom, with a weekly pattern of 10
    assert 0.5 < fitted.metrics_["coverage"] < 0.98


def test_learns_a_sine_whose_rows_are_counted():
    wave = np.sin(np.arange(400) * 2 * np.pi / 25)
    forecaster = Forecaster(target="y", horizon=10, context=25, hidden_size=16, learning_rate=0.01, epochs=25)
    forecaster.fit(wave)
    assert forecaster.metrics_["mae"] < 0.1 * forecaster.baselines_["last value"]["mae"]
    forecast = forecaster.predict(wave[:300])
    np.testing.assert_array_equal(forecast.time, np.arange(301, 311))
    np.testing.assert_allclose(forecast.point, wave[300:310], atol=0.15)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_every_cell_beats_last_value(make, frame, cell):
    forecaster = make(cell=cell, num_layers=2, epochs=12).fit(frame)
    assert forecaster.metrics_["mae"] < 0.6 * forecaster.baselines_["last value"]["mae"]
    assert forecaster.model_.spec["layers"][0]["cell"] == cell
    assert forecaster.model_.spec["layers"][0]["num_layers"] == 2


def test_predicts_what_the_saved_model_predicts_bit_for_bit(fitted, frame, tmp_path):
    path = tmp_path / "load.safetensors"
    fitted.save(path)
    ours, theirs = fitted.predict(frame), recurra.load(path).predict(frame)
    np.testing.assert_array_equal(ours.quantiles, theirs.quantiles)
    np.testing.assert_array_equal(ours.time, theirs.time)
    assert ours.time[0] == np.datetime64(frame["day"][-1] + dt.timedelta(days=1))
    assert ours.quantiles.shape == (7, 3)
    np.testing.assert_array_equal(ours.point, ours.quantiles[:, 1])


def test_the_metrics_are_those_of_the_saved_model_on_the_test_windows(fitted, tmp_path):
    path = tmp_path / "load.safetensors"
    fitted.save(path)
    model = recurra.load(path)
    series, split = fitted.series_, split_rows(fitted.series_.time)
    windows = make_windows(series, split.test, context=21, horizon=7, name="the test part")
    quantiles = model.predict_windows(windows.context)
    expected = forecast_metrics(
        windows.target, quantiles[..., 1], quantiles, (0.1, 0.5, 0.9), windows.observed, model.inputs.scale
    )
    assert fitted.metrics_ == expected
    assert model.card["metrics"] == expected
    np.testing.assert_array_equal(fitted.evaluation_.quantiles, quantiles)


def test_the_runtime_computes_the_network_that_was_trained(quick, frame, monkeypatch):
    networks = []
    network = forecasting.ForecastNetwork

    def keep(*args, **kwargs):
        networks.append(network(*args, **kwargs))
        return networks[-1]

    monkeypatch.setattr(forecasting, "ForecastNetwork", keep)
    forecaster = quick(past=["wind"], num_layers=2, epochs=3).fit(frame)
    inputs = forecaster.model_.inputs
    windows = make_windows(
        forecaster.series_, forecaster.split_.test, context=21, horizon=7, name="the test part"
    )
    context = windows.context[:]
    with torch.no_grad():
        outputs = networks[0](torch.from_numpy(inputs.inputs(context))).flatten(1).numpy()
    np.testing.assert_allclose(
        forecaster.evaluation_.quantiles, inputs.quantiles(outputs, context), atol=1e-4, rtol=0
    )


def test_a_linear_rule_is_learnt_by_the_autoregression(make):
    wave = np.sin(np.arange(600) * 2 * np.pi / 25) + np.sin(np.arange(600) * 2 * np.pi / 11)
    forecaster = make(target="y", horizon=5, context=40, hidden_size=1, cell="rnn").fit(wave)
    assert forecaster.metrics_["mae"] < 0.1 * forecaster.baselines_["last value"]["mae"]
    assert forecaster.artifact_.tensors["autoregression.weight"].shape == (5, 40)


def test_the_same_seed_gives_the_same_model(quick, frame):
    first, again = quick().fit(frame), quick().fit(frame)
    assert first.model_.fingerprint == again.model_.fingerprint
    assert first.history_ == again.history_
    assert first.metrics_ == again.metrics_
    assert quick(seed=1).fit(frame).model_.fingerprint != first.model_.fingerprint


def test_nothing_leaks_from_the_test_part(quick, frame):
    rows = np.arange(len(frame))
    changed = frame.with_columns(
        load=pl.when(pl.Series(rows >= 400)).then(pl.col("load") * -7).otherwise("load")
    )
    first, second = quick().fit(frame), quick().fit(changed)
    assert first.model_.fingerprint == second.model_.fingerprint
    assert first.history_ == second.history_
    assert first.metrics_ != second.metrics_


def test_the_validation_part_only_decides_when_to_stop(quick, frame):
    rows = np.arange(len(frame))
    changed = frame.with_columns(
        load=pl.when(pl.Series((rows >= 350) & (rows < 400))).then(0.0).otherwise("load")
    )
    first, second = quick(epochs=1).fit(frame), quick(epochs=1).fit(changed)
    assert first.model_.fingerprint == second.model_.fingerprint


def test_imputed_targets_do_not_count(make, frame):
    gaps = frame.with_columns(load=pl.when(pl.Series(np.arange(500) % 50 < 3)).then(None).otherwise("load"))
    forecaster = make().fit(gaps)
    assert forecaster.metrics_["mae"] < 0.6 * forecaster.baselines_["last value"]["mae"]
    assert forecaster.series_.report.missing == {"load": 30}
    assert forecaster.evaluation_.imputed_targets == 6


def test_learns_from_other_columns(make):
    rng = np.random.default_rng(0)
    sign = rng.normal(size=1500)
    load = np.convolve(sign, [0, 0, 0, 1])[:1500] + 0.05 * rng.normal(size=1500)  # sign, three rows later
    frame = pl.DataFrame({"load": load, "sign": sign})
    settings = {"horizon": 3, "context": 10}
    alone = make(**settings).fit(frame)
    informed = make(**settings, past=["sign"]).fit(frame)
    assert informed.metrics_["mae"] < 0.5 * alone.metrics_["mae"]
    assert informed.model_.inputs.columns == ("load", "sign")


def test_reads_files_and_frames_of_any_library_alike(quick, fitted, frame, tmp_path):
    frame.write_csv(tmp_path / "load.csv")
    frame.write_parquet(tmp_path / "load.parquet")
    expected = quick().fit(frame)
    for data in (tmp_path / "load.csv", str(tmp_path / "load.parquet"), frame.to_pandas()):
        forecaster = quick().fit(data)
        assert forecaster.model_.fingerprint == expected.model_.fingerprint
        assert (
            forecaster.artifact_.card["data"]["fingerprint"] == expected.artifact_.card["data"]["fingerprint"]
        )


def test_evaluates_and_scores_given_data(fitted, frame):
    newer = frame.tail(60)
    evaluation = fitted.evaluate(newer)
    assert evaluation.windows == 60 - 21 - 7 + 1
    assert fitted.score(newer) == -evaluation.metrics["scaled_mae"]


def test_events_tell_how_training_goes(quick, frame):
    events = []
    forecaster = quick().fit(frame, on_event=events.append)
    assert forecaster.windows_ == {"training": 350 - 21 - 7 + 1, "validation": 44, "test": 94}
    assert events[0] == Started(epochs=2, batches=math.ceil(forecaster.windows_["training"] / 32))
    assert sum(isinstance(event, BatchEnd) for event in events) == 2 * events[0].batches
    epochs = [event for event in events if isinstance(event, EpochEnd)]
    assert [epoch.loss for epoch in epochs] == [epoch["loss"] for epoch in forecaster.history_["epochs"]]
    assert events[-1] == Finished(2, forecaster.history_["best_epoch"])


def test_an_interrupt_leaves_the_forecaster_unfitted(quick, frame):
    def interrupt(event):
        raise KeyboardInterrupt

    forecaster = quick()
    with pytest.raises(KeyboardInterrupt):
        forecaster.fit(frame, on_event=interrupt)
    assert not [name for name in vars(forecaster) if name.endswith("_")]


def test_an_interrupt_leaves_the_last_fit_as_it_was(quick, frame):
    def interrupt(event):
        raise KeyboardInterrupt

    forecaster = quick().fit(frame)
    before = forecaster.model_.fingerprint
    with pytest.raises(KeyboardInterrupt):
        forecaster.fit(frame.head(300), on_event=interrupt)
    assert (forecaster.model_.fingerprint, len(forecaster.series_)) == (before, 500)


@pytest.mark.parametrize(
    ("season", "horizon", "rows", "context"),
    [
        (24, 24, 8640, 96),  # hours: four days
        (52, 52, 1600, 208),  # weeks: four years
        (12, 12, 100, 44),  # months, but only eight years of them
        (24, 96, 8640, 192),  # two horizons
        (1, 5, 1000, 32),
        (1, 5, 6, 1),
        (7, 50, 20, 1),  # too few rows for anything: making the windows says so
    ],
)
def test_the_default_context(season, horizon, rows, context):
    assert default_context(season, horizon, rows) == context


def test_the_default_context_is_used(quick, frame):
    forecaster = quick(context=None).fit(frame)
    assert forecaster.context_ == 32
    assert forecaster.model_.context == 32
    assert forecaster.get_params()["context"] is None


def test_works_at_the_smallest_sizes():
    values = np.sin(np.arange(40.0))
    forecaster = Forecaster(target="y", horizon=1, context=1, hidden_size=1, epochs=1, batch_size=1)
    forecaster.fit(values)
    assert forecaster.predict(values).point.shape == (1,)
    assert isinstance(forecaster.model_, ForecastModel)
