"""Models with rounded weights: the same bits whole and step by step, and an error that is stated."""

import copy
import dataclasses
import re

import numpy as np
import pytest

import recurra
from recurra import artifact, kernels
from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.data import SeriesFeatures
from recurra.runtime import (
    Embedding,
    ForecastModel,
    Linear,
    Network,
    NetworkStream,
    Pool,
    Recurrent,
    RegressionModel,
    network_spec,
    quantize,
)
from recurra.runtime.sequence_model import sequence_artifact

CELLS = ("rnn", "lstm", "gru")
WEIGHTS = ("bfloat16", "int8")


def parts_of(name="lstm", *, pool=True, num_layers=2, bidirectional=False, **options):
    stack = Stack(cell(name, input_size=3, hidden_size=24, **options), num_layers, bidirectional)
    head = Linear("head", stack.output_size, 4)
    return [Recurrent("encoder", stack), Pool("mean"), head] if pool else [Recurrent("encoder", stack), head]


def network_of(*parts):
    rng = np.random.default_rng(0)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 0.15, shape).astype(np.float32) for name, shape in shapes.items()}
    return Network(network_spec(parts), tensors), tensors


def inputs(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("pool", [False, True])
def test_a_row_has_the_same_bits_alone_in_a_batch_and_step_by_step(name, pool, weights):
    network = network_of(*parts_of(name, pool=pool))[0].quantized(weights)
    x, lengths = inputs(4, 9, 3), np.array([9, 0, 4, 1])
    whole = network(x, lengths, threads=2)
    for row, length, output in zip(x, lengths, whole):
        alone = network(row[None, :length], np.array([length]))[0]
        stream = NetworkStream(network)
        steps = [stream.step(step) for step in row[:length]]
        if pool:
            np.testing.assert_array_equal(output, alone, strict=True)
            np.testing.assert_array_equal(output, steps[-1] if length else alone, strict=True)
        else:
            np.testing.assert_array_equal(output[:length], alone, strict=True)
            np.testing.assert_array_equal(alone, np.reshape(steps, (length, 4)).astype(np.float32))


@pytest.mark.parametrize("name", CELLS)
def test_bfloat16_has_the_bits_of_rounded_weights(name):
    network, tensors = network_of(*parts_of(name))
    rounded = {key: array.copy() for key, array in tensors.items()}
    for key, array in rounded.items():
        if key.startswith("encoder.weight"):
            bits = array.view(np.uint32)
            bits += 0x7FFF + (bits >> 16 & 1)  # to the nearest, of two equally near the even one
            bits &= 0xFFFF0000
    exact = Network(network_spec(parts_of(name)), rounded)
    x = inputs(3, 7, 3)
    np.testing.assert_array_equal(network.quantized("bfloat16")(x), exact(x), strict=True)


@pytest.mark.parametrize("name", CELLS)
def test_the_error_is_the_largest_difference_over_standard_normal_inputs(name):
    network, tensors = network_of(*parts_of(name))
    stack = parts_of(name)[0].stack
    own = {key.removeprefix("encoder."): array for key, array in tensors.items() if "encoder" in key}
    x = np.random.default_rng(0).standard_normal((1000, 3), np.float32)
    assert network.quantization_error is None
    for weights, most in (("bfloat16", 0.03), ("int8", 0.15)):
        packed = kernels.QuantizedStack(stack, own, weights), kernels.PackedStack(stack, own)
        error = network.quantized(weights).quantization_error
        assert error == kernels.largest_difference(*map(kernels.StackStream, packed), x)
        assert 0 < error < most


def test_the_error_of_a_network_is_that_of_its_worst_layer():
    first = Recurrent("first", Stack(cell("gru", input_size=3, hidden_size=8)))
    second = Recurrent("second", Stack(cell("lstm", input_size=8, hidden_size=8)))
    network, tensors = network_of(first, second)
    alone = [
        Network(network_spec([part]), {name: tensors[name] for name in part.shapes()})
        for part in (first, second)
    ]
    errors = [own.quantized("int8").quantization_error for own in alone]
    assert errors[0] != errors[1]
    assert network.quantized("int8").quantization_error == max(errors)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", CELLS)
def test_a_loaded_model_becomes_one_with_rounded_weights(make, tmp_path, name, weights):
    made = make(name, hidden_size=32)
    calm = {key: array * np.float32(0.2) for key, array in made.tensors.items()}  # not chaotic
    artifact.save(dataclasses.replace(made, tensors=calm), path := tmp_path / "model.safetensors")
    model = recurra.load(path)
    windows = np.random.default_rng(2).normal(size=(5, 6, 2))
    before = model.predict_windows(windows)
    small = recurra.quantize(model, weights)
    assert type(small) is ForecastModel
    assert 0 < small.network.quantization_error < 0.1
    after = small.predict_windows(windows)
    assert 0 < np.abs(after - before).max() < 0.1 * np.abs(before).max()
    np.testing.assert_array_equal(small.predict_windows(windows[3:4]), after[3:4], strict=True)
    np.testing.assert_array_equal(model.predict_windows(windows), before, strict=True)
    assert model.network.quantization_error is None
    assert (small.card, small.spec, small.task) == (model.card, model.spec, model.task)


def regressor():
    parts = [*parts_of("gru")[:2], Linear("head", 24, 3)]
    _, tensors = network_of(*parts)
    return RegressionModel(
        sequence_artifact(
            "regress",
            parts,
            tensors,
            SeriesFeatures(mean=np.array([0.5, -1.0, 2.0]), deviation=np.array([1.5, 0.5, 2.0])),
            {"levels": [0.1, 0.5, 0.9], "mean": 3.0, "deviation": 2.0},
            source=None,
            history={},
            card={},
        )
    )


@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_stream_says_what_the_quantized_model_says_of_whole_sequences(weights):
    small = quantize(regressor(), weights)
    x = inputs(7, 3)
    stream = small.stream()
    steps = [stream.step(row) for row in x]
    whole = small.predict_quantiles([x[: t + 1] for t in range(len(x))])
    np.testing.assert_array_equal(steps, whole, strict=True)
    assert np.abs(whole - regressor().predict_quantiles([x[: t + 1] for t in range(len(x))])).max() > 0


def test_streams_do_not_go_on_from_a_state_of_other_weights():
    model = regressor()
    small = quantize(model, "int8")
    stream = small.stream()
    stream.step(np.ones(3))
    goes_on = small.stream(stream.state())
    np.testing.assert_array_equal(goes_on.step(np.ones(3)), stream.step(np.ones(3)))
    for other in (model, quantize(model, "bfloat16")):
        with pytest.raises(InputError) as error:
            other.stream(stream.state())
        assert str(error.value) == (
            "state belongs to another model; give one that a stream of this model gave"
        )


def test_fingerprints_tell_the_weights_apart(make):
    model = ForecastModel(make())
    prints = [model.fingerprint, *(quantize(model, weights).fingerprint for weights in WEIGHTS)]
    assert len(set(prints)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", own) for own in prints)
    assert quantize(ForecastModel(make()), "int8").fingerprint == quantize(model, "int8").fingerprint


def test_later_changes_of_the_tensors_do_not_show():
    parts = parts_of()
    network, tensors = network_of(*parts)
    x = inputs(2, 5, 3)
    want = network.quantized("int8")(x)
    for array in tensors.values():
        array[:] = 0
    np.testing.assert_array_equal(network.quantized("int8")(x), want)


def test_models_without_recurrent_layers_have_nothing_to_round(make):
    model = copy.copy(ForecastModel(make()))
    model.network, _ = network_of(Embedding("embedding", 5, 3), Pool("mean"))
    with pytest.raises(InputError) as error:
        quantize(model, "int8")
    assert str(error.value) == "model must have a recurrent layer whose weights can be rounded, got none"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"bidirectional": True},
            "weights='int8' goes with layers in one direction, but 'encoder' is bidirectional",
        ),
        ({"zoneout": 0.1}, "weights='int8' goes with plain cells only, got zoneout=0.1"),
        ({"layer_norm": True}, "weights='int8' goes with plain cells only, got layer_norm=True"),
    ],
)
def test_layers_whose_weights_cannot_be_rounded(change, message):
    network, _ = network_of(*parts_of("lstm", **change))
    with pytest.raises(InputError) as error:
        network.quantized("int8")
    assert str(error.value) == message


def test_what_is_no_model_or_rounded_already_is_refused(make):
    model = ForecastModel(make())
    with pytest.raises(InputError) as error:
        quantize(np.zeros(3), "int8")
    assert str(error.value) == (
        "model must be one that recurra.load gives, got ndarray; a layer of recurra.nn has stream(weights=…)"
    )
    with pytest.raises(InputError) as error:
        quantize(quantize(model, "int8"), "bfloat16")
    assert str(error.value) == "model has rounded weights already; quantize it as it was loaded"
    with pytest.raises(InputError) as error:
        quantize(model, "int4")
    assert str(error.value) == "weights must be one of bfloat16, int8, got 'int4'; did you mean 'int8'?"
