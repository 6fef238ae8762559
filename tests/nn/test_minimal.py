"""MinGRU and MinLSTM, scanned, against the cells stepped in NumPy."""

import copy
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import cells, kernels
from recurra._base.errors import InputError
from recurra.nn import MinGRU, MinLSTM

KINDS = [MinGRU, MinLSTM]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def make(kind, *arguments, **options):
    """A layer in float64 with weights and biases that saturate no gate, but none near zero."""
    layer = kind(*arguments, dtype=torch.float64, **options)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return layer


def assert_agrees(layer, x, h_0, lengths):
    """Output, final state and every gradient as `recurra.cells.Stack` has them."""
    stack = layer.stack
    p = {name: parameter.detach().numpy() for name, parameter in layer.named_parameters()}
    assert {name: array.shape for name, array in p.items()} == stack.parameter_shapes()
    x_tensor, h_tensor = (torch.tensor(array, requires_grad=True) for array in (x, h_0))
    output, h_n = layer(x_tensor, h_tensor, lengths)
    want, want_n, tapes = stack.forward(p, x, {"h": h_0}, lengths)
    np.testing.assert_allclose(output.detach(), want, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(h_n.detach(), want_n["h"], rtol=1e-10, atol=1e-10)

    rng = np.random.default_rng(1)
    d_output, d_h_n = rng.normal(size=want.shape), rng.normal(size=h_0.shape)
    torch.autograd.backward([output, h_n], [torch.from_numpy(d_output), torch.from_numpy(d_h_n)])
    dx, d_state, d_p = stack.backward(p, tapes, d_output, {"h": d_h_n})
    np.testing.assert_allclose(x_tensor.grad, dx, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(h_tensor.grad, d_state["h"], rtol=1e-9, atol=1e-10)
    for name, parameter in layer.named_parameters():
        np.testing.assert_allclose(parameter.grad, d_p[name], rtol=1e-9, atol=1e-10, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    kind=st.sampled_from(KINDS),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3)),
    bias=st.booleans(),
    bidirectional=st.booleans(),
)
def test_agrees_with_the_cell_stepped(data, kind, sizes, bias, bidirectional):
    layer = make(kind, *sizes, bias, bidirectional=bidirectional)
    T, N = data.draw(st.integers(1, 9), "T"), data.draw(st.integers(1, 4), "N")
    lengths = data.draw(st.none() | st.lists(st.integers(0, T), min_size=N, max_size=N), "lengths")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(T, N, sizes[0]))
    assert_agrees(layer, x, rng.normal(size=layer.stack.state_shapes(N)["h"]), lengths)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_what_the_runtime_computes(kind, dtype):
    """The kernels step, by whole sequences and one step at a time: the same to rounding."""
    layer = kind(3, 8, 2)
    x = np.random.default_rng(0).normal(size=(200, 1, 3)).astype(dtype)
    layer = layer.to(torch.from_numpy(x).dtype)
    p = {name: parameter.detach().numpy() for name, parameter in layer.named_parameters()}
    packed = kernels.PackedStack(layer.stack, p)
    scanned, scanned_n = (tensor.detach().numpy() for tensor in layer(torch.from_numpy(x)))
    whole, whole_n = packed.forward(x)
    # Steps forget by the factors a, well below 1 here, so errors do not grow with T.
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(scanned, whole, rtol=0, atol=tolerance)
    np.testing.assert_allclose(scanned_n, whole_n["h"], rtol=0, atol=tolerance)
    state = {"h": np.zeros((2, 8), dtype)}
    for t in range(200):
        output, state = packed.step(x[t, 0], state)
        np.testing.assert_allclose(scanned[t, 0], output, rtol=0, atol=tolerance)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_agrees_on_cuda(kind):
    layer = make(kind, 3, 8, 2, bidirectional=True)
    x, lengths = torch.randn(50, 4, 3, dtype=torch.float64), [50, 0, 7, 33]
    there = copy.deepcopy(layer).cuda()
    for got, want in zip(there(x.cuda(), lengths=lengths), layer(x, lengths=lengths)):
        torch.testing.assert_close(got.cpu(), want, rtol=1e-10, atol=1e-10)


def test_initial_state_is_zero_unless_given(kind):
    layer, x = make(kind, 2, 3, bidirectional=True), torch.randn(4, 2, 2, dtype=torch.float64)
    for got, want in zip(layer(x), layer(x, torch.zeros(2, 2, 3, dtype=torch.float64))):
        assert torch.equal(got, want)


def test_layouts(kind):
    layer, x = make(kind, 2, 3, 2, bidirectional=True), torch.randn(5, 4, 2, dtype=torch.float64)
    h_0 = torch.randn(4, 4, 3, dtype=torch.float64)
    want, want_n = layer(x, h_0, [5, 1, 0, 3])
    first = copy.deepcopy(layer)
    first.batch_first = True
    got, got_n = first(x.transpose(0, 1), h_0, torch.tensor([5, 1, 0, 3]))
    assert torch.equal(got.transpose(0, 1), want)
    assert torch.equal(got_n, want_n)
    alone, alone_n = layer(x[:, 0], h_0[:, 0])
    torch.testing.assert_close(alone, want[:, 0])
    torch.testing.assert_close(alone_n, want_n[:, 0])
    empty, empty_n = layer(x[:, :0])
    assert (empty.shape, empty_n.shape) == ((5, 0, 6), (4, 0, 3))


def test_padding_may_hold_anything(kind):
    layer, x = make(kind, 2, 3, 2, bidirectional=True), torch.randn(4, 2, 2, dtype=torch.float64)
    want = layer(x, lengths=[2, 4])
    x[2:, 0] = torch.nan
    x.requires_grad_()
    got = layer(x, lengths=[2, 4])
    for one, other in zip(got, want):
        assert torch.equal(one, other)
    got[0].sum().backward()
    assert x.grad.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in layer.parameters())


def test_second_derivatives(kind):
    layer = make(kind, 2, 2, 2, bidirectional=True)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x, lengths=[3, 1]), x, fast_mode=True)


def test_gradient_where_a_gate_is_half_open(kind):
    """Every weight zero: softplus at 0, whose derivative is 1/2 and not what |a| would give."""
    layer = kind(2, 3, dtype=torch.float64)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    rng = np.random.default_rng(0)
    assert_agrees(layer, rng.normal(size=(3, 2, 2)), rng.normal(size=(1, 2, 3)), None)


def test_dropout_between_layers_in_training_only(kind):
    torch.manual_seed(0)
    layer, x = make(kind, 2, 64, 2, dropout=0.5), torch.randn(3, 2, 2, dtype=torch.float64)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.dropout = 1.0  # the second layer sees zeros
    second = make(kind, 64, 64)
    own = {name: layer.state_dict()[name.replace("l0", "l1")] for name in second.state_dict()}
    second.load_state_dict(own)
    assert torch.equal(layer(x)[0], second(torch.zeros(3, 2, 64, dtype=torch.float64))[0])
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])
    single = make(kind, 2, 64, 1, dropout=0.5)
    assert torch.equal(single(x)[0], single(x)[0])


def test_half_precision_is_computed_in_single(kind):
    layer = kind(2, 3, bidirectional=True)
    half, x = copy.deepcopy(layer).bfloat16(), torch.randn(50, 2, 2).bfloat16()
    layer.load_state_dict(half.state_dict())
    got, want = half(x), layer(x.float())
    for one, other in zip(got, want):
        assert one.dtype == torch.bfloat16
        assert torch.equal(one, other.bfloat16())


def test_initial_values_follow_the_generator(kind):
    one, same = (torch.manual_seed(3) and kind(3, 16, 2) for _ in range(2))
    for a, b in zip(one.parameters(), same.parameters()):
        assert torch.equal(a, b)
        assert 0.2 < a.abs().max() <= 0.25
    assert list(one.state_dict()) == ["weight_ih_l0", "bias_ih_l0", "weight_ih_l1", "bias_ih_l1"]


def test_learns_from_the_cells_initial_values(kind):
    layer = kind(3, 4, 2)
    initial = layer.stack.initialise(np.random.default_rng(0))
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in initial.items()})


def test_describes_itself():
    assert repr(MinGRU(3, 4, 2, dropout=0.5)) == "MinGRU(3, 4, num_layers=2, dropout=0.5)"
    assert MinLSTM(3, 4).stack == cells.Stack(cells.MinLSTM(3, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MinGRU(0, 4), InputError, "input_size must be a whole number of at least 1, got 0"),
        (lambda: MinGRU(3, 4, dropout=2), InputError, "dropout must be a number between 0 and 1, got 2"),
        (lambda: MinGRU(3, 4, batch_first=1), InputError, "batch_first must be True or False, got 1"),
        (
            lambda: MinGRU(3, 4)(torch.ones(2, 2, 5)),
            RuntimeError,
            "input.size(-1) must be equal to input_size. Expected 3, got 5",
        ),
        (
            lambda: MinLSTM(3, 4)(torch.ones(2, 2, 2, 3)),
            ValueError,
            "MinLSTM: Expected input to be 2D or 3D, got 4D instead",
        ),
        (
            lambda: MinLSTM(3, 4)(torch.ones(2, 2, 3), torch.ones(2, 2, 4)),
            RuntimeError,
            "Expected hidden size (1, 2, 4), got [2, 2, 4]",
        ),
        (
            lambda: MinGRU(3, 4)(torch.ones(0, 2, 3)),
            RuntimeError,
            "Expected sequence length to be larger than 0 in RNN",
        ),
        (
            lambda: MinGRU(3, 4)(torch.ones(2, 2, 3), lengths=[3, 1]),
            InputError,
            "lengths must lie between 0 and the 2 steps given, got 3 in row 0",
        ),
        (
            lambda: MinGRU(3, 4)(torch.ones(2, 2, 3), (torch.ones(1, 2, 4),)),
            InputError,
            "hx must be a tensor, got tuple",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
