"""Targets learnt on a curve: the forecasts and numbers that come back from it, and what it refuses."""

import numpy as np
import polars as pl
import pytest

import recurra
from recurra._base.errors import InputError
from recurra.data import TRANSFORMS, make_windows
from recurra.runtime import ForecastModel
from recurra.tasks import Forecaster, SequenceRegressor

OTHERS = [name for name in TRANSFORMS if name != "standard"]


@pytest.fixture(scope="module")
def growth() -> pl.DataFrame:
    """A series that grows by a share of itself, with a season that grows with it."""
    t = np.arange(400)
    noise = np.random.default_rng(0).normal(size=400)
    log = 2 + t / 150 + 0.3 * np.sin(2 * np.pi * t / 7) + 0.05 * noise
    return pl.DataFrame({"sales": np.exp(log), "wind": np.random.default_rng(1).normal(size=400)})


@pytest.fixture(scope="module")
def quick():
    def quick(**settings) -> Forecaster:
        small = {"target": "sales", "horizon": 5, "context": 14, "hidden_size": 4, "epochs": 2}
        return Forecaster(**{**small, **settings})

    return quick


@pytest.fixture(scope="module")
def series() -> tuple[list[np.ndarray], np.ndarray]:
    """Series whose length and level multiply to a skewed number above 0."""
    rng = np.random.default_rng(0)
    items = [rng.normal(rng.normal(), 1, size=(rng.integers(5, 12), 2)) for _ in range(60)]
    return items, np.array([np.exp(1.5 * x[:, 0].mean()) * len(x) for x in items])


def regressor(**settings) -> SequenceRegressor:
    small = {"hidden_size": 4, "epochs": 2, "cell": "gru", "dropout": 0.0, "bidirectional": False}
    return SequenceRegressor(**{**small, **settings})


def test_standard_is_the_default_and_says_nothing_in_the_file(quick, growth, series):
    default, named = quick().fit(growth), quick(target_transform="standard").fit(growth)
    assert default.model_.fingerprint == named.model_.fingerprint
    assert "target_transform" not in default.artifact_.preprocessing["scaler"]
    default, named = regressor().fit(*series), regressor(target_transform="standard").fit(*series)
    assert default.model_.fingerprint == named.model_.fingerprint
    assert "target_transform" not in default.artifact_.preprocessing


def test_a_forecaster_on_the_logarithm_is_one_of_data_whose_logarithm_was_taken_by_hand(quick, growth):
    by_hand = quick(past=["wind"]).fit(growth.with_columns(pl.col("sales").log()))
    ours = quick(past=["wind"], target_transform="log").fit(growth)
    for name, tensor in by_hand.artifact_.tensors.items():
        np.testing.assert_array_equal(ours.artifact_.tensors[name], tensor)
    assert [e["loss"] for e in ours.history_["epochs"]] == [e["loss"] for e in by_hand.history_["epochs"]]
    there = by_hand.predict(growth.with_columns(pl.col("sales").log()))
    here = ours.predict(growth)
    np.testing.assert_allclose(here.quantiles, np.exp(there.quantiles), rtol=1e-12)
    np.testing.assert_allclose(here.point, np.exp(there.point), rtol=1e-12)


def test_a_regressor_on_the_logarithm_is_one_of_labels_whose_logarithm_was_taken_by_hand(series):
    X, y = series
    by_hand, ours = regressor().fit(X, np.log(y)), regressor(target_transform="log").fit(X, y)
    for name, tensor in by_hand.artifact_.tensors.items():
        np.testing.assert_array_equal(ours.artifact_.tensors[name], tensor)
    np.testing.assert_allclose(ours.predict_quantiles(X), np.exp(by_hand.predict_quantiles(X)), rtol=1e-12)
    np.testing.assert_array_equal(ours.predict(X), ours.predict_quantiles(X)[:, 1])


@pytest.mark.parametrize("name", OTHERS)
def test_a_forecaster_saved_and_loaded_gives_the_same_bits(name, quick, growth, tmp_path):
    fitted = quick(target_transform=name).fit(growth)
    fitted.save(tmp_path / "model")
    loaded = recurra.load(tmp_path / "model")
    assert isinstance(loaded, ForecastModel)
    again = Forecaster.load(tmp_path / "model")
    assert again.get_params() == fitted.get_params()
    assert loaded.inputs.scaler.target_transform == fitted.model_.inputs.scaler.target_transform
    assert loaded.inputs.scaler.target_transform.name == name
    expected = fitted.predict(growth)
    for model in (loaded, again):
        np.testing.assert_array_equal(model.predict(growth).quantiles, expected.quantiles)
    assert (np.diff(fitted.evaluation_.quantiles, axis=-1) >= 0).all()
    np.testing.assert_array_equal(expected.point, expected.quantiles[:, 1])


@pytest.mark.parametrize("name", OTHERS)
def test_a_window_has_the_same_bits_alone_and_among_many(name, quick, growth):
    fitted = quick(target_transform=name, epochs=1).fit(growth)
    windows = make_windows(
        fitted.series_, fitted.split_.train, context=14, horizon=5, name="the training part"
    )
    together = fitted.model_.predict_windows(windows.context)
    for w in (0, 1, 100, 255, 256, len(windows) - 1):
        np.testing.assert_array_equal(
            fitted.model_.predict_windows(windows.context[w : w + 1])[0], together[w]
        )


@pytest.mark.parametrize("name", OTHERS)
def test_a_regressor_says_the_same_saved_and_loaded_and_step_by_step(name, series, tmp_path):
    X, y = series
    fitted = regressor(target_transform=name, pool="mean").fit(X, y)
    fitted.save(tmp_path / "model")
    loaded = recurra.load(tmp_path / "model")
    assert loaded.target_transform.name == name
    expected = fitted.predict_quantiles(X)
    np.testing.assert_array_equal(loaded.predict_quantiles(X), expected)
    np.testing.assert_array_equal(SequenceRegressor.load(tmp_path / "model").predict_quantiles(X), expected)
    assert (np.diff(expected, axis=1) >= 0).all()
    for i in (0, 17, 59):
        stream = loaded.stream()
        for row in X[i]:
            said = stream.step(row)
        np.testing.assert_array_equal(said, expected[i])
        np.testing.assert_array_equal(loaded.predict_quantiles([X[i]])[0], expected[i])


def test_scores_and_baselines_are_in_the_unit_of_the_data(quick, growth, series):
    plain, ours = quick(epochs=1).fit(growth), quick(epochs=1, target_transform="box-cox").fit(growth)
    assert ours.baselines_ == plain.baselines_
    error = np.abs(ours.evaluation_.point - ours.evaluation_.actual).mean()
    assert ours.metrics_["mae"] == pytest.approx(error)

    X, y = series
    plain = regressor(epochs=1).fit(X, y, test=(X, y))
    ours = regressor(epochs=1, target_transform="log").fit(X, y, test=(X, y))
    assert ours.baselines_ == plain.baselines_
    assert ours.metrics_["mae"] == pytest.approx(np.abs(ours.predict(X) - y).mean())
    # Without the training part there is its mean, which is one of the numbers and not of their logarithms.
    note = ours.model_.evaluate(X, y).baseline_notes["mean"]
    mean = ours.parts_["training"].labels.mean()
    assert note == f"{mean:.4g} for all, the mean of the training part"


def test_only_the_training_part_is_fitted_on(quick, growth):
    rows = np.arange(len(growth))
    changed = growth.with_columns(
        sales=pl.when(pl.Series(rows >= 320)).then(pl.col("sales") * 1000).otherwise("sales")
    )
    for name in OTHERS:
        first, second = (quick(target_transform=name, epochs=1).fit(data) for data in (growth, changed))
        assert first.model_.fingerprint == second.model_.fingerprint


def test_other_columns_may_be_what_they_like(quick, growth):
    assert growth["wind"].min() < 0
    fitted = quick(past=["wind"], target_transform="box-cox", epochs=1).fit(growth)
    plain = quick(past=["wind"], epochs=1).fit(growth)
    ours, theirs = (each.model_.inputs.scaler for each in (fitted, plain))
    assert (ours.mean[1], ours.deviation[1]) == (theirs.mean[1], theirs.deviation[1])
    assert ours.deviation[0] != theirs.deviation[0]


def test_robust_scales_are_quartiles_of_the_windows(quick, growth):
    spikes = growth.with_columns(
        sales=pl.when(pl.int_range(400) % 61 == 5).then(pl.col("sales") * 100).otherwise("sales")
    )
    robust = quick(target_transform="robust", epochs=1).fit(spikes)
    scaler = robust.model_.inputs.scaler
    windows = make_windows(
        robust.series_, robust.split_.train, context=14, horizon=5, name="the training part"
    )
    context = windows.context[:]
    levels = context[:, -1, 0]
    low, middle, high = np.quantile(context[:, :, 0] - levels[:, None], (0.25, 0.5, 0.75))
    assert (scaler.mean[0], scaler.deviation[0]) == pytest.approx((middle, (high - low) / 1.34898))
    low, middle, high = np.quantile(windows.target - levels[:, None], (0.25, 0.5, 0.75))
    assert (scaler.target_mean, scaler.target_deviation) == pytest.approx((middle, (high - low) / 1.34898))
    assert scaler.target_deviation < 0.1 * quick(epochs=1).fit(spikes).model_.inputs.scaler.target_deviation


def test_labels_that_are_all_alike(series):
    X, y = series
    for name in TRANSFORMS:
        fitted = regressor(target_transform=name, epochs=1).fit(X, np.full(len(y), 7.5))
        np.testing.assert_allclose(fitted.predict(X), 7.5, atol=5)


def test_notes_say_what_the_labels_went_through(series):
    X, y = series
    assert regressor(epochs=1).fit(X, y).notes_ == regressor(epochs=1).fit(X, y).parts_["training"].notes
    fitted = regressor(epochs=1, target_transform="log").fit(X, y)
    assert "The labels are learnt by the logarithm." in fitted.notes_


def told(fit, *data) -> str:
    with pytest.raises(InputError) as error:
        fit(*data)
    return str(error.value)


def test_names_that_there_are_not(quick, growth, series):
    message = "target_transform must be one of standard, robust, log, box-cox, yeo-johnson, got {}"
    assert told(quick(target_transform="boxcox").fit, growth) == (
        message.format("'boxcox'") + "; did you mean 'box-cox'?"
    )
    assert told(regressor(target_transform=None).fit, *series) == message.format("None")


@pytest.mark.parametrize("name", ["log", "box-cox"])
def test_values_that_a_forecaster_s_curve_does_not_have(name, quick, growth):
    message = (
        f"target 'sales' must be above 0 for the transform {name}, got {{}}; "
        "fit with yeo-johnson, which takes any number"
    )
    for row, value in ((3, 0.0), (300, -1.5), (399, -2.0)):  # in the training, validation and test part
        holed = growth.with_columns(sales=pl.when(pl.int_range(400) == row).then(value).otherwise("sales"))
        assert told(quick(target_transform=name).fit, holed) == message.format(f"{value:g} at {row + 1}")
        quick(target_transform="yeo-johnson", epochs=1).fit(holed)
    fitted = quick(target_transform=name, epochs=1).fit(growth)
    holed = growth.with_columns(sales=pl.when(pl.int_range(400) == 395).then(0.0).otherwise("sales"))
    for method in (fitted.predict, fitted.evaluate):
        assert told(method, holed) == message.format("0 at 396")
    context = np.ones((3, 14, 1))
    context[1, 6] = -1
    assert told(fitted.model_.predict_windows, context) == message.format("-1 in row 6 of a context")


@pytest.mark.parametrize("name", ["log", "box-cox"])
def test_labels_that_a_regressor_s_curve_does_not_have(name, series):
    X, y = series
    message = (
        f"y must be above 0 for the transform {name}, got -1 in the {{}} part; "
        "fit with yeo-johnson, which takes any number"
    )
    bad = np.where(np.arange(len(y)) == 5, -1.0, y)
    own = regressor(target_transform=name, epochs=1)
    with pytest.raises(InputError) as error:
        own.fit(X, bad, validation=(X, y))
    assert str(error.value) == message.format("training")
    with pytest.raises(InputError) as error:
        own.fit(X, y, validation=(X, bad))
    assert str(error.value) == message.format("validation")
    own.fit(X, y, test=(X, bad))  # which is only scored
    assert own.metrics_ is not None


def test_files_from_before_there_were_transforms(quick, growth, series, tmp_path):
    import dataclasses

    from recurra import artifact as artifacts

    for fitted, kind in ((quick().fit(growth), Forecaster), (regressor().fit(*series), SequenceRegressor)):
        card = dict(fitted.artifact_.card)
        card["settings"] = {k: v for k, v in card["settings"].items() if k != "target_transform"}
        artifacts.save(dataclasses.replace(fitted.artifact_, card=card), tmp_path / "old")
        old = kind.load(tmp_path / "old")
        assert old.get_params() == fitted.get_params()
        assert old.model_.fingerprint == fitted.model_.fingerprint
