"""Sizes, names, initial weights, checks of arguments, and the round trip through plain values."""

import json
import re

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.cells import CELLS, GRU, LSTM, Elman, Stack, cell, check_lengths, loop


def test_registry_gives_each_cell_by_name():
    assert list(CELLS.items()) == [("rnn", Elman), ("lstm", LSTM), ("gru", GRU)]
    assert cell("lstm", input_size=3, hidden_size=4) == LSTM(3, 4)
    assert cell("rnn", input_size=3, hidden_size=4, nonlinearity="relu") == Elman(3, 4, nonlinearity="relu")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTM(0, 4), "input_size must be a whole number of at least 1, got 0"),
        (lambda: GRU(3, 2.5), "hidden_size must be a whole number of at least 1, got 2.5"),
        (lambda: GRU(3, True), "hidden_size must be a whole number of at least 1, got True"),
        (lambda: LSTM(3, 4, bias=1), "bias must be True or False, got 1"),
        (
            lambda: Elman(3, 4, nonlinearity="Relu"),
            "nonlinearity must be one of tanh, relu, got 'Relu'; did you mean 'relu'?",
        ),
        (lambda: cell("ltsm"), "cell must be one of rnn, lstm, gru, got 'ltsm'; did you mean 'lstm'?"),
        (lambda: cell("lstm", input_size=3), "lstm needs hidden_size"),
        (
            lambda: cell("gru", input_size=3, hidden_siz=4),
            "gru has no option 'hidden_siz', only input_size, hidden_size, bias, reset_after, layer_norm, "
            "zoneout; did you mean 'hidden_size'?",
        ),
        (lambda: Stack(LSTM(3, 4), 0), "num_layers must be a whole number of at least 1, got 0"),
        (lambda: Stack(LSTM(3, 4), 1, "no"), "bidirectional must be True or False, got 'no'"),
        (
            lambda: Stack.from_dict({"cell": "lstm", "hidden_size": 4, "num_layers": 1}),
            "a stack needs bidirectional, got only cell, hidden_size, num_layers",
        ),
        (lambda: check_lengths([1, 2], 3, 3), "lengths must be 3 numbers, one for each row, got shape (2,)"),
        (lambda: check_lengths([1.0, 2.0], 3, 2), "lengths must be whole numbers, got float64"),
        (
            lambda: check_lengths([1, 4], 3, 2),
            "lengths must lie between 0 and the 3 steps given, got 4 in row 1",
        ),
        (
            lambda: check_lengths([-1, 2], 3, 2),
            "lengths must lie between 0 and the 3 steps given, got -1 in row 0",
        ),
        (
            lambda: loop.forward(LSTM(3, 4), {}, np.zeros((0, 2, 3)), {}),
            "x must have at least one step, got none",
        ),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        make()


def test_lengths_in_any_order_and_of_no_rows():
    np.testing.assert_array_equal(check_lengths(None, 3, 2), [3, 3])
    np.testing.assert_array_equal(check_lengths((0, 3, 1), 3, 3), [0, 3, 1])
    assert check_lengths([], 3, 0).dtype == np.int64


@pytest.mark.parametrize("make", [LSTM, GRU, Elman])
def test_stack_survives_json(make):
    stack = Stack(make(np.int64(3), 4, bias=False), 2, True)
    assert Stack.from_dict(json.loads(json.dumps(stack.to_dict()))) == stack


def test_stack_describes_itself_in_plain_values():
    assert Stack(Elman(3, 4, nonlinearity="relu"), 2).to_dict() == {
        "cell": "rnn",
        "input_size": 3,
        "hidden_size": 4,
        "bias": True,
        "nonlinearity": "relu",
        "num_layers": 2,
        "bidirectional": False,
    }


def test_layers_in_order():
    runs = Stack(GRU(3, 4), 2, True).layers()
    assert [(r.index, r.layer, r.reverse, r.suffix, r.cell.input_size) for r in runs] == [
        (0, 0, False, "_l0", 3),
        (1, 0, True, "_l0_reverse", 3),
        (2, 1, False, "_l1", 8),
        (3, 1, True, "_l1_reverse", 8),
    ]


def test_initial_weights():
    stack = Stack(LSTM(5, 6), 2, True)
    p = stack.initialise(np.random.default_rng(0))
    assert {name: array.shape for name, array in p.items()} == stack.parameter_shapes()
    assert {array.dtype for array in p.values()} == {np.dtype(np.float32)}
    for run in stack.layers():
        own = run.parameters(p)
        for gate in np.split(own["weight_hh"], 4):
            np.testing.assert_allclose(gate @ gate.T, np.eye(6), atol=1e-6)
        assert np.abs(own["weight_ih"]).max() <= np.sqrt(6 / (6 + run.cell.input_size))
        assert np.abs(own["weight_ih"]).max() > 0.8 * np.sqrt(6 / (6 + run.cell.input_size))
        np.testing.assert_array_equal(own["bias_ih"] + own["bias_hh"], [0] * 6 + [1] * 6 + [0] * 12)


def test_initial_weights_follow_the_seed():
    one, same, other = (GRU(3, 4).initialise(np.random.default_rng(seed)) for seed in (1, 1, 2))
    for name in ("weight_ih", "weight_hh"):
        np.testing.assert_array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])
    assert set(Elman(3, 4, bias=False).initialise(np.random.default_rng(0))) == {"weight_ih", "weight_hh"}


def test_float32_stays_float32(make_cell):
    stack = Stack(make_cell(3, 4, bias=False), 2, True)
    p = stack.initialise(np.random.default_rng(0))
    x = np.ones((3, 2, 3), np.float32)
    output, state_n, tapes = stack.forward(p, x, stack.zero_state(2), [3, 1])
    dx, d_state, d_p = stack.backward(p, tapes, output, state_n)
    arrays = [output, dx, *state_n.values(), *d_state.values(), *d_p.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_padding_may_hold_anything(make_cell, draw):
    problem = draw(Stack(make_cell(3, 4), 2, True), T=4, N=2)
    lengths = [2, 4]

    def run(x):
        output, state_n, tapes = problem.stack.forward(problem.p, x, problem.state, lengths)
        dx, _, d_p = problem.stack.backward(problem.p, tapes, problem.d_output, problem.d_state_n)
        return [output, *state_n.values(), dx, *d_p.values()]

    clean = run(problem.x)
    problem.x[2:, 0] = np.nan
    problem.d_output[2:, 0] = np.nan
    for got, want in zip(run(problem.x), clean):
        np.testing.assert_array_equal(got, want)


def test_saturated_gates_do_not_overflow(make_cell):
    cell = make_cell(1, 1)
    p = {name: np.full(shape, 1e4, np.float32) for name, shape in cell.parameter_shapes().items()}
    state = {name: np.full((2, 1), -1.0, np.float32) for name in cell.states}
    new, _ = cell.step(np, p, np.array([[1.0], [-1e3]], np.float32), state, cell.no_noise())
    assert all(np.isfinite(array).all() for array in new.values())
