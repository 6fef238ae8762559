"""One result: in evaluation a row has the same bits in every company, cut into calls in any way.

The layers that scan over time, MinGRU and MinLSTM, promise it to rounding only.
"""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from recurra import nn
from recurra.cells import LAYER_OPTIONS, OPTIONS, OPTIONS_OF
from tests.nn.conftest import states_of

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

VARIANTS = [
    (name, dict(zip(options, values)))
    for name in LAYERS
    for options in [["bias", *(option for option in OPTIONS_OF[name] if option not in LAYER_OPTIONS)]]
    for values in itertools.product((True, False), *(OPTIONS[option].trials for option in options[1:]))
]


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def evaluated(layer, *arguments):
    """Output and states of a call, with and without a gradient in sight."""
    output, state_n = layer(*arguments)
    with torch.no_grad():
        quiet, quiet_n = layer(*arguments)
    assert_same_bits([output, *states_of(state_n)], [quiet, *states_of(quiet_n)])
    return quiet, states_of(quiet_n)


def assert_same_bits(got, want):
    for one, other in zip(got, want, strict=True):
        assert torch.equal(one, other)


def as_hx(states):
    return tuple(states) if len(states) > 1 else states[0]


def assert_one_result(layer, x, states, lengths):
    """The batch x (T, N, I) against each row alone, other batches, packing, and calls of a few steps each."""
    T, N, _ = x.shape
    padded = x.clone()
    for n, length in enumerate(lengths):
        padded[length:, n] = torch.nan
    torch.set_num_threads(2)
    output, states_n = evaluated(layer, padded, as_hx(states), lengths)
    torch.set_num_threads(1)
    again, again_n = evaluated(layer, padded, as_hx(states), lengths)
    assert_same_bits([again, *again_n], [output, *states_n])

    order = torch.randperm(N)
    shuffled, shuffled_n = evaluated(
        layer, padded[:, order], as_hx([s[:, order] for s in states]), [lengths[k] for k in order]
    )
    assert_same_bits([shuffled, *shuffled_n], [output[:, order], *(s[:, order] for s in states_n)])

    for n, length in enumerate(lengths):
        own = [state[:, n : n + 1] for state in states]
        if not length:
            assert_same_bits([s[:, n : n + 1] for s in states_n], own)
            continue
        row = x[:length, n : n + 1]
        want = [output[:length, n : n + 1], *(state[:, n : n + 1] for state in states_n)]
        alone, alone_n = evaluated(layer, row, as_hx(own))
        assert_same_bits([alone, *alone_n], want)
        alone, alone_n = evaluated(layer, row[:, 0], as_hx([state[:, 0] for state in own]))
        assert_same_bits([alone, *alone_n], [w[:, 0] for w in want])
        if not layer.bidirectional:
            parts = []
            for part in row.split([1, *[2] * ((length - 1) // 2), *[1] * ((length - 1) % 2)]):
                piece, own = evaluated(layer, part, as_hx(own))
                parts.append(piece)
            assert_same_bits([torch.cat(parts), *own], want)

    full, full_n = evaluated(layer, x, as_hx(states))
    for n, length in enumerate(lengths):
        if length == T:
            assert_same_bits(
                [full[:, n], *(s[:, n] for s in full_n)], [output[:, n], *(s[:, n] for s in states_n)]
            )
    kept = [n for n, length in enumerate(lengths) if length]
    if kept:
        packed = pack_sequence([x[: lengths[n], n] for n in kept], enforce_sorted=False)
        with torch.no_grad():
            packed_output, packed_n = layer(packed, as_hx([s[:, kept] for s in states]))
        data, _ = pad_packed_sequence(packed_output, total_length=T)
        assert_same_bits([data, *states_of(packed_n)], [output[:, kept], *(s[:, kept] for s in states_n)])


def scattered(layer):
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(std=0.5)
    return layer.eval()


def random_states(layer, N, dtype):
    return [torch.randn(shape, dtype=dtype) for shape in layer.stack.state_shapes(N).values()]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
def test_every_cell_and_option(name, options, dtype, bidirectional):
    training_only = {"dropout": 0.5, "recurrent_dropout": 0.5, "weight_dropout": 0.5}
    layer = LAYERS[name](3, 11, 2, bidirectional=bidirectional, dtype=dtype, **options, **training_only)
    scattered(layer)
    x = torch.randn(6, 5, 3, dtype=dtype)
    assert_one_result(layer, x, random_states(layer, 5, dtype), [4, 6, 0, 1, 6])


@settings(max_examples=15, deadline=None)
@given(
    data=st.data(),
    variant=st.sampled_from(VARIANTS),
    sizes=st.tuples(st.integers(1, 5), st.integers(3, 40), st.integers(1, 2)),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    bidirectional=st.booleans(),
)
def test_any_shape(data, variant, sizes, dtype, bidirectional):
    name, options = variant
    layer = scattered(LAYERS[name](*sizes, bidirectional=bidirectional, dtype=dtype, **options))
    T, N = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 13))
    lengths = data.draw(st.lists(st.integers(0, T), min_size=N, max_size=N))
    x = torch.randn(T, N, sizes[0], dtype=dtype)
    assert_one_result(layer, x, random_states(layer, N, dtype), lengths)


@pytest.mark.parametrize("name", LAYERS)
def test_layouts_and_learned_states(name):
    layer = scattered(LAYERS[name](3, 11, 2, learn_initial_state=True))
    x = torch.randn(6, 5, 3)
    output, states_n = evaluated(layer, x)
    learned = [getattr(layer, f"initial_{state}").detach() for state in layer.stack.cell.states]
    alone, alone_n = evaluated(layer, x[:, 2:3], as_hx(learned))
    assert_same_bits([alone, *alone_n], [output[:, 2:3], *(state[:, 2:3] for state in states_n)])
    layer.batch_first = True
    first, first_n = evaluated(layer, x.transpose(0, 1).contiguous())
    assert_same_bits([first.transpose(0, 1), *first_n], [output, *states_n])
