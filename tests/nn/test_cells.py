"""RNNCell, LSTMCell and GRUCell: torch.nn's own step, and the options by the cells' equations."""

import copy
import pickle
import re

import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError
from tests.nn.conftest import states_of

KINDS = {
    "rnn": (nn.RNNCell, torch.nn.RNNCell, nn.RNN, {}),
    "relu": (nn.RNNCell, torch.nn.RNNCell, nn.RNN, {"nonlinearity": "relu"}),
    "gru": (nn.GRUCell, torch.nn.GRUCell, nn.GRU, {}),
    "lstm": (nn.LSTMCell, torch.nn.LSTMCell, nn.LSTM, {}),
}

OPTIONS = {
    "rnn": [{"layer_norm": True}, {"zoneout": 0.3}],
    "relu": [{"layer_norm": True, "zoneout": 0.3}],
    "gru": [{"reset_after": False}, {"layer_norm": True, "zoneout": 0.3, "reset_after": False}],
    "lstm": [{"peephole": True}, {"layer_norm": True, "zoneout": 0.3, "peephole": True}],
}

CASES = [(kind, options) for kind, several in OPTIONS.items() for options in several]


def random_hx(kind, *rows, dtype=torch.float64, device="cpu"):
    h, c = (torch.randn(*rows, 4, dtype=dtype, device=device) for _ in range(2))
    return (h, c) if kind == "lstm" else h


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_without_options_it_is_torchs(kind, bias):
    ours, theirs, _, fixed = KINDS[kind]
    ours, theirs = (cell(3, 4, bias, dtype=torch.float64, **fixed) for cell in (ours, theirs))
    assert isinstance(ours, type(theirs))
    ours.load_state_dict(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    for rows in ((2,), ()):
        x, hx = torch.randn(*rows, 3, dtype=torch.float64), random_hx(kind, *rows)
        torch.testing.assert_close(ours(x, hx), theirs(x, hx))
        torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_options_are_those_of_the_layers(kind, options, device):
    ours, _, layer, fixed = KINDS[kind]
    settings = {**fixed, **options, "dtype": torch.float64, "device": device}
    # In training both draw their masks, but in another order.
    training = "zoneout" not in options
    cell, layer = (made(3, 4, **settings).train(training) for made in (ours, layer))
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.normal_()
            layer.get_parameter(f"{name}_l0").copy_(parameter)
    for rows in ((2,), ()):
        x, hx = torch.randn(*rows, 3, device=device).double(), random_hx(kind, *rows, device=device)
        layer_hx = tuple(h[None] for h in hx) if kind == "lstm" else hx[None]
        _, want = layer(x[None], layer_hx)
        got = states_of(cell(x, hx))
        torch.testing.assert_close(got, [state[0] for state in states_of(want)], rtol=1e-9, atol=1e-11)
    _, want = layer(x[None])
    torch.testing.assert_close(states_of(cell(x)), [state[0] for state in states_of(want)])


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_derivatives(kind, options):
    ours, _, _, fixed = KINDS[kind]
    cell = ours(2, 4, dtype=torch.float64, **fixed, **options)
    names = [name for name, _ in cell.named_parameters()]
    states = states_of(random_hx(kind, 2))

    def f(x, *tensors):
        torch.manual_seed(2)
        hx, parameters = tensors[: len(states)], tensors[len(states) :]
        arguments = x, hx if len(hx) > 1 else hx[0]
        return tuple(states_of(torch.func.functional_call(cell, dict(zip(names, parameters)), arguments)))

    tensors = [torch.randn(2, 2, dtype=torch.float64), *states, *cell.parameters()]
    tensors = [tensor.detach().requires_grad_() for tensor in tensors]
    assert torch.autograd.gradcheck(f, tensors, fast_mode=True)
    assert torch.autograd.gradgradcheck(f, tensors, fast_mode=True)


def test_zoneout_is_drawn_in_training():
    cell = nn.LSTMCell(3, 500, zoneout=0.25, dtype=torch.float64)
    x, hx = torch.randn(1, 3, dtype=torch.float64), torch.randn(2, 1, 500, dtype=torch.float64).unbind()
    for old, new in zip(hx, cell(x, hx)):
        assert 0.15 < (old == new).double().mean() < 0.35
    assert torch.equal(cell.eval()(x, hx)[0], cell(x, hx)[0])
    assert not (cell(x, hx)[0] == hx[0]).any()


def test_parameters_copies_and_repr():
    cell = nn.LSTMCell(3, 4, layer_norm=True, peephole=True, zoneout=0.1)
    assert {name: tuple(p.shape) for name, p in cell.named_parameters()} == cell.cell.parameter_shapes()
    assert (cell.ln_ih_weight == 1).all()
    assert not cell.ln_c_bias.any()
    assert repr(cell) == "LSTMCell(3, 4, layer_norm=True, zoneout=0.1, peephole=True)"
    x = torch.randn(2, 3)
    cell.eval()
    for other in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):  # noqa: S301
        assert torch.equal(other(x)[0], cell(x)[0])
    with torch.no_grad():
        cell.ln_ih_weight.zero_()
    cell.reset_parameters()
    assert (cell.ln_ih_weight == 1).all()


def test_autocast_and_half_types():
    cell = nn.GRUCell(3, 4, layer_norm=True)
    x = torch.randn(2, 3)
    with torch.autocast("cpu"):
        assert torch.equal(cell(x), cell(x))
        single, half = cell(x), cell(x.bfloat16())
    assert torch.equal(single, cell(x))
    assert half.dtype == torch.bfloat16
    assert cell.bfloat16()(x.bfloat16()).dtype == torch.bfloat16


def test_compiles_without_a_break():
    torch.compiler.reset()
    cell = nn.LSTMCell(3, 4, layer_norm=True, peephole=True, zoneout=0.5).eval()
    compiled = torch.compile(cell, fullgraph=True, backend="aot_eager")
    x, hx = torch.randn(2, 3), random_hx("lstm", 2, dtype=torch.float32)
    torch.testing.assert_close(compiled(x, hx), cell(x, hx))


@pytest.mark.parametrize(
    ("input_shape", "hidden_shape"),
    [
        ((2, 2, 3), None),
        ((), None),
        ((2, 4), None),
        ((4,), None),
        ((2, 3), (2, 5)),
        ((2, 3), (3, 4)),
        ((2, 3), (3, 5)),
        ((2, 3), (2, 1, 4)),
        ((2, 3), (4,)),
        ((2, 3), ()),
        ((3,), (2, 4)),
        ((3,), (5,)),
        ((2, 4), (3, 5)),
        ((1, 2, 4), (3, 1, 5)),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer_norm", [False, True])
def test_misuse_raises_as_torch_does(kind, input_shape, hidden_shape, layer_norm):
    ours, theirs, _, fixed = KINDS[kind]
    hx = None if hidden_shape is None else torch.zeros(hidden_shape)
    if hx is not None and kind == "lstm":
        hx = hx, hx
    errors = []
    for cell in (ours(3, 4, **fixed, layer_norm=layer_norm), theirs(3, 4, **fixed)):
        with pytest.raises((ValueError, RuntimeError)) as caught:
            cell(torch.zeros(input_shape), hx)
        errors.append((type(caught.value), str(caught.value)))
    assert errors[0] == errors[1]


@pytest.mark.parametrize("wrong", ["input", "hidden"])
def test_another_dtype_is_the_error_that_it_is_in_torch(wrong):
    x, hx = torch.zeros(2, 3), torch.zeros(2, 4)
    x, hx = (x.double(), hx) if wrong == "input" else (x, hx.double())
    for cell in (nn.GRUCell(3, 4, layer_norm=True), torch.nn.GRUCell(3, 4)):
        with pytest.raises(RuntimeError, match="mat1 and mat2 must have the same dtype, but got"):
            cell(x, hx)


def without(cell, name):
    delattr(cell, name)
    return cell


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.GRUCell(3, 4, zoneout=2), InputError, "zoneout must be a number between 0 and 1, got 2"),
        (lambda: nn.RNNCell(3, 4, layer_norm=1), InputError, "layer_norm must be True or False, got 1"),
        (
            lambda: nn.GRUCell(3, 4, peephole=True),
            InputError,
            "GRUCell has no option 'peephole', which goes with LSTMCell and LSTM only",
        ),
        (
            lambda: nn.LSTMCell(3, 4, recurrent_dropout=0.1),
            InputError,
            "LSTMCell has no option 'recurrent_dropout', which goes with RNN, LSTM and GRU only",
        ),
        (
            lambda: nn.LSTMCell(3, 4, reset_after=False),
            InputError,
            "LSTMCell has no option 'reset_after', which goes with GRUCell and GRU only",
        ),
        (
            lambda: nn.LSTMCell(3, 4, proj_size=2),
            TypeError,
            "LSTMCell.__init__() got an unexpected keyword argument 'proj_size'",
        ),
        (
            lambda: nn.RNNCell(3, 4, batch_first=True),
            TypeError,
            "RNNCell.__init__() got an unexpected keyword argument 'batch_first'",
        ),
        (
            lambda: nn.GRUCell(3, 4, layer_norm=True, dtype=torch.complex64),
            InputError,
            "dtype must be a floating one, got torch.complex64",
        ),
        (
            lambda: without(nn.GRUCell(3, 4, layer_norm=True), "ln_hh_weight")(torch.zeros(2, 3)),
            InputError,
            "ln_hh_weight must be a tensor, got None; it was deleted or set to None",
        ),
        (
            lambda: nn.LSTMCell(3, 4, peephole=True)(torch.zeros(2, 3), torch.zeros(2, 4)),
            InputError,
            "hx must be a pair of tensors (h_0, c_0), got Tensor",
        ),
    ],
)
def test_wrong_options(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
