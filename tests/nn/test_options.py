"""The options: every combination against the cells' own NumPy equations, and what each one means."""

import copy
import inspect
import itertools
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from recurra import nn
from recurra._base.errors import InputError
from recurra.cells import LAYER_OPTIONS, OPTIONS, OPTIONS_OF
from recurra.nn.masks import drop_out
from recurra.nn.noise import draw
from tests.nn.conftest import gradients, random_state, states_of

pytestmark = pytest.mark.filterwarnings("ignore:RNN module weights are not part of single contiguous chunk")

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

COMBINATIONS = [
    (name, dict(zip(options, values)))
    for name in LAYERS
    for options in [[option for option in OPTIONS_OF[name] if option not in LAYER_OPTIONS]]
    for values in itertools.product(*(OPTIONS[option].trials for option in options))
]

EVERYTHING = {
    "rnn": {"layer_norm": True, "zoneout": 0.3},
    "lstm": {"layer_norm": True, "zoneout": 0.3, "peephole": True, "proj_size": 2},
    "gru": {"layer_norm": True, "zoneout": 0.3, "reset_after": False},
}


@pytest.fixture(params=LAYERS)
def make_full(request):
    """make_full(**options): a layer with every option of its cell, two layers deep, in both directions."""

    def make(**options):
        given = {"num_layers": 2, "bidirectional": True, "dtype": torch.float64, **EVERYTHING[request.param]}
        return scattered(LAYERS[request.param](2, 5, **(given | options)))

    return make


def scattered(layer):
    """The layer with all parameters random, gains and initial states among them."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(std=0.5)
    return layer


def assert_as_the_cells(layer, x, hx, lengths, device="cpu"):
    """Output, states and all gradients against the stack of NumPy cells, given the masks that were drawn."""
    generator_state = torch.get_rng_state()
    noise = draw(layer.stack, x, layer.dropout, layer.recurrent_dropout, layer.training)
    torch.set_rng_state(generator_state)
    got = [tensor.detach().cpu().numpy() for tensor in gradients(layer, x, hx, lengths=lengths)]

    stack, states = layer.stack, layer.stack.cell.states
    p = {name: getattr(layer, name).detach().cpu().numpy() for name in stack.parameter_shapes()}
    masks = None if noise.between_layers is None else noise.between_layers.cpu().numpy()
    output, state_n, tapes = stack.forward(
        p,
        x.cpu().numpy(),
        {name: tensor.cpu().numpy() for name, tensor in zip(states, states_of(hx))},
        lengths,
        masks,
        noise={name: mask.cpu().numpy() for name, mask in noise.of_cells().items()},
    )
    random = torch.Generator().manual_seed(1)
    results = [output, *(state_n[name] for name in states)]
    d_output, *d_state_n = (
        torch.randn(r.shape, generator=random, dtype=torch.float64).numpy() for r in results
    )
    dx, d_state, d_p = stack.backward(p, tapes, d_output, dict(zip(states, d_state_n)), masks)
    want = [*results, dx, *(d_state[name] for name in states)]
    want += [d_p[name] for name, _ in layer.named_parameters()]
    for mine, theirs in itertools.zip_longest(got, want):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", LAYERS)
def test_the_constructor_has_the_options_of_the_cell(name):
    arguments = inspect.signature(LAYERS[name]).parameters
    beyond_torch = {each for each, given in arguments.items() if given.kind is given.KEYWORD_ONLY}
    assert beyond_torch | {"nonlinearity", "proj_size"} & arguments.keys() == set(OPTIONS_OF[name])


EVERY_LAYER = LAYERS | {"min_gru": nn.MinGRU, "min_lstm": nn.MinLSTM}


@pytest.mark.parametrize("option", [*OPTIONS, *LAYER_OPTIONS])
@pytest.mark.parametrize("name", EVERY_LAYER)
def test_the_table_of_options_holds_for_the_layers(name, option):
    """Each option is taken, or refused by name."""
    value = OPTIONS[option].trials[-1] if option in OPTIONS else LAYER_VALUES[option]
    if option in OPTIONS_OF[name]:
        layer = EVERY_LAYER[name](3, 4, **{option: value})
        assert getattr(layer, option) == value
        assert f"{option}={value}" in repr(layer) or option == "nonlinearity"
        return
    owners = [other.__name__ for key, other in EVERY_LAYER.items() if option in OPTIONS_OF[key]]
    kind, message = InputError, f"{EVERY_LAYER[name].__name__} has no option {option!r}, which goes with "
    message += {1: "{}", 3: "{}, {} and {}"}[len(owners)].format(*owners) + " only"
    if option in ("nonlinearity", "proj_size"):  # torch.nn's own, with its errors
        kind, message = TypeError, f"__init__() got an unexpected keyword argument {option!r}"
    if option == "proj_size" and name in ("rnn", "gru"):
        kind, message = ValueError, "proj_size argument is only supported for LSTM, not RNN or GRU"
    with pytest.raises(kind, match=f"{re.escape(message)}$"):
        EVERY_LAYER[name](3, 4, **{option: value})


LAYER_VALUES = {"recurrent_dropout": 0.2, "weight_dropout": 0.2, "learn_initial_state": True}


@pytest.mark.parametrize(("name", "options"), COMBINATIONS)
@pytest.mark.parametrize("training", [False, True])
def test_every_combination_is_as_the_cells_say(name, options, training):
    noise = {"recurrent_dropout": 0.4, "dropout": 0.3}
    layer = LAYERS[name](3, 5, 2, bidirectional=True, dtype=torch.float64, **noise, **options)
    scattered(layer).train(training)
    x = torch.randn(4, 3, 3, dtype=torch.float64)
    assert_as_the_cells(layer, x, random_state(layer, 3), [2, 0, 4])


@settings(max_examples=25, deadline=None)
@given(
    data=st.data(),
    combination=st.sampled_from(COMBINATIONS),
    T=st.integers(1, 6),
    N=st.integers(0, 6),
    H=st.integers(3, 19),
)
def test_any_shape_is_as_the_cells_say(data, combination, T, N, H):
    name, options = combination
    sizes = data.draw(st.integers(1, 4)), H, data.draw(st.integers(1, 3))
    settings = {"bias": data.draw(st.booleans()), "bidirectional": data.draw(st.booleans())}
    settings["recurrent_dropout"] = data.draw(st.sampled_from([0.0, 0.5]))
    layer = scattered(LAYERS[name](*sizes, dtype=torch.float64, **settings, **options))
    layer.train(data.draw(st.booleans()))
    lengths = data.draw(st.none() | st.lists(st.integers(0, T), min_size=N, max_size=N))
    x = torch.randn(T, N, sizes[0], dtype=torch.float64)
    assert_as_the_cells(layer, x, random_state(layer, N), lengths)


@pytest.mark.parametrize("training", [False, True])
def test_on_every_device(make_full, device, training):
    layer = make_full(recurrent_dropout=0.4, dropout=0.3).train(training).to(device)
    if device != "cpu" and training:
        pytest.skip("the masks are drawn on the device")
    x = torch.randn(4, 3, 2, dtype=torch.float64, device=device)
    assert_as_the_cells(layer, x, random_state(layer, 3, device=device), [2, 0, 4])


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
def test_derivatives(make_full, check):
    layer = make_full(recurrent_dropout=0.4, weight_dropout=0.3, num_layers=1)
    tensors = [torch.randn(3, 2, 2, dtype=torch.float64), *states_of(random_state(layer, 2))]
    names = [name for name, _ in layer.named_parameters()]

    def f(x, *tensors):
        torch.manual_seed(2)  # the same masks in every call
        hx, parameters = tensors[: -len(names)], tensors[-len(names) :]
        arguments = x, hx if len(hx) > 1 else hx[0], [3, 1]
        output, state_n = torch.func.functional_call(layer, dict(zip(names, parameters)), arguments)
        return output, *states_of(state_n)

    tensors = [tensor.detach().requires_grad_() for tensor in (*tensors, *layer.parameters())]
    assert check(f, tensors, fast_mode=True)


def test_masks_are_drawn_anew_at_each_call_and_only_in_training(make_full):
    layer = make_full(recurrent_dropout=0.4, weight_dropout=0.2)
    x = torch.randn(4, 3, 2, dtype=torch.float64)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    outputs = []
    for _ in range(2):
        torch.manual_seed(4)
        outputs.append(layer(x)[0])
    assert torch.equal(*outputs)
    layer.eval()
    before = torch.get_rng_state()
    assert torch.equal(layer(x)[0], layer(x)[0])
    assert torch.equal(torch.get_rng_state(), before)


def test_the_masks_of_a_call_do_not_hang_on_whether_it_keeps_a_tape(make_full):
    layer = make_full(dropout=0.3, recurrent_dropout=0.4, weight_dropout=0.2)
    x, outputs = torch.randn(6, 3, 2, dtype=torch.float64), []
    for wanted in (True, False):
        torch.manual_seed(7)
        with torch.set_grad_enabled(wanted):
            outputs.append(layer(x, lengths=[6, 0, 2])[0])
    assert [output.requires_grad for output in outputs] == [True, False]
    assert torch.equal(*outputs)


def test_recurrent_dropout_keeps_one_mask_for_all_steps():
    layer = nn.RNN(1, 400, nonlinearity="relu", bias=False, recurrent_dropout=0.25, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.eye(400))
    hx = torch.ones(1, 1, 400, dtype=torch.float64)
    output, _ = layer(torch.zeros(3, 1, 1, dtype=torch.float64), hx)
    kept = output[0, 0] != 0
    assert 0.65 < kept.double().mean() < 0.85
    for t in range(3):
        torch.testing.assert_close(output[t, 0], kept.double() / 0.75 ** (t + 1))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_zoneout_at_its_ends(p):
    layer, plain = (nn.GRU(2, 3, dtype=torch.float64, zoneout=zoneout) for zoneout in (p, 0.0))
    plain.load_state_dict(layer.state_dict())
    x, hx = torch.randn(4, 2, 2, dtype=torch.float64), torch.randn(1, 2, 3, dtype=torch.float64)
    for training in (True, False):
        output, _ = layer.train(training)(x, hx)
        torch.testing.assert_close(output, hx.expand(4, 2, 3) if p else plain(x, hx)[0])


def test_zoneout_takes_its_expectation_at_inference():
    layer = nn.LSTM(2, 3, zoneout=0.3, dtype=torch.float64).eval()
    plain = nn.LSTM(2, 3, dtype=torch.float64)
    plain.load_state_dict(layer.state_dict())
    x, hx = torch.randn(1, 2, 2, dtype=torch.float64), random_state(layer, 2)
    _, state_n = layer(x, hx)
    for new, old, whole in zip(state_n, hx, plain(x, hx)[1]):
        torch.testing.assert_close(new, 0.3 * old + 0.7 * whole)


@pytest.mark.parametrize("plain", [False, True])
def test_weight_dropout_is_a_mask_on_the_recurrent_weights(make_full, device, plain):
    layer = make_full(weight_dropout=0.4, zoneout=0.0, layer_norm=not plain).to(device)
    other = copy.deepcopy(layer)
    other.weight_dropout = 0.0
    x = torch.randn(4, 3, 2, dtype=torch.float64, device=device)
    torch.manual_seed(6)
    output, _ = layer(x)
    output.sum().backward()
    torch.manual_seed(6)
    with torch.no_grad():
        masks = {
            name: drop_out(torch.ones_like(parameter), 0.4)
            for name, parameter in other.named_parameters()
            if name.startswith("weight_hh")
        }
        for name, mask in masks.items():
            other.get_parameter(name).mul_(mask)
    torch.testing.assert_close(output, other(x)[0], rtol=1e-9, atol=1e-11)
    assert len(masks) == 4
    for name, mask in masks.items():
        torch.testing.assert_close(mask.unique().tolist(), [0.0, 1 / 0.6])
        gradient = layer.get_parameter(name).grad
        assert gradient.any()
        assert not gradient[mask == 0].any()


def test_learned_initial_state(make_full):
    fresh = LAYERS["lstm"](2, 3, learn_initial_state=True)
    assert not fresh.initial_h.any()
    assert not fresh.initial_c.any()
    layer = make_full(learn_initial_state=True, zoneout=0.0)
    learned = [getattr(layer, f"initial_{name}") for name in layer.stack.cell.states]
    assert [tuple(p.shape) for p in learned] == list(layer.stack.state_shapes(1).values())
    x = torch.randn(4, 3, 2, dtype=torch.float64)
    hx = tuple(p.detach().expand(-1, 3, -1).clone().requires_grad_() for p in learned)
    lengths = [4, 0, 2]
    output, state_n = layer(x, lengths=lengths)
    want, want_n = layer(x, hx if len(hx) > 1 else hx[0], lengths)
    torch.testing.assert_close((output, state_n), (want, want_n), rtol=0, atol=0)
    for own, state in zip(learned, states_of(state_n)):
        assert torch.equal(state[:, 1], own[:, 0])
    got = torch.autograd.grad(output.pow(2).sum(), learned)
    each = torch.autograd.grad(want.pow(2).sum(), hx)
    for gradient, rows in zip(got, each):
        torch.testing.assert_close(gradient, rows.sum(1, keepdim=True), rtol=1e-12, atol=1e-14)
    other = random_state(layer, 3)
    torch.testing.assert_close(layer(x, other)[0], make_like(layer, learn_initial_state=False)(x, other)[0])
    assert layer(x[:, 0])[0].shape == output[:, 0].shape  # without a batch


def make_like(layer, **options):
    """A layer with other options and the same parameters as far as it has them."""
    given = {"layer_norm": layer.layer_norm, "zoneout": layer.zoneout}
    if layer.mode == "LSTM":
        given |= {"peephole": layer.peephole, "proj_size": layer.proj_size}
    if layer.mode == "GRU":
        given |= {"reset_after": layer.reset_after}
    other = type(layer)(
        layer.input_size,
        layer.hidden_size,
        layer.num_layers,
        bidirectional=layer.bidirectional,
        dtype=torch.float64,
        **(given | options),
    )
    other.load_state_dict(layer.state_dict(), strict=False)
    return other


def test_packed_sequences(make_full):
    layer = make_full().eval()
    rows = [torch.randn(length, 2, dtype=torch.float64) for length in (2, 4, 1)]
    packed, packed_n = layer(pack_sequence(rows, enforce_sorted=False))
    output, state_n = layer(torch.nn.utils.rnn.pad_sequence(rows), lengths=[2, 4, 1])
    assert torch.equal(torch.nn.utils.rnn.pad_packed_sequence(packed)[0], output)
    torch.testing.assert_close(packed_n, state_n, rtol=0, atol=0)


def test_parameters_and_their_initial_values():
    layer = nn.LSTM(2, 4, 2, peephole=True, proj_size=3, layer_norm=True, learn_initial_state=True)
    shapes = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
    assert shapes == layer.stack.parameter_shapes() | {"initial_h": (2, 1, 3), "initial_c": (2, 1, 4)}
    assert [
        name for name in shapes if name not in dict(torch.nn.LSTM(2, 4, 2, proj_size=3).named_parameters())
    ]
    for _ in range(2):
        for name, parameter in layer.named_parameters():
            if name.startswith(("initial", "ln_c_bias")):
                assert not parameter.any()
            elif name.startswith("ln_"):
                assert (parameter == 1).all()
            else:
                assert 0 < parameter.abs().max() <= 0.5
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.fill_(7)
        layer.reset_parameters()
    names = [[name for name, p in layer.named_parameters() if p is weight] for weight in layer.all_weights[1]]
    assert names == [[f"{name}_l1"] for name in layer.stack.layers()[1].cell.parameter_shapes()]


def test_repr_names_the_options_that_are_on():
    layer = nn.LSTM(2, 4, layer_norm=True, zoneout=0.1, peephole=True, weight_dropout=0.5)
    assert repr(layer) == "LSTM(2, 4, peephole=True, layer_norm=True, zoneout=0.1, weight_dropout=0.5)"
    layer = nn.GRU(2, 4, 2, reset_after=False, recurrent_dropout=0.2, learn_initial_state=True)
    assert repr(layer) == (
        "GRU(2, 4, num_layers=2, reset_after=False, recurrent_dropout=0.2, learn_initial_state=True)"
    )


def test_options_can_be_read(make_full):
    layer = make_full(recurrent_dropout=0.2)
    assert layer.layer_norm is True
    assert layer.zoneout == 0.3
    assert layer.recurrent_dropout == 0.2
    with pytest.raises(AttributeError, match="has no setter"):
        layer.zoneout = 0.5
    assert nn.GRU(2, 3).reset_after is True
    assert nn.LSTM(2, 3).peephole is False


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_dtypes(make_full, dtype):
    layer = make_full().eval()
    x = torch.randn(4, 3, 2, dtype=torch.float64)
    want, _ = layer(x)
    got, _ = layer.to(dtype)(x.to(dtype))
    assert got.dtype == dtype
    torch.testing.assert_close(got.double(), want, rtol=0.1, atol=1e-4 if dtype == torch.float32 else 0.1)


def test_state_dicts_and_copies(make_full):
    layer = make_full(learn_initial_state=True).eval()
    x = torch.randn(4, 3, 2, dtype=torch.float64)
    other = make_like(layer, learn_initial_state=True).eval()
    other.load_state_dict(layer.state_dict())
    for same in (other, copy.deepcopy(layer)):
        assert torch.equal(same(x)[0], layer(x)[0])
