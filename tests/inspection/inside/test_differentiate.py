"""Gradients of whole models of every task against finite differences and the models at work."""

import dataclasses
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
from recurra.runtime import ForecastInputs, ForecastModel, forecast_artifact, quantize
from recurra.tasks.forecast_network import ForecastNetwork
from tests.inspection.fitted import HOSTILE, MAKERS
from tests.inspection.fitted_language import MAKERS as LANGUAGE
from tests.inspection.fitted_pairs import MAKERS as PAIRS
from tests.inspection.fitted_transcripts import MAKERS as TRANSCRIPTS

STEP = 1e-5
KEPT = ("keys", "fold", "pairs")  # tensors that are no weights

SERIES = np.random.default_rng(5).normal(size=(7, 6))
INPUTS = {
    "texts": f"a good film a {HOSTILE} film",
    "many": SERIES,
    "numbers": SERIES[:, :2],
    "spans": ["Ann", "saw", "the", "York"],
    "frames": SERIES[:, :2],
    "characters": "to be or",
    "names": "bob",
    "words": "the cat saw a dog",
    "tunes": np.eye(88, dtype=bool)[30:36],
    "plain": "die frau geht",
    "reversed_letters": "ab ba é",
    "arrays": SERIES[:, :2],
    "captions": SERIES[:1],
    "strokes": SERIES[:, :3],
}
KINDS = {
    **{name: "fitted" for name in MAKERS if name in INPUTS},
    **{name: "fitted_language" for name in LANGUAGE if name in INPUTS},
    **{name: "fitted_transcripts" for name in TRANSCRIPTS if name in INPUTS and name != "words"},
    **{name: "fitted_pairs" for name in PAIRS if name in INPUTS and name != "words"},
}


@pytest.fixture
def model(request):
    """A fitted model, by name, with random weights, none of them zero."""

    def model(name):
        estimator = request.getfixturevalue(KINDS[name])(name)
        artifact, rng = estimator.artifact_, np.random.default_rng(1)
        tensors = {
            key: array if key.endswith(KEPT) else rng.normal(0, 0.5, array.shape).astype(np.float32)
            for key, array in artifact.tensors.items()
        }
        return type(estimator.model_)(dataclasses.replace(artifact, tensors=tensors))

    return model


@pytest.mark.parametrize("name", KINDS)
def test_gradients_are_differences(name, model):
    model = model(name)
    network = differentiable(model, given(model, INPUTS[name]))
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


@pytest.mark.parametrize("name", KINDS)
def test_a_scale_moves_along_the_ray(name, model):
    model = model(name)
    network = differentiable(model, given(model, INPUTS[name]))
    aim, scale = network.aim(), 0.7
    low, here, high = network.pull(np.array([scale - STEP, scale, scale + STEP]), [aim] * 3).values
    found = network.pull(np.array([scale]), [aim])
    slope = (found.vectors[0] * network.vectors).sum() + found.added[0].sum()
    np.testing.assert_allclose(found.values[0], here, rtol=1e-12)
    np.testing.assert_allclose(slope, (high - low) / (2 * STEP), rtol=1e-5, atol=1e-8)


def test_values_are_those_that_the_models_give(model):
    own = model("texts")
    found = gradients(own, given(own, INPUTS["texts"]))
    probabilities = own.predict_proba([INPUTS["texts"]])[0]
    np.testing.assert_allclose(found.value, np.log(probabilities.max()), rtol=1e-5)
    assert found.aim == f"log-probability of the class {str(own.classes[probabilities.argmax()])!r}"

    own = model("numbers")
    found = gradients(own, given(own, INPUTS["numbers"]))
    np.testing.assert_allclose(found.value, own.predict([INPUTS["numbers"]])[0], rtol=1e-5)
    assert found.aim == "median"

    own = model("names")
    stream = own.stream()
    stream.read(own.features(["bob"])[0])
    found = gradients(own, given(own, "bob"))
    np.testing.assert_allclose(found.value, stream.log_probabilities.max(), rtol=1e-5)
    assert found.aim.startswith("log-probability of the next symbol ")

    own = model("plain")
    (best,) = own.translate([INPUTS["plain"]])[0]
    found = gradients(own, given(own, INPUTS["plain"]))
    assert found.aim == "log-probability of the answer"
    if best.ended:
        np.testing.assert_allclose(found.value, best.log_probability, rtol=1e-5)


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
    point = model.predict(table).point - table[-1, 0]
    np.testing.assert_allclose(found.value, point.mean() if target is None else point[1], rtol=1e-5)
    assert found.aim == f"median of load ({which}, from the last value)"


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_forecast_as_pytorch_has_it(name):
    model = forecaster(name, layers=2)
    own = given(model, np.random.default_rng(1).normal(20, 9, (8, 2)))
    found = gradients(model, own, 3)
    network = ForecastNetwork(model.inputs, name, 4, 2, seed=0).double()
    network.load_state_dict({key: torch.tensor(array) for key, array in model.tensors.items()})
    x = torch.tensor(own.x, dtype=torch.float64, requires_grad=True)
    value = 3.5 * network(x[None])[0, 2].sort().values[1] + 0.25
    np.testing.assert_allclose(found.value, value.item(), rtol=1e-12)
    (wanted,) = torch.autograd.grad(value, x)
    np.testing.assert_allclose(found.gradient, wanted.numpy(), rtol=1e-9, atol=1e-12)


def test_of_one_step_and_one_unit():
    model = forecaster("gru", context=1, hidden_size=1)
    found = gradients(model, given(model, np.full((1, 2), 3.0)))
    assert found.gradient.shape == (1, 2)


def test_a_bag_is_told_step_by_step(model):
    model = model("texts")
    network = differentiable(model, given(model, "a good film a good"))
    logits = network.pull(np.ones(1), [network.aim()])
    assert logits.added[0, :3].all()
    np.testing.assert_array_equal(logits.added[0, 4:], 0)  # all that the last step has was there before


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        (
            "texts",
            "<b>po</b>",
            "target must be one of {classes}, got '<b>po</b>'; did you mean '<b>pos</b>'?",
        ),
        ("numbers", 1, "target must be None, as the model has one output, got 1"),
        ("frames", 7, "target must be a whole number between 0 and 6, got 7"),
        ("frames", True, "target must be a whole number between 0 and 6, got True"),
        ("plain", -1, "target must be a whole number between 0 and {end}, got -1"),
    ],
)
def test_targets_that_there_are_not(name, target, message, model):
    model = model(name)
    own = given(model, INPUTS[name])
    with pytest.raises(InputError) as error:
        gradients(model, own, target)
    classes = ", ".join(map(str, getattr(model, "classes", ())))
    end = len(model.answer(own.x)) if name == "plain" else 0
    assert str(error.value) == message.format(classes=classes, end=end)


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


def test_without_pytorch(model, monkeypatch):
    model = model("plain")
    own = given(model, INPUTS["plain"])
    monkeypatch.setitem(sys.modules, "recurra.inspection.inside.rebuild", None)
    with pytest.raises(MissingExtraError) as error:
        gradients(model, own)
    assert str(error.value) == "torch is not installed; install it with: pip install 'recurra[train]'"
