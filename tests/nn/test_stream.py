"""A layer's stream steps to the bits of its calls in evaluation, over a copy of its weights."""

import itertools
import re

import numpy as np
import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError
from recurra.cells import LAYER_OPTIONS, OPTIONS, OPTIONS_OF
from tests.nn.conftest import states_of

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

VARIANTS = [
    (name, dict(zip(options, values)))
    for name in LAYERS
    for options in [["bias", *(option for option in OPTIONS_OF[name] if option not in LAYER_OPTIONS)]]
    for values in itertools.product((True, False), *(OPTIONS[option].trials for option in options[1:]))
]


def scattered(layer):
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(std=0.5)
    return layer


def outputs(stream, x):
    return np.stack([stream.step(row) for row in x.numpy()])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_every_cell_and_option(name, options, dtype):
    training_only = {"dropout": 0.5, "recurrent_dropout": 0.5, "weight_dropout": 0.5}
    layer = scattered(
        LAYERS[name](3, 19, 2, dtype=dtype, learn_initial_state=True, **options, **training_only)
    )
    x = torch.randn(6, 3, dtype=dtype)
    stream = layer.stream()  # of evaluation, though the layer trains
    got = outputs(stream, x)
    with torch.no_grad():
        want, state_n = layer.eval()(x)
    np.testing.assert_array_equal(got, want.numpy(), strict=True)
    for array, tensor in zip(stream.state().values(), states_of(state_n), strict=True):
        np.testing.assert_array_equal(array, tensor.numpy(), strict=True)


@pytest.mark.parametrize("kind", [nn.MinGRU, nn.MinLSTM])
def test_minimal_layers_agree_to_rounding(kind):
    layer = scattered(kind(3, 19, 2, dtype=torch.float64, learn_initial_state=True))
    x = torch.randn(6, 3, dtype=torch.float64)
    np.testing.assert_allclose(outputs(layer.stream(), x), layer(x)[0].detach(), rtol=1e-12)


@pytest.mark.parametrize("learned", [False, True])
def test_state_goes_in_and_comes_out_and_reset_goes_to_the_beginning(learned):
    layer = scattered(nn.LSTM(3, 5, 2, proj_size=4, learn_initial_state=learned))
    x = torch.randn(6, 3)
    stream = layer.stream()
    want = outputs(stream, x)
    stream.reset()
    np.testing.assert_array_equal(outputs(stream, x[:2]), want[:2])
    state = stream.state()
    assert {name: array.shape for name, array in state.items()} == {"h": (2, 4), "c": (2, 5)}
    np.testing.assert_array_equal(outputs(stream, x[2:]), want[2:])
    np.testing.assert_array_equal(outputs(layer.stream(state), x[2:]), want[2:])
    stream.set_state(state)
    np.testing.assert_array_equal(outputs(stream, x[2:]), want[2:])


def test_it_is_a_copy():
    layer = scattered(nn.GRU(3, 5, learn_initial_state=True))
    x = torch.randn(4, 3)
    stream = layer.stream()
    want = outputs(stream, x)
    scattered(layer)  # in place
    stream.reset()
    np.testing.assert_array_equal(outputs(stream, x), want)
    assert (outputs(layer.stream(), x) != want).any()


def test_half_weights_step_in_float32():
    layer = scattered(nn.GRU(3, 5, dtype=torch.bfloat16))
    x = torch.randn(4, 3, dtype=torch.bfloat16).float()
    got = outputs(layer.stream(), x)
    np.testing.assert_array_equal(got, layer.float()(x)[0].detach().numpy(), strict=True)


def test_parametrised_weights_and_accelerated_layers():
    layer = nn.GRU(3, 5)
    torch.nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0")
    x = torch.randn(4, 3)
    np.testing.assert_array_equal(outputs(layer.stream(), x), layer(x)[0].detach().numpy())
    swapped = nn.accelerate(torch.nn.LSTM(3, 5))
    np.testing.assert_array_equal(outputs(swapped.stream(), x), swapped(x)[0].detach().numpy())


@pytest.mark.parametrize("name", LAYERS)
def test_bfloat16_weights_step_to_the_bits_of_a_layer_whose_weights_are_rounded(name):
    layer = scattered(LAYERS[name](9, 40, 2, learn_initial_state=True))
    x = torch.randn(6, 9)
    got = outputs(layer.stream(weights="bfloat16"), x)
    with torch.no_grad():
        for own, parameter in layer.named_parameters():
            if own.startswith("weight"):
                parameter.copy_(parameter.bfloat16().float())
        np.testing.assert_array_equal(got, layer(x)[0].numpy(), strict=True)


def test_a_quantized_stream_goes_on_from_its_state():
    layer = scattered(nn.LSTM(3, 5, 2, learn_initial_state=True))
    x = torch.randn(6, 3)
    stream = layer.stream(weights="int8")
    want = outputs(stream, x)
    stream.reset()
    np.testing.assert_array_equal(outputs(stream, x[:2]), want[:2])
    np.testing.assert_array_equal(outputs(layer.stream(stream.state(), weights="int8"), x[2:]), want[2:])


@pytest.mark.parametrize("name", LAYERS)
def test_the_error_of_rounded_weights_is_stated(name):
    layer = LAYERS[name](16, 64, 2)
    x = torch.randn(200, 16)
    exact = outputs(layer.stream(), x)
    for weights, most in (("bfloat16", 0.01), ("int8", 0.05)):
        error = layer.quantization_error(x.numpy(), weights)
        assert error == np.abs(outputs(layer.stream(weights=weights), x) - exact).max()
        assert 0 < error < most


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_weights_of_a_cuda_layer_are_copied_to_the_cpu():
    layer = scattered(nn.GRU(3, 5, learn_initial_state=True, device="cuda"))
    x = torch.randn(4, 3)
    got = outputs(layer.stream(), x)
    np.testing.assert_array_equal(got, layer.cpu()(x)[0].detach().numpy())


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (
            lambda: nn.GRU(3, 5, bidirectional=True).stream(),
            "GRU.stream needs a layer in one direction, got bidirectional=True; "
            "call the layer on whole sequences",
        ),
        (
            lambda: nn.MinLSTM(3, 5, bidirectional=True).stream(),
            "MinLSTM.stream needs a layer in one direction, got bidirectional=True; "
            "call the layer on whole sequences",
        ),
        (lambda: nn.LSTM(3, 5).stream({"h": np.zeros((1, 5))}), "state 'c' is missing, got h"),
        (
            lambda: nn.GRU(3, 5).stream({"h": torch.zeros(1, 5)}),
            "state 'h' must be a NumPy array, got Tensor",
        ),
        (
            lambda: nn.GRU(3, 5).stream(weights="int4"),
            "weights must be one of bfloat16, int8, got 'int4'; did you mean 'int8'?",
        ),
        (
            lambda: nn.GRU(3, 5, dtype=torch.float64).stream(weights="int8"),
            "weights='int8' needs float32 parameters, got float64; convert them",
        ),
        (
            lambda: nn.GRU(3, 5, zoneout=0.1).stream(weights="int8"),
            "weights='int8' goes with plain cells only, got zoneout=0.1",
        ),
        (
            lambda: nn.MinGRU(3, 5).stream(weights="int8"),
            "weights='int8' goes with rnn, lstm, gru, got min_gru",
        ),
        (
            lambda: nn.GRU(3, 5).quantization_error(np.zeros((4, 5)), "int8"),
            "x must have shape (T, 3), got (4, 5)",
        ),
        (lambda: nn.GRU(3, 5).stream().step(np.zeros(4)), "x must have shape (3,), got (4,)"),
    ],
)
def test_what_is_refused(use, message):
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        use()
