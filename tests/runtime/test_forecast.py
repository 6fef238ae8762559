"""Forecasts: from data of any kind to the same numbers, checked against the cells in float64."""

import math
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

from recurra import artifact as artifacts
from recurra._base.errors import ArtifactError, InputError, MissingExtraError
from recurra.artifact import Artifact
from recurra.cells import Stack
from recurra.data import impute, make_windows, read_series
from recurra.runtime import ForecastModel, forecast_artifact, load


@pytest.fixture
def table() -> pl.DataFrame:
    """Twenty hours of load and temperature."""
    rng = np.random.default_rng(5)
    time = pl.datetime_range(pl.datetime(2024, 2, 29, 10), pl.datetime(2024, 3, 1, 5), "1h", eager=True)
    return pl.DataFrame(
        {
            "temperature": rng.normal(10, 3, 20),
            "other": ["x"] * 20,
            "date": time,
            "load": rng.normal(100, 9, 20),
        }
    )


def by_hand(artifact: Artifact, context: np.ndarray) -> np.ndarray:
    """The quantiles (W, horizon, Q) after ``context`` (W, context, C), in float64, from the equations."""
    inputs, tensors = artifact.preprocessing, artifact.tensors
    scaler = inputs["scaler"]
    x = (context - context[:, -1:] - scaler["mean"]) / scaler["deviation"]
    layer = {k: v for k, v in artifact.spec["layers"][0].items() if k not in ("type", "name")}
    stack = Stack.from_dict(layer)
    p = {
        key.removeprefix("encoder."): value.astype(np.float64)
        for key, value in tensors.items()
        if key.startswith("encoder.")
    }
    output, _, _ = stack.forward(p, x.transpose(1, 0, 2), stack.zero_state(len(x), np.float64))
    head = tensors["head.weight"].astype(np.float64)
    y = output[-1] @ head.T + tensors["head.bias"]
    y = np.sort(y.reshape(len(x), inputs["horizon"], -1), axis=-1)
    return y * scaler["target_deviation"] + scaler["target_mean"] + context[:, -1, 0, None, None]


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_predict_is_the_equations(make, table, name):
    artifact = make(name, num_layers=2)
    forecast = ForecastModel(artifact).predict(table)
    values = table.select("load", "temperature").to_numpy()
    expected = by_hand(artifact, values[None, -6:])[0]
    np.testing.assert_allclose(forecast.quantiles, expected, rtol=1e-6)
    np.testing.assert_array_equal(forecast.point, forecast.quantiles[:, 1])
    assert (np.diff(forecast.quantiles, axis=1) > 0).all()
    np.testing.assert_array_equal(
        forecast.time, np.arange("2024-03-01T06", "2024-03-01T10", dtype="datetime64[h]")
    )
    assert forecast.time.dtype == np.dtype("datetime64[us]")
    assert forecast.levels == (0.1, 0.5, 0.9)
    assert forecast.target == "load"


def test_files_frames_and_arrays_give_the_same_bits(make, table, tmp_path):
    model = ForecastModel(make())
    expected = model.predict(table)
    table.write_csv(tmp_path / "data.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    table.write_parquet(tmp_path / "data.parquet")
    pandas = pd.DataFrame(table.to_dict(as_series=False))
    for data in (tmp_path / "data.csv", str(tmp_path / "data.parquet"), pandas, table.lazy()):
        forecast = model.predict(data)
        np.testing.assert_array_equal(forecast.quantiles, expected.quantiles)
        np.testing.assert_array_equal(forecast.time, expected.time)
    forecast = model.predict(table.select("load", "temperature").to_numpy())
    np.testing.assert_array_equal(forecast.quantiles, expected.quantiles)
    np.testing.assert_array_equal(forecast.time, [21, 22, 23, 24])


def test_only_the_last_rows_count(make, table):
    model = ForecastModel(make())
    expected = model.predict(table).quantiles
    np.testing.assert_array_equal(model.predict(table.tail(6)).quantiles, expected)
    assert (model.predict(table.head(19)).quantiles != expected).any()
    with pytest.raises(InputError) as error:
        model.predict(table.tail(5))
    assert str(error.value) == "the data has 5 rows, but a forecast needs the last 6; give more"


def test_gaps_and_missing_values_are_imputed_and_reported(make, table):
    """A row left out and a value left empty give what linear interpolation by hand gives."""
    model = ForecastModel(make())
    values = table.select("load", "temperature").to_numpy().copy()
    holed = table.with_columns(
        temperature=pl.when(pl.int_range(20) == 18).then(None).otherwise("temperature")
    )
    holed = holed.filter(pl.int_range(20) != 16)
    values[16] = (values[15] + values[17]) / 2
    values[18, 1] = (values[17, 1] + values[19, 1]) / 2
    forecast = model.predict(holed)
    np.testing.assert_allclose(forecast.quantiles, model.predict(values).quantiles, rtol=1e-6)
    assert (forecast.gaps.rows_added, forecast.gaps.missing) == (1, {"load": 0, "temperature": 1})
    array = table.select("load", "temperature").to_numpy().copy()
    array[-1, 0] = math.nan
    carried = array.copy()
    carried[-1, 0] = array[-2, 0]
    np.testing.assert_array_equal(model.predict(array).quantiles, model.predict(carried).quantiles)


def test_models_of_one_column_and_of_rows_that_are_counted(make, inputs):
    from recurra.data import Scaler

    scaler = Scaler(False, np.array([99.0]), np.array([8.0]), 98.0, 9.0)
    model = ForecastModel(make(past=(), time=None, frequency=None, scaler=scaler))
    values = np.random.default_rng(2).normal(100, 9, 10)
    forecast = model.predict(values)
    np.testing.assert_array_equal(forecast.quantiles, model.predict(values[:, None]).quantiles)
    np.testing.assert_array_equal(forecast.time, [11, 12, 13, 14])
    # A frame's dates are not used where the model counted rows, as in training.
    dated = pl.DataFrame({"day": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 10), eager=True)})
    forecast = model.predict(dated.with_columns(load=values))
    np.testing.assert_array_equal(forecast.quantiles, model.predict(values).quantiles)
    np.testing.assert_array_equal(forecast.time, [11, 12, 13, 14])


def test_a_window_has_the_same_bits_alone_and_among_many(make):
    model = ForecastModel(make(hidden_size=17))
    rng = np.random.default_rng(4)
    context = rng.normal(50, 9, (600, 6, 2))
    together = model.predict_windows(context)
    assert together.shape == (600, 4, 3)
    for w in (0, 1, 255, 256, 257, 599):
        np.testing.assert_array_equal(model.predict_windows(context[w : w + 1])[0], together[w])
    np.testing.assert_array_equal(model.predict_windows(context[3:70]), together[3:70])
    assert model.predict_windows(context[:0]).shape == (0, 4, 3)


def test_windows_of_a_series_are_what_predict_sees(make, table):
    """The last window of the data up to each row gives the forecast that predict gives for those rows."""
    model = ForecastModel(make())
    series = read_series(table, columns=("load", "temperature"), time="date")
    series = impute(series, [slice(0, 20)])
    windows = make_windows(series, slice(0, 20), context=6, horizon=4, name="the data")
    quantiles = model.predict_windows(windows.context)
    assert len(quantiles) == 11
    for w, origin in enumerate(windows.origins):
        forecast = model.predict(table.head(int(origin) + 1))
        np.testing.assert_array_equal(forecast.quantiles, quantiles[w])
        np.testing.assert_array_equal(forecast.time, windows.time[w])


def test_saved_and_loaded_gives_the_same_bits(make, table, tmp_path):
    path = tmp_path / "model.safetensors"
    model = ForecastModel(make())
    artifacts.save(make(), path)
    loaded = load(path)
    np.testing.assert_array_equal(loaded.predict(table).quantiles, model.predict(table).quantiles)
    assert (loaded.task, loaded.spec, loaded.card) == ("forecast", model.spec, {"rows": 99})
    assert loaded.history == {"loss": [1.0, 0.5]}
    assert loaded.fingerprint == make().fingerprint
    assert (loaded.context, loaded.horizon, loaded.levels) == (6, 4, (0.1, 0.5, 0.9))


def test_to_frame(make, table):
    forecast = ForecastModel(make()).predict(table)
    frame = forecast.to_frame()
    assert frame.columns == ["time", "point", "q0.1", "q0.5", "q0.9"]
    assert frame.dtypes == [pl.Datetime("us"), *[pl.Float64] * 4]
    np.testing.assert_array_equal(frame["q0.9"].to_numpy(), forecast.quantiles[:, 2])
    np.testing.assert_array_equal(frame["point"].to_numpy(), frame["q0.5"].to_numpy())
    array = ForecastModel(make()).predict(table.select("load", "temperature").to_numpy())
    assert array.to_frame()["time"].to_list() == [21, 22, 23, 24]


def test_times_of_a_zone_are_forecast_in_utc_and_say_so(make, table):
    zoned = table.with_columns(pl.col("date").dt.replace_time_zone("Europe/Berlin"))
    model = ForecastModel(make())
    forecast, plain = model.predict(zoned), model.predict(table)
    np.testing.assert_array_equal(forecast.time, plain.time - np.timedelta64(1, "h"))
    assert (forecast.utc, plain.utc) == (True, False)
    assert forecast.to_frame()["time"].dtype == pl.Datetime("us", "UTC")
    assert plain.to_frame()["time"].dtype == pl.Datetime("us")
    assert forecast.gaps.notes == ("The times in 'date' have a time zone; all times are given in UTC.",)


def test_to_frame_without_polars_names_the_install_command(make, monkeypatch):
    forecast = ForecastModel(make()).predict(np.ones((9, 2)))
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError) as error:
        forecast.to_frame()
    assert str(error.value) == "polars is not installed; install it with: pip install 'recurra[data]'"


def test_evaluate(make, table):
    model = ForecastModel(make())
    evaluation = model.evaluate(table)
    assert evaluation.windows == 11
    assert (evaluation.gaps.rows_read, evaluation.gaps.rows_added) == (20, 0)
    assert (evaluation.first, evaluation.last) == ("2024-02-29 16:00:00", "2024-03-01 05:00:00")
    load = table["load"].to_numpy()
    actual = np.stack([load[origin + 1 : origin + 5] for origin in range(5, 16)])
    np.testing.assert_array_equal(evaluation.actual, actual)
    values = table.select("load", "temperature").to_numpy()
    contexts = np.stack([values[origin - 5 : origin + 1] for origin in range(5, 16)])
    errors = np.abs(by_hand(make(), contexts)[:, :, 1] - actual)
    assert evaluation.metrics["mae"] == pytest.approx(errors.mean(), rel=1e-6)
    assert evaluation.metrics["scaled_mae"] == pytest.approx(errors.mean() / 12.5, rel=1e-6)
    assert evaluation.metrics["mase"] == pytest.approx(errors.mean() / 4.75, rel=1e-6)
    last_value = np.abs(load[5:16, None] - actual).mean()
    assert evaluation.baselines["last value"]["mae"] == pytest.approx(last_value, rel=1e-12)
    with pytest.raises(
        InputError, match=r"^the data is too short for one window of context 6 and horizon 4: "
    ):
        model.evaluate(table.head(9))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            np.zeros((10, 3)),
            "the array must have shape (rows, 2), a column for each of load, temperature; got (10, 3)",
        ),
        (
            pl.DataFrame({"date": [1], "load": [2.0], "Temperature": [3.0]}),
            "the data has no column 'temperature'; its columns are date, load, Temperature"
            "; did you mean 'Temperature'?",
        ),
        (3, "the data must be a path, a data frame or an array, got int"),
        ("nowhere/data.csv", "nowhere/data.csv does not exist"),
    ],
)
def test_data_that_does_not_suit_the_model(make, data, message):
    with pytest.raises(InputError) as error:
        ForecastModel(make()).predict(data)
    assert str(error.value) == message


def test_data_with_another_step(make, table):
    half_hours = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 1, 9, 30), "30m", eager=True)
    with pytest.raises(InputError) as error:
        ForecastModel(make()).predict(table.with_columns(date=half_hours))
    assert str(error.value) == (
        "time column 'date' of the data does not lie on one grid: the step is 1h, but 2024-01-01 00:30:00 "
        "comes 30m after 2024-01-01; correct the times, or resample the data"
    )


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (np.zeros((2, 5, 2)), "context must have shape (W, 6, 2), got (2, 5, 2)"),
        (np.zeros((6, 2)), "context must have shape (W, 6, 2), got (6, 2)"),
        (np.full((1, 6, 2), np.nan), "context must be finite, without NaN; impute what is missing"),
    ],
)
def test_windows_that_do_not_fit(make, context, message):
    with pytest.raises(InputError) as error:
        ForecastModel(make()).predict_windows(context)
    assert str(error.value) == message


def altered(artifact: Artifact, **parts) -> Artifact:
    names = ("task", "spec", "preprocessing", "tensors", "inputs", "outputs", "history", "card")
    return Artifact(**({name: getattr(artifact, name) for name in names} | parts))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a: {"preprocessing": {**a.preprocessing, "horizon": 5}},
            "the model is damaged (the preprocessing gives 2 inputs and takes 15 outputs, but the network "
            "has 2 and 12); restore it from a copy or save it again",
        ),
        (
            lambda a: {"preprocessing": {}},
            "the model is damaged (preprocessing must have target, got only nothing); "
            "restore it from a copy or save it again",
        ),
        (
            lambda a: {"spec": {"layers": [a.spec["layers"][0], a.spec["layers"][2]]}},
            "the model is damaged (a forecaster's network must pool its sequence); "
            "restore it from a copy or save it again",
        ),
        (
            lambda a: {"tensors": {}},
            "the model is damaged (spec.layers[0].num_layers is 1, with only 0 tensors); "
            "restore it from a copy or save it again",
        ),
        (
            lambda a: {"preprocessing": {**a.preprocessing, "target": ["x" * 999]}},
            f"the model is damaged (preprocessing.target must be text, got ['{'x' * 256}...); "
            "restore it from a copy or save it again",
        ),
    ],
)
def test_an_artifact_that_does_not_fit_together(make, tmp_path, change, message):
    artifact = altered(make(), **change(make()))
    with pytest.raises(ArtifactError) as error:
        ForecastModel(artifact)
    assert str(error.value) == message
    path = tmp_path / "model.safetensors"
    artifacts.save(artifact, path)
    with pytest.raises(ArtifactError) as error:
        load(path)
    assert str(error.value) == f"{path}: {message}"


def test_a_task_of_another_version(make, tmp_path):
    artifact = altered(make(), task="understand")
    with pytest.raises(ArtifactError) as error:
        ForecastModel(artifact)
    assert str(error.value) == (
        "the model's task is 'understand', not 'forecast'; give a file that recurra fit has written"
    )
    path = tmp_path / "model.safetensors"
    artifacts.save(artifact, path)
    with pytest.raises(ArtifactError) as error:
        load(path)
    assert str(error.value) == (
        f"{path}: the model's task is 'understand', and this version knows forecast, classify, regress, tag, "
        "language-model, music, transcribe, translate; update Recurra or give another file"
    )


def test_what_training_made_must_fit(make, inputs):
    artifact = make()
    stack = Stack.from_dict(
        {k: v for k, v in artifact.spec["layers"][0].items() if k not in ("type", "name")}
    )
    tensors = {**artifact.tensors, "head.bias": np.zeros(11, np.float32)}
    with pytest.raises(InputError) as error:
        forecast_artifact(inputs, stack, tensors, history={}, card={})
    assert str(error.value) == "tensor 'head.bias' must be float32 (12,), got float32 (11,)"
    same = forecast_artifact(inputs, stack, artifact.tensors, history=artifact.history, card=artifact.card)
    assert same.fingerprint == artifact.fingerprint
    assert same.inputs == [{"name": "context", "shape": ["N", 6, 2], "dtype": "float32"}]
    assert same.outputs == [{"name": "quantiles", "shape": ["N", 12], "dtype": "float32"}]
