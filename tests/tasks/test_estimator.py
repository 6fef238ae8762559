"""A forecaster as scikit-learn knows estimators, its model file, and its card."""

import copy
import dataclasses
import datetime as dt
import pickle

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import ParameterGrid

from recurra._base.errors import ArtifactError
from recurra.artifact import save
from recurra.tasks import Forecaster


def test_follows_scikit_learn(fitted):
    cloned = clone(fitted)
    assert cloned.get_params() == fitted.get_params()
    assert not hasattr(cloned, "model_")
    assert cloned.set_params(horizon=3, cell="gru").get_params()["horizon"] == 3
    assert repr(Forecaster(target="load", horizon=7)) == "Forecaster(horizon=7, target='load')"


def test_the_constructor_keeps_its_arguments_as_they_are():
    past = ["wind"]
    forecaster = Forecaster(target="load", horizon=-1, past=past, cell="nonsense")
    assert forecaster.past is past
    assert forecaster.horizon == -1


@pytest.mark.parametrize("method", ["predict", "evaluate", "score", "save"])
def test_must_be_fitted_first(method):
    with pytest.raises(NotFittedError) as raised:
        getattr(Forecaster(target="load", horizon=7), method)("load.csv")
    assert str(raised.value) == (
        "This Forecaster instance is not fitted yet. Call 'fit' with appropriate arguments before using "
        "this estimator."
    )


def test_load_gives_the_forecaster_back(fitted, frame, tmp_path):
    path = tmp_path / "load.safetensors"
    fitted.save(path)
    loaded = Forecaster.load(path)
    assert loaded.get_params() == fitted.get_params()
    assert loaded.model_.fingerprint == fitted.model_.fingerprint
    assert (loaded.context_, loaded.history_) == (fitted.context_, fitted.history_)
    assert (loaded.metrics_, loaded.baselines_) == (fitted.metrics_, fitted.baselines_)
    np.testing.assert_array_equal(loaded.predict(frame).quantiles, fitted.predict(frame).quantiles)
    loaded.save(tmp_path / "again.safetensors")
    assert path.read_bytes() == (tmp_path / "again.safetensors").read_bytes()


def test_a_loaded_forecaster_fits_again_to_the_same_bits(quick, frame, tmp_path):
    parts = {"train": "0.7", "validation": dt.date(2020, 12, 16), "test": np.datetime64("2021-02-03")}
    first = quick(**parts, seed=np.int64(3), learning_rate=np.float32(0.01)).fit(frame)
    first.save(tmp_path / "load.safetensors")
    again = Forecaster.load(tmp_path / "load.safetensors").fit(frame)
    assert again.model_.fingerprint == first.model_.fingerprint


@pytest.mark.parametrize("past", [None, [], ["wind"]])
def test_a_loaded_forecaster_has_the_columns_that_were_given(quick, frame, tmp_path, past):
    quick(past=past).fit(frame).save(tmp_path / "load.safetensors")
    loaded = Forecaster.load(tmp_path / "load.safetensors")
    assert loaded.get_params()["past"] == past
    assert type(loaded.get_params()["past"]) is type(past)


def test_the_numbers_of_a_grid_search_are_as_good_as_python_s(quick, frame, tmp_path):
    sizes = ["horizon", "context", "hidden_size", "num_layers", "epochs", "batch_size", "seed"]
    plain = {name: value for value, name in enumerate(sizes, start=2)}
    (grid,) = ParameterGrid({name: np.arange(value, value + 1) for name, value in plain.items()})
    assert all(isinstance(value, np.integer) for value in grid.values())
    searched = quick().set_params(**grid).fit(frame)
    searched.save(tmp_path / "load.safetensors")
    loaded = Forecaster.load(tmp_path / "load.safetensors")
    assert {name: loaded.get_params()[name] for name in sizes} == plain
    assert loaded.model_.fingerprint == quick(**plain).fit(frame).model_.fingerprint


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])  # noqa: S301
def test_a_fitted_forecaster_can_be_copied_and_sent_to_another_process(fitted, frame, copied):
    twin = copied(fitted)
    np.testing.assert_array_equal(twin.predict(frame).quantiles, fitted.predict(frame).quantiles)
    np.testing.assert_array_equal(twin.evaluation_.quantiles, fitted.evaluation_.quantiles)
    assert (twin.metrics_, twin.context_) == (fitted.metrics_, fitted.context_)
    assert twin.artifact_.fingerprint == fitted.artifact_.fingerprint


def test_load_refuses_a_model_without_settings(fitted, tmp_path):
    path = tmp_path / "bare.safetensors"
    save(dataclasses.replace(fitted.artifact_, card={}), path)
    with pytest.raises(ArtifactError) as raised:
        Forecaster.load(path)
    assert str(raised.value) == (
        f"{path} does not hold the settings of a Forecaster; use recurra.load to predict with it"
    )


def test_the_card_says_where_the_model_comes_from(fitted, frame):
    card = fitted.artifact_.card
    assert list(card) == [
        "data",
        "split",
        "windows",
        "metrics",
        "baselines",
        "failed_baselines",
        "settings",
        "seed",
        "versions",
        "date",
        "intended_use",
        "risks",
    ]
    assert card["data"]["rows"] == 500
    assert card["data"]["columns"] == ["load"]
    assert (card["data"]["first"], card["data"]["last"]) == ("2020-01-01", "2021-05-14")
    assert card["data"]["frequency"] == "1d"
    assert card["split"]["test"] == {"rows": 100, "first": "2021-02-04", "last": "2021-05-14"}
    assert card["windows"] == fitted.windows_
    assert card["baselines"].keys() == {"last value", "seasonal naive", "ETS"}
    assert card["settings"]["learning_rate"] == 0.01
    assert card["seed"] == 0
    assert {"recurra", "python", "numpy", "torch"} <= card["versions"].keys()
    assert dt.date.fromisoformat(card["date"]) >= dt.date(2025, 1, 1)
    assert card["intended_use"] == (
        "Forecasts of load, 7 steps ahead, from the 21 rows before, on data that is measured as the training "
        "data was."
    )
    assert fitted.model_.card == card
    assert len(card["data"]["fingerprint"]) == 64


def test_the_fingerprint_of_the_data_tells_values_and_gaps_apart(quick, frame):
    def fingerprint(data: pl.DataFrame) -> str:
        return quick(epochs=1).fit(data).artifact_.card["data"]["fingerprint"]

    one_less = frame.with_columns(load=pl.when(pl.Series(np.arange(500) == 9)).then(None).otherwise("load"))
    zero = frame.with_columns(load=pl.when(pl.Series(np.arange(500) == 9)).then(0.0).otherwise("load"))
    assert len({fingerprint(frame), fingerprint(one_less), fingerprint(zero)}) == 3
    assert fingerprint(frame) == fingerprint(frame.with_columns(wind=pl.lit(0.0)))
