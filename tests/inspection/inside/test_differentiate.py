"""Gradients of whole models of every task against finite differences and the models at work."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from recurra._base.errors import InputError, MissingExtraError
from recurra.cells import Stack, cell
from recurra.data import Scaler
from recurra.evaluation import TargetScale
from recurra.inspection.inside.differentiate import differentiable, gradients
from recurra.inspection.inside.inputs import Given, given
from recurra.inspection.inside.trace import trace
from recurra.runtime import ForecastInputs, ForecastModel, forecast_artifact, quantize
from recurra.tasks.forecast_network import ForecastNetwork
from tests.inspection.inside.models import (
    GOLDEN,
    NAMES,
    inputs_of,
    model_of,
    regressor,
    translator_without_attention,
)

STEP = 1e-5
SERIES = np.random.default_rng(5).normal(size=(7, 2))
REGRESSORS = {
    "regress-rnn": {"kind": "rnn"},
    "regress-lstm": {"kind": "lstm", "layers": 2, "both": True},
    "regress-gru": {"kind": "gru", "layers": 2, "reset_after": False},
    "regress-min_lstm": {"kind": "min_lstm"},
}
CASES = (*NAMES, "translate-plain", *REGRESSORS)


def case(name):
    """A model of every kind with random weights, and an input as its network reads it."""
    if name == "translate-plain":
        return (model := translator_without_attention()), given(model, inputs_of("translate"))
    if name in REGRESSORS:
        return (model := regressor(**REGRESSORS[name])), given(model, SERIES)
    return (model := model_of(name)), given(model, inputs_of(name))


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_differences(name):
    network = differentiable(*case(name))
    aim, rng = network.aim(), np.random.default_rng(2)
    scales = np.array([1.0, 0.4])
    found = network.pull(scales, [aim, aim])
    T, I = network.vectors.shape  # noqa: E741
    assert found.vectors.shape == (2, T, I)
    assert np.abs(found.vectors).max() > 0

    along = rng.normal(size=(T, I))
    values = []
    for sign in (1, -1):
        network.vectors = network.vectors + sign * STEP * along
        values.append(network.pull(scales, [aim, aim]).values)
        network.vectors = network.vectors - sign * STEP * along
    rise = (values[0] - values[1]) / (2 * STEP) / scales
    np.testing.assert_allclose((found.vectors * along).sum(axis=(1, 2)), rise, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_a_scale_moves_along_the_ray(name):
    network = differentiable(*case(name))
    aim, scale = network.aim(), 0.7
    low, here, high = network.pull(np.array([scale - STEP, scale, scale + STEP]), [aim] * 3).values
    found = network.pull(np.array([scale]), [aim])
    slope = (found.vectors[0] * network.vectors).sum() + found.added[0].sum()
    np.testing.assert_allclose(found.values[0], here, rtol=1e-12)
    np.testing.assert_allclose(slope, (high - low) / (2 * STEP), rtol=1e-5, atol=1e-8)


def test_a_classifier_is_as_sure_as_it_says():
    model, own = case("classify")
    found, shares = gradients(model, own), model.predict_proba(inputs_of("classify"))[0]
    np.testing.assert_allclose(found.value, np.log(shares.max()), rtol=1e-5)
    assert found.aim == f"log-probability of the class “{model.classes[shares.argmax()]}”"
    other = gradients(model, own, model.classes[shares.argmin()])
    np.testing.assert_allclose(other.value, np.log(shares.min()), rtol=1e-5)


def test_a_regressor_gives_its_median_where_quantiles_cross():
    model, own = case("regress-gru")
    output = model.network(own.x[None])[0]
    assert (np.diff(output) < 0).any()
    np.testing.assert_allclose(gradients(model, own).value, model.predict([SERIES])[0], rtol=1e-5)


def test_a_language_model_foretells_the_most_probable_symbol():
    model, own = case("language-char")
    stream = model.stream()
    stream.read(own.x[1:])
    found = gradients(model, own)
    np.testing.assert_allclose(found.value, stream.log_probabilities.max(), rtol=1e-5)
    assert found.aim.startswith("log-probability of the next symbol “")


def test_music_is_as_probable_as_its_keys():
    model, own = case("music")
    logits = model.network(own.x[None])[0, -1].astype(float)
    share = 1 / (1 + np.exp(-np.abs(logits)))
    np.testing.assert_allclose(gradients(model, own).value, np.log(share).sum(), rtol=1e-5)


@pytest.mark.parametrize("name", ["translate", "translate-series", "translate-plain"])
def test_an_answer_is_as_probable_as_its_symbols(name):
    model, own = case(name)
    seen = trace(model, own)
    tokens = np.append(model.answer(own.x), model.network.boundary)
    each = seen.output[np.arange(len(tokens)), tokens]
    np.testing.assert_allclose(gradients(model, own).value, each.sum(), rtol=1e-5)
    np.testing.assert_allclose(gradients(model, own, 0).value, each[0], rtol=1e-5)


def test_a_transcriber_is_asked_for_what_it_said_last():
    model, own = case("transcribe")
    known = model.log_probabilities(model.network(own.x[None])[0])
    said = np.flatnonzero(known.argmax(axis=1) != 0)
    step = said[-1] if len(said) else len(known) - 1
    np.testing.assert_allclose(gradients(model, own).value, known[step].max(), rtol=1e-5)


def test_the_tags_of_the_best_path():
    model, own = case("tag")
    (tags,) = model.predict(inputs_of("tag")[:1])
    found = gradients(model, own, 0)
    assert found.aim == f"log-probability of the tag by its emission “{tags[0]}”"


def forecaster(cell_name="lstm", *, context=5, hidden_size=4, layers=1):
    """Random weights throughout, two columns, an autoregression beside the layers, quantiles that cross."""
    rng = np.random.default_rng(0)
    inputs = ForecastInputs(
        target="load",
        past=("temperature",),
        time=None,
        frequency=None,
        context=context,
        horizon=3,
        levels=(0.1, 0.5, 0.9),
        scaler=Scaler(True, np.array([0.3, -1.5]), np.array([2.5, 0.7]), 0.25, 3.5),
        scale=TargetScale(mean=101.5, deviation=12.5, naive_error=4.75, season=24),
    )
    stack = Stack(cell(cell_name, input_size=2, hidden_size=hidden_size), layers)
    shapes = {f"encoder.{name}": shape for name, shape in stack.parameter_shapes().items()}
    shapes |= {"head.weight": (9, hidden_size), "head.bias": (9,), "autoregression.weight": (3, context)}
    tensors = {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes.items()}
    return ForecastModel(forecast_artifact(inputs, stack, tensors, history={}, card={}))


@pytest.mark.parametrize(("target", "which"), [(None, "mean of 3 steps"), (2, "step 2 of 3")])
def test_a_forecast_in_its_unit(target, which):
    model = forecaster()
    table = np.random.default_rng(1).normal(20, 9, (8, 2))
    found = gradients(model, given(model, table), target)
    point = model.predict(table).point
    np.testing.assert_allclose(found.value, point.mean() if target is None else point[1], rtol=1e-5)
    assert found.aim == f"median of load ({which})"


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_forecast_as_pytorch_has_it(name):
    model = forecaster(name, layers=2)
    own = given(model, np.random.default_rng(1).normal(20, 9, (8, 2)))
    found = gradients(model, own, 3)
    network = ForecastNetwork(model.inputs, name, 4, 2, seed=0).double()
    network.load_state_dict({key: torch.tensor(array) for key, array in model.tensors.items()})
    x = torch.tensor(own.x, dtype=torch.float64, requires_grad=True)
    value = 3.5 * network(x[None])[0, 2].sort().values[1] + 0.25 + own.values[-1, 0]
    np.testing.assert_allclose(found.value, value.item(), rtol=1e-12)
    (wanted,) = torch.autograd.grad(value, x)
    np.testing.assert_allclose(found.gradient, wanted.numpy(), rtol=1e-9, atol=1e-12)


def test_of_one_step_and_one_unit():
    model = forecaster("gru", context=1, hidden_size=1)
    found = gradients(model, given(model, np.full((1, 2), 3.0)))
    assert found.gradient.shape == (1, 2)


def test_a_bag_is_told_step_by_step():
    model = model_of("classify-words")
    own = given(model, "to be to be")
    network = differentiable(model, own)
    _, d = network.aim().of(model.network(own.x[None])[0].astype(float))
    (found,) = network.pull(np.ones(1), [network.aim()]).added
    np.testing.assert_allclose(found[0], d @ model.tensors["bag.weight"][own.x[0, 0]], rtol=1e-4)
    assert found[3] == 0  # its word and its pair were there before


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("classify", "q", "target must be one of {classes}, got 'q'"),
        ("regress", 1, "target must be None, as the model has one output, got 1"),
        ("forecast-gru", 0, "target must be a whole number between 1 and {horizon}, got 0"),
        ("tag", 99, "target must be a whole number between 0 and {last}, got 99"),
        ("tag", True, "target must be a whole number between 0 and {last}, got True"),
        ("translate", -1, "target must be a whole number between 0 and {end}, got -1"),
    ],
)
def test_targets_that_there_are_not(name, target, message):
    model, own = case(name)
    with pytest.raises(InputError) as error:
        gradients(model, own, target)
    assert str(error.value) == message.format(
        classes=", ".join(map(str, getattr(model, "classes", ()))),
        horizon=getattr(model, "horizon", 0),
        last=len(own.x) - 1,
        end=len(model.answer(own.x)) if name == "translate" else 0,
    )


def test_what_is_no_model():
    with pytest.raises(InputError) as error:
        gradients("model", Given(np.zeros((1, 1), np.float32), ("1",), "nothing"))
    assert str(error.value) == "model must be one that recurra.load gives, got str"


def test_rounded_weights():
    model = quantize(forecaster(), "int8")
    with pytest.raises(InputError) as error:
        gradients(model, given(model, np.ones((5, 2))))
    assert str(error.value) == (
        "model has rounded weights, which have no gradients; give it as it was loaded"
    )


def test_without_pytorch(monkeypatch):
    model, own = case("translate")
    monkeypatch.setitem(sys.modules, "recurra.inspection.inside.rebuild", None)
    with pytest.raises(MissingExtraError) as error:
        gradients(model, own)
    assert str(error.value) == "torch is not installed; install it with: pip install 'recurra[train]'"


def test_only_an_encoder_decoder_needs_pytorch():
    script = f"""
import subprocess
import sys
sys.modules["torch"] = None
from recurra import load
from recurra.inspection.inside import attribution, given, gradients, memory, spectrum
model = load({str(GOLDEN / "classify-words-1.safetensors")!r})
own = given(model, "to be or")
gradients(model, own), memory(model, own), attribution(model, own), spectrum(model, own, 0)
model = load({str(GOLDEN / "translate-1.safetensors")!r})
spectrum(model, given(model, "ab"), 0)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
