"""Our layers in place of torch.nn's: same outputs, states, gradients, parameters and attributes."""

import copy
import itertools
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import nn
from tests.nn.conftest import KINDS, gradients, random_state, states_of


def assert_same(ours, theirs, x, hx=None, rtol=1e-9, atol=1e-11):
    for got, want in itertools.zip_longest(gradients(ours, x, hx), gradients(theirs, x, hx)):
        torch.testing.assert_close(got, want, rtol=rtol, atol=atol)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_values_and_gradients(make_pair, device, num_layers, batch_first, bidirectional, bias):
    options = {"bias": bias, "batch_first": batch_first, "bidirectional": bidirectional, "device": device}
    ours, theirs = make_pair(5, 7, num_layers, **options)
    x = torch.randn(4, 6, 5, dtype=torch.float64, device=device)
    assert_same(ours, theirs, x)
    assert_same(ours, theirs, x, random_state(ours, 4 if batch_first else 6, device=device))


@pytest.mark.parametrize("batch_first", [False, True])
def test_unbatched(make_pair, device, batch_first):
    ours, theirs = make_pair(5, 7, 2, batch_first=batch_first, bidirectional=True, device=device)
    x = torch.randn(4, 5, dtype=torch.float64, device=device)
    assert_same(ours, theirs, x)
    assert_same(ours, theirs, x, random_state(ours, device=device))


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_projection(device, bidirectional, bias):
    options = {"bias": bias, "bidirectional": bidirectional, "proj_size": 3, "dtype": torch.float64}
    theirs = torch.nn.LSTM(5, 7, 2, **options, device=device)
    ours = nn.LSTM(5, 7, 2, **options, device=device)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(4, 6, 5, dtype=torch.float64, device=device)
    assert_same(ours, theirs, x)
    assert_same(ours, theirs, x, random_state(ours, 6, device=device))
    assert repr(ours) == repr(theirs)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    T=st.integers(1, 9),
    N=st.integers(1, 9),
    I=st.integers(1, 9),
    H=st.integers(1, 19),
    num_layers=st.integers(1, 3),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_any_shape(kind, T, N, I, H, num_layers, flags):  # noqa: E741
    ours, theirs, fixed = KINDS[kind]
    options = {"batch_first": flags[0], "bidirectional": flags[1], "bias": flags[2], "dtype": torch.float64}
    theirs = theirs(I, H, num_layers, **options, **fixed)
    ours = ours(I, H, num_layers, **options, **fixed)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn((N, T, I) if flags[0] else (T, N, I), dtype=torch.float64)
    assert_same(ours, theirs, x, random_state(ours, N))


def test_float32(make_pair):
    ours, theirs = make_pair(20, 33, 2, bidirectional=True, dtype=torch.float32)
    hx = random_state(ours, 5, dtype=torch.float32)
    assert_same(ours, theirs, torch.randn(12, 5, 20), hx, rtol=1e-4, atol=1e-5)


def test_no_rows(make_pair):
    ours, theirs = make_pair(3, 4, 2, bidirectional=True)
    x = torch.empty(5, 0, 3, dtype=torch.float64)
    assert_same(ours, theirs, x)
    assert_same(ours, theirs, x, random_state(ours, 0))


def test_no_rows_on_every_device(make, device):
    layer = make(3, 4, 2, bidirectional=True, device=device)
    x = torch.empty(5, 0, 3, dtype=torch.float64, device=device)
    for lengths in (None, []):
        output, *rest = gradients(layer, x, None, lengths=lengths)
        assert output.shape == (5, 0, 8)
        assert not any(tensor.any() for tensor in rest)


def test_input_need_not_be_contiguous(make_pair):
    ours, theirs = make_pair(3, 4)
    wide = torch.randn(6, 5, 7, dtype=torch.float64)
    for x in (
        wide.transpose(0, 1)[..., :3],
        wide[::2, :, ::3],
        wide[:1, :1, :3].expand(4, 5, 3),
        wide.permute(2, 1, 0)[:, :, :3],
    ):
        assert_same(ours, theirs, x)


@pytest.mark.parametrize("p", [0.3, 1.0])
def test_dropout_draws_what_torch_draws(make_pair, p):
    ours, theirs = make_pair(3, 4, 3, dropout=p, bidirectional=True)
    x = torch.randn(5, 6, 3, dtype=torch.float64)
    results = []
    for layer in (ours, theirs):
        torch.manual_seed(7)
        results.append(list(gradients(layer, x, None)))
    for got, want in zip(*results):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)
    torch.manual_seed(7)
    with torch.no_grad():
        torch.testing.assert_close(ours(x)[0], results[0][0])


def test_dropout_only_while_training(make_pair):
    ours, theirs = (layer.eval() for layer in make_pair(3, 4, 2, dropout=0.9))
    assert_same(ours, theirs, torch.randn(5, 6, 3, dtype=torch.float64))
    ours.train()
    x = torch.randn(5, 6, 3, dtype=torch.float64)
    assert not torch.equal(ours(x)[0], ours(x)[0])


def test_same_seed_same_weights(make_pair):
    ours, theirs = make_pair(3, 4, 2, bidirectional=True)
    for layer in (ours, theirs):
        torch.manual_seed(3)
        layer.reset_parameters()
    for (got_name, got), (want_name, want) in itertools.zip_longest(
        ours.state_dict().items(), theirs.state_dict().items()
    ):
        assert got_name == want_name
        assert torch.equal(got, want)


def test_fresh_layers_have_torchs_weights():
    for ours, theirs, fixed in KINDS.values():
        layers = []
        for kind in (ours, theirs):
            torch.manual_seed(3)
            layers.append(kind(3, 4, 2, bidirectional=True, **fixed))
        for got, want in zip(layers[0].parameters(), layers[1].parameters()):
            assert torch.equal(got, want)


def test_state_dict_goes_both_ways(make_pair):
    ours, theirs = make_pair(3, 4, 2, bidirectional=True)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter += 1
    theirs.load_state_dict(ours.state_dict())
    assert_same(ours, theirs, torch.randn(2, 2, 3, dtype=torch.float64))


def test_looks_like_torch(make_pair):
    ours, theirs = make_pair(3, 4, 2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)
    assert repr(ours) == repr(theirs)
    assert [[w.shape for w in ws] for ws in ours.all_weights] == [
        [w.shape for w in ws] for ws in theirs.all_weights
    ]
    assert [name for name in dir(theirs) if not hasattr(ours, name)] == []
    assert ours.flatten_parameters() is None


def test_every_layer_is_one_of_torchs_recurrent_layers():
    # But no torch.nn.LSTM, GRU or RNN: torch.compile traces none of these, nor what is derived from them.
    for ours, theirs, _ in KINDS.values():
        assert issubclass(ours, torch.nn.RNNBase)
        assert not issubclass(ours, theirs)


def test_arguments_by_position():
    made = [
        package.LSTM(3, 4, 2, False, True, 0.25, True, 2, "cpu", torch.float64) for package in (nn, torch.nn)
    ]
    assert (
        repr(made[0])
        == repr(made[1])
        == "LSTM(3, 4, proj_size=2, num_layers=2, bias=False, "
        + ("batch_first=True, dropout=0.25, bidirectional=True)")
    )
    assert nn.GRU(3, 4, 2, False, True, 0.25, True, "cpu", torch.float64).weight_hh_l1.dtype == torch.float64
    made = [package.RNN(3, 4, 2, "relu", False, True, 0.25, True) for package in (nn, torch.nn)]
    assert repr(made[0]) == repr(made[1])
    assert made[0].nonlinearity == made[1].nonlinearity == "relu"
    assert made[0].mode == made[1].mode == "RNN_RELU"


def test_a_changed_weight_is_never_stale(make_pair):
    ours, theirs = make_pair(3, 4)
    x = torch.randn(2, 2, 3, dtype=torch.float64)
    assert_same(ours, theirs, x)
    for layer in (ours, theirs):
        layer.weight_hh_l0.data.mul_(-2)
        layer.bias_ih_l0 = torch.nn.Parameter(torch.ones_like(layer.bias_ih_l0))
    assert_same(ours, theirs, x)


def test_copies_and_pickles(make):
    layer = make(3, 4, 2)
    x = torch.randn(2, 2, 3, dtype=torch.float64)
    for clone in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):  # noqa: S301
        assert torch.equal(clone(x)[0], layer(x)[0])
        clone.weight_ih_l0.data.zero_()
        assert not torch.equal(clone(x)[0], layer(x)[0])
    assert layer.float()(x.float())[0].dtype == torch.float32


def test_parameters_that_share_memory(make):
    layer = make(3, 4).share_memory()
    assert all(parameter.is_shared() for parameter in layer.parameters())
    layer(torch.randn(2, 2, 3, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_are_computed_in_float32(make, dtype):
    half = make(3, 4, 2, dtype=dtype)
    single = make(3, 4, 2, dtype=torch.float32)
    single.load_state_dict(half.state_dict())
    x, hx = torch.randn(3, 2, 3, dtype=dtype), random_state(half, 2, dtype=dtype)
    single_hx = tuple(h.float() for h in hx) if isinstance(hx, tuple) else hx.float()
    for got, want in zip(gradients(half, x, hx), gradients(single, x.float(), single_hx)):
        assert got.dtype == dtype
        torch.testing.assert_close(got, want.to(dtype), rtol=0.02, atol=0.02)
    torch.testing.assert_close(half(x, hx)[0], single(x.float(), single_hx)[0].to(dtype), rtol=0, atol=0)


def test_autocast_computes_in_float32_and_returns_the_inputs_dtype(make, device):
    layer = make(3, 4, dtype=torch.float32, device=device)
    x, hx = torch.randn(3, 2, 3, device=device), random_state(layer, 2, dtype=torch.float32, device=device)
    half = x.bfloat16()
    with torch.autocast(device, torch.bfloat16):
        whole, _ = layer(x, hx)
        output, state_n = layer(half, hx)
    assert torch.equal(whole, layer(x, hx)[0])
    assert {tensor.dtype for tensor in (output, *states_of(state_n))} == {torch.bfloat16}
    assert torch.equal(output, layer(half.float(), hx)[0].bfloat16())


def test_gradients_under_autocast(make_pair):
    ours, theirs = make_pair(3, 4, 2, bidirectional=True, dtype=torch.float32)
    projection = torch.nn.Linear(3, 3)
    x = torch.randn(5, 2, 3)
    found = []
    for layer in (ours, theirs):
        with torch.autocast("cpu", enabled=layer is ours):
            output, _ = layer(projection(x))
        found.append(
            torch.autograd.grad(output.float().sum(), [*projection.parameters(), *layer.parameters()])
        )
    torch.testing.assert_close(*found, rtol=0.1, atol=0.05)
