"""Steps of symbols that are looked up, beside the same steps on their vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import GRU, LSTM, Elman, MinGRU, Stack

CELLS = {"rnn": Elman, "lstm": LSTM, "gru": GRU}


def random_arrays(rng, shapes, dtype):
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@settings(max_examples=100)
@given(
    cell=st.sampled_from(sorted(CELLS)),
    widths=st.tuples(*[st.integers(1, 40)] * 3),
    layers=st.integers(1, 3),
    rows=st.integers(0, 9),
    dtype=st.sampled_from([np.float32, np.float64]),
    threads=st.integers(1, 2),
    seed=st.integers(0, 2**32),
)
def test_steps_have_the_bits_of_a_pass_over_both_inputs(cell, widths, layers, rows, dtype, threads, seed):
    E, rest, H = widths
    rng = np.random.default_rng(seed)
    stack = Stack(CELLS[cell](E + rest, H), layers)
    parameters = random_arrays(rng, stack.parameter_shapes(), dtype)
    table = rng.normal(size=(11, E)).astype(dtype)
    state = random_arrays(rng, stack.state_shapes(rows), dtype)
    symbols, x = rng.integers(0, 11, rows), rng.normal(size=(rows, rest)).astype(dtype)

    both = np.concatenate([table[symbols], x], axis=1)[None]
    packed = kernels.PackedStack(stack, parameters)
    (want,), want_n = packed.forward(both, state)
    steps = kernels.SymbolStack(packed, parameters, table)
    table[:] = 0  # it has a copy
    got, got_n = steps.step_rows(symbols, x, state, threads=threads)
    np.testing.assert_array_equal(got, want, strict=True)
    for name, array in want_n.items():
        np.testing.assert_array_equal(got_n[name], array, strict=True)


def ones(stack, *shape):
    parameters = {name: np.ones(own) for name, own in stack.parameter_shapes().items()}
    return kernels.PackedStack(stack, parameters), parameters, np.ones(shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ones(Stack(GRU(3, 2)), 5, 3),
            "table must have 1 to 2 columns, fewer than the stack's inputs, got 3",
        ),
        (
            ones(Stack(GRU(3, 2)), 5, 0),
            "table must have 1 to 2 columns, fewer than the stack's inputs, got 0",
        ),
        (ones(Stack(GRU(3, 2)), 0, 2), "table must hold at least one row, got shape (0, 2)"),
        (ones(Stack(GRU(3, 2)), 2), "table must have shape (V, E), got (2,)"),
    ],
)
def test_wrong_tables(arguments, message):
    with pytest.raises(InputError) as error:
        kernels.SymbolStack(*arguments)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "stack",
    [
        Stack(GRU(3, 2), bidirectional=True),
        Stack(GRU(3, 2, zoneout=0.5)),
        Stack(LSTM(3, 2, peephole=True)),
        Stack(MinGRU(3, 2)),
    ],
)
def test_stacks_whose_steps_cannot_begin_with_a_row(stack):
    with pytest.raises(InputError) as error:
        kernels.SymbolStack(*ones(stack, 5, 2))
    want = f"packed must be a stack of plain rnn, lstm or gru cells in one direction, got {stack.to_dict()}"
    assert str(error.value) == want


def test_symbols_that_are_not_in_the_table():
    steps = kernels.SymbolStack(*ones(Stack(GRU(3, 2)), 5, 2))
    for symbol in (-1, 5):
        with pytest.raises(ValueError, match=f"index must lie between 0 and 4, got {symbol}"):
            steps.step_rows(np.array([symbol]), np.ones((1, 1)), {"h": np.ones((1, 1, 2))})
