"""Misuse raises what torch.nn raises, word for word; what torch.nn does not know raises InputError."""

import re
import subprocess
import sys

import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError
from tests.nn.conftest import KINDS


def error_of(call):
    try:
        call()
    except Exception as error:
        return type(error), str(error)
    pytest.fail("no error was raised")


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ((0, 4), {}),
        ((3, 0), {}),
        ((3, 4, 0), {}),
        ((3.0, 4), {}),
        ((3, "4"), {}),
        ((3, 4), {"bias": 1}),
        ((3, 4), {"batch_first": "yes"}),
        ((3, 4, 2), {"dropout": 1.5}),
        ((3, 4, 2), {"dropout": True}),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_constructor_raises_as_torch_does(kind, sizes, options):
    ours, theirs, fixed = KINDS[kind]
    want = error_of(lambda: theirs(*sizes, **options, **fixed))
    assert error_of(lambda: ours(*sizes, **options, **fixed)) == want


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("LSTM", {"proj_size": -1}),
        ("LSTM", {"proj_size": 4}),
        ("LSTM", {"proj_size": 5}),
        ("GRU", {"proj_size": 2}),
        ("GRU", {"proj_size": 0}),
        ("RNN", {"proj_size": 2}),
        ("RNN", {"nonlinearity": "sin"}),
        ("RNN", {"nonlinearity": None}),
        ("RNN", {"num_layers": 1.0}),
        ("LSTM", {"num_layers": "1"}),
        ("LSTM", {"dropout": "a"}),
        ("LSTM", {"dropout": None}),
        ("GRU", {"dtype": torch.int64}),
    ],
)
def test_wrong_options_raise_as_torch_does(kind, options):
    want = error_of(lambda: getattr(torch.nn, kind)(3, 4, **options))
    assert error_of(lambda: getattr(nn, kind)(3, 4, **options)) == want


@pytest.mark.parametrize(
    ("kind", "arguments", "options"),
    [
        ("LSTM", (3,), {}),
        ("GRU", (3, 4), {"hidden": 4}),
        ("LSTM", (3, 4), {"nonlinearity": "relu"}),
        ("RNN", (3, 4), {"bias_": True}),
    ],
)
def test_unknown_and_missing_arguments_are_type_errors_as_in_torch(kind, arguments, options):
    assert error_of(lambda: getattr(torch.nn, kind)(*arguments, **options))[0] is TypeError
    error, message = error_of(lambda: getattr(nn, kind)(*arguments, **options))
    assert error is TypeError
    assert repr(next(iter(options), "hidden_size")) in message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.GRU(3, 4, peephole=True), "GRU has no option 'peephole', which goes with LSTM only"),
        (lambda: nn.RNN(3, 4, peephole=True), "RNN has no option 'peephole', which goes with LSTM only"),
        (
            lambda: nn.LSTM(3, 4, reset_after=False),
            "LSTM has no option 'reset_after', which goes with GRU only",
        ),
        (
            lambda: nn.RNN(3, 4, reset_after=False),
            "RNN has no option 'reset_after', which goes with GRU only",
        ),
        (lambda: nn.LSTM(3, 4, layer_norm=1), "layer_norm must be True or False, got 1"),
        (lambda: nn.LSTM(3, 4, peephole="yes"), "peephole must be True or False, got 'yes'"),
        (lambda: nn.GRU(3, 4, reset_after=None), "reset_after must be True or False, got None"),
        (lambda: nn.GRU(3, 4, learn_initial_state=1), "learn_initial_state must be True or False, got 1"),
        (lambda: nn.GRU(3, 4, zoneout=1.5), "zoneout must be a number between 0 and 1, got 1.5"),
        (
            lambda: nn.RNN(3, 4, recurrent_dropout=-0.1),
            "recurrent_dropout must be a number between 0 and 1, got -0.1",
        ),
        (
            lambda: nn.LSTM(3, 4, weight_dropout=True),
            "weight_dropout must be a number between 0 and 1, got True",
        ),
    ],
)
def test_wrong_options_of_ours(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


def test_dropout_after_the_only_layer_warns_as_torch_does(make_pair):
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        make_pair(3, 4, dropout=0.5)


def zeros(*shape, dtype=torch.float32):
    return torch.zeros(shape, dtype=dtype)


@pytest.mark.parametrize(
    ("input_shape", "hidden_shape"),
    [
        ((5,), None),
        ((5, 2, 3, 1), None),
        ((5, 2, 4), None),
        ((0, 2, 3), None),
        ((5, 4), None),
        ((5, 2, 3), (1, 4)),
        ((5, 3), (1, 2, 4)),
        ((5, 2, 3), (2, 2, 4)),
        ((5, 2, 3), (1, 3, 4)),
        ((5, 2, 3), (1, 2, 5)),
        ((5, 3), (2, 4)),
    ],
)
def test_call_raises_as_torch_does(make_pair, input_shape, hidden_shape):
    ours, theirs = make_pair(3, 4, dtype=torch.float32)
    hx = None if hidden_shape is None else zeros(*hidden_shape)
    if hx is not None and ours.mode == "LSTM":
        hx = (hx, hx)
    want = error_of(lambda: theirs(zeros(*input_shape), hx))
    assert error_of(lambda: ours(zeros(*input_shape), hx)) == want


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int64])
def test_another_dtype_raises_as_torch_does(make_pair, dtype):
    ours, theirs = make_pair(3, 4, dtype=torch.float32)
    want = error_of(lambda: theirs(zeros(5, 2, 3, dtype=dtype)))
    assert error_of(lambda: ours(zeros(5, 2, 3, dtype=dtype))) == want


def test_another_device_raises_as_torch_does(make_pair):
    ours, theirs = make_pair(3, 4, dtype=torch.float32)
    x = torch.empty(5, 2, 3, device="meta")
    assert error_of(lambda: ours(x)) == error_of(lambda: theirs(x))


LSTM, GRU = nn.LSTM(3, 4), nn.GRU(3, 4)
X, H = zeros(5, 2, 3), zeros(1, 2, 4)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: LSTM(X, H), InputError, "hx must be a pair of tensors (h_0, c_0), got Tensor"),
        (lambda: LSTM(X, (H, 0)), InputError, "hx must be a pair of tensors (h_0, c_0), got tuple"),
        (lambda: LSTM(X, (H,)), RuntimeError, "lstm expects two hidden states"),
        (lambda: GRU(X, (H, H)), InputError, "hx must be a tensor, got tuple"),
        (
            lambda: GRU(X, H.double()),
            RuntimeError,
            "Input and hidden tensors are not the same dtype, found input tensor with torch.float32 "
            "and hidden tensor with torch.float64",
        ),
        (
            lambda: LSTM(X, (H, H.to("meta"))),
            RuntimeError,
            "Input and hidden tensors are not at the same device, found input tensor at cpu "
            "and hidden tensor at meta",
        ),
        (
            lambda: LSTM(X, lengths=[1]),
            InputError,
            "lengths must be 2 numbers, one for each row, got shape (1,)",
        ),
        (lambda: LSTM(X, lengths=3), InputError, "lengths must be 2 numbers, one for each row, got shape ()"),
        (
            lambda: LSTM(X, lengths=[1, 6]),
            InputError,
            "lengths must lie between 0 and the 5 steps given, got 6 in row 1",
        ),
        (
            lambda: LSTM(X, lengths=[-1, 5]),
            InputError,
            "lengths must lie between 0 and the 5 steps given, got -1 in row 0",
        ),
        (lambda: LSTM(X, lengths=[1.0, 5.0]), InputError, "lengths must be whole numbers, got float32"),
        (lambda: LSTM(X, lengths="ab"), InputError, "lengths must be whole numbers, got 'ab'"),
        (
            lambda: LSTM(X, lengths=[[1], [1, 2]]),
            InputError,
            "lengths must be whole numbers, got [[1], [1, 2]]",
        ),
        (
            lambda: LSTM(X, lengths=torch.empty(2, device="meta")),
            InputError,
            "lengths must be on the CPU, got meta; pass lengths.cpu()",
        ),
        (
            lambda: nn.GRU(3, 4, device="meta")(X.to("meta"), lengths=[1, 6]),
            InputError,
            "lengths must lie between 0 and the 5 steps given, got 6 in row 1",
        ),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU, nn.MinGRU, nn.MinLSTM])
class TestEveryLayer:
    @pytest.mark.parametrize("name", ["weight_ih_l0", "bias_ih_l0", "initial_h"])
    @pytest.mark.parametrize("lose", [delattr, lambda layer, name: setattr(layer, name, None)])
    def test_a_parameter_that_is_gone(self, kind, name, lose):
        layer = kind(3, 4, learn_initial_state=True)
        lose(layer, name)
        message = f"{name} must be a tensor, got None; it was deleted or set to None"
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            layer(X)

    def test_complex_weights(self, kind):
        message = "dtype must be a floating one, got torch.complex64"
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            kind(3, 4, dtype=torch.complex64)
        with pytest.warns(UserWarning, match="Complex modules are a new feature"):
            layer = kind(3, 4).to(torch.complex64)
        for x in (X, X.to(torch.complex64)):
            with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
                layer(x)

    def test_a_call_without_input(self, kind):
        message = f"{kind.__name__}.forward() missing 1 required positional argument: 'input'"
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            kind(3, 4)()


def test_a_weight_of_another_shape():
    layer = nn.GRU(3, 4)
    layer.weight_hh_l0 = torch.nn.Parameter(torch.zeros(3, 3))
    with pytest.raises(InputError, match=r"^weight_hh_l0 must have shape \(12, 4\), got \(3, 3\)$"):
        layer(X)


def test_without_torch_the_error_names_the_install_command():
    code = "import sys; sys.modules['torch'] = None; import recurra.nn"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    want = "MissingExtraError: torch is not installed; install it with: pip install 'recurra[train]'"
    assert result.stderr.splitlines()[-1].endswith(want)
