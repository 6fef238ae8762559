"""A PackedSequence in gives a PackedSequence out, as torch.nn's layers have it."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

from recurra import nn
from recurra._base.errors import InputError
from tests.nn.conftest import KINDS, gradients, random_state, states_of


def rows(*lengths, size=3, device="cpu"):
    return [torch.randn(length, size, dtype=torch.float64, device=device) for length in lengths]


def assert_same(ours, theirs, packed, hx=None):
    got, want = (list(gradients(layer, packed, hx)) for layer in (ours, theirs))
    torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True}])
@pytest.mark.parametrize("lengths", [(5, 3, 3, 1), (2, 5, 1, 4), (4,)])
def test_values_and_gradients(make_pair, device, options, lengths):
    ours, theirs = make_pair(3, 4, **options, device=device)
    packed = pack_sequence(rows(*lengths, device=device), enforce_sorted=False)
    assert_same(ours, theirs, packed)
    assert_same(ours, theirs, packed, random_state(ours, len(lengths), device=device))


@settings(max_examples=20, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), lengths=st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_any_lengths(kind, lengths):
    ours, theirs, fixed = KINDS[kind]
    ours, theirs = (layer(3, 5, 2, dtype=torch.float64, **fixed) for layer in (ours, theirs))
    ours.load_state_dict(theirs.state_dict())
    packed = pack_sequence(rows(*lengths), enforce_sorted=False)
    assert_same(ours, theirs, packed, random_state(ours, len(lengths)))


def test_sorted_rows_have_no_order(make_pair):
    ours, theirs = make_pair(3, 4)
    packed = pack_sequence(rows(5, 3, 1))
    assert packed.sorted_indices is None
    assert_same(ours, theirs, packed, random_state(ours, 3))


def test_the_output_is_packed_as_the_input(make):
    packed = pack_sequence(rows(2, 5, 1), enforce_sorted=False)
    output, _ = make(3, 4)(packed)
    assert type(output) is type(packed)
    for got, want in zip(output[1:], packed[1:]):
        assert torch.equal(got, want)


def test_packing_and_lengths_agree(make):
    layer = make(3, 4, 2, bidirectional=True)
    x, lengths = torch.randn(5, 3, 3, dtype=torch.float64), [2, 5, 4]
    hx = random_state(layer, 3)
    packed, packed_n = layer(pack_padded_sequence(x, lengths, enforce_sorted=False), hx)
    want, want_n = layer(x, hx, lengths)
    output, got_lengths = pad_packed_sequence(packed)
    assert got_lengths.tolist() == lengths
    torch.testing.assert_close(output, want, rtol=0, atol=0)
    torch.testing.assert_close(packed_n, want_n, rtol=0, atol=0)


def test_second_derivatives(make):
    layer = make(2, 3)
    packed = pack_sequence(rows(1, 3, size=2), enforce_sorted=False)

    def f(data, *parameters):
        named = dict(zip(dict(layer.named_parameters()), parameters))
        output, state_n = torch.func.functional_call(layer, named, (packed._replace(data=data),))
        return output.data, *states_of(state_n)

    tensors = [tensor.detach().requires_grad_() for tensor in (packed.data, *layer.parameters())]
    assert torch.autograd.gradgradcheck(f, tensors, fast_mode=True)


def test_lengths_are_the_packed_ones_alone(make):
    message = "lengths must be left out with a PackedSequence, which has its own"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        make(3, 4)(pack_sequence(rows(3, 2)), lengths=[3, 2])


@pytest.mark.parametrize(
    ("packed", "hidden_shape"),
    [
        (pack_sequence(rows(5, 3)), (1, 2, 5)),
        (pack_sequence(rows(5, 3)), (1, 3, 4)),
        (pack_sequence(rows(5, 3)), (2, 2, 4)),
        (pack_sequence(rows(5, 3)), (2, 4)),
        (pack_sequence(rows(3, 5), enforce_sorted=False), (1, 2, 5)),
        (pack_sequence(rows(3, 5), enforce_sorted=False), (1, 1, 4)),
        (pack_sequence(rows(5, size=4)), None),
        (pack_sequence([torch.zeros(5, 3, 1, dtype=torch.float64)]), None),
        (pack_sequence([torch.zeros(5, 3)]), None),
    ],
)
@pytest.mark.parametrize("kind", ["GRU", "RNN"])  # torch.nn's LSTM does not check packed input at all
def test_misuse_raises_as_torch_does(kind, packed, hidden_shape):
    errors = []
    for package in (nn, torch.nn):
        layer = getattr(package, kind)(3, 4, dtype=torch.float64)
        hx = None if hidden_shape is None else torch.zeros(hidden_shape, dtype=torch.float64)
        with pytest.raises((RuntimeError, ValueError)) as caught:
            layer(packed, hx)
        errors.append((type(caught.value), str(caught.value)))
    assert errors[0] == errors[1]


@pytest.mark.parametrize("shapes", [((1, 2, 5), (1, 2, 4)), ((1, 2, 4), (1, 3, 4))])
def test_the_lstm_checks_its_states(shapes):
    layer = nn.LSTM(3, 4, dtype=torch.float64)
    wrong = int(shapes[0] == (1, 2, 4))
    message = f"Expected hidden[{wrong}] size (1, 2, 4), got {list(shapes[wrong])}"
    with pytest.raises(RuntimeError, match=f"^{re.escape(message)}$"):
        layer(pack_sequence(rows(5, 3)), tuple(torch.zeros(shape, dtype=torch.float64) for shape in shapes))
