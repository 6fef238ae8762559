"""Sizes, names, initial weights, checks of arguments, and the round trip through plain values."""

import re

import numpy as np
import pytest

from recurra import nn
from recurra._base.errors import InputError
from recurra.cells import (
    CELLS,
    GRU,
    LAYER_OPTIONS,
    LSTM,
    OPTIONS,
    OPTIONS_OF,
    Elman,
    MinGRU,
    MinLSTM,
    Stack,
    cell,
    check_lengths,
    count_parameters,
    loop,
)


def test_registry_gives_each_cell_by_name():
    assert list(CELLS.items()) == [
        ("rnn", Elman),
        ("lstm", LSTM),
        ("gru", GRU),
        ("min_gru", MinGRU),
        ("min_lstm", MinLSTM),
    ]
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
        (
            lambda: cell("ltsm"),
            "cell must be one of rnn, lstm, gru, min_gru, min_lstm, got 'ltsm'; did you mean 'lstm'?",
        ),
        (lambda: cell("lstm", input_size=3), "lstm needs hidden_size"),
        (
            lambda: cell("gru", input_size=3, hidden_siz=4),
            "gru has no option 'hidden_siz', only input_size, hidden_size, bias, reset_after, layer_norm, "
            "zoneout; did you mean 'hidden_size'?",
        ),
        (
            lambda: cell("gru", input_size=3, hidden_size=4, peephole=True),
            "gru has no option 'peephole', which goes with lstm only",
        ),
        (
            lambda: cell("min_gru", input_size=3, hidden_size=4, zoneout=0.1),
            "min_gru has no option 'zoneout', which goes with rnn, lstm and gru only",
        ),
        (
            lambda: cell("lstm", input_size=3, hidden_size=4, recurrent_dropout=0.1),
            "lstm has no option 'recurrent_dropout', which is one of its layers in recurra.nn",
        ),
        (
            lambda: cell("min_gru", input_size=3, hidden_size=4, weight_dropout=0.1),
            "min_gru has no option 'weight_dropout', which goes with rnn, lstm and gru layers only",
        ),
        (
            lambda: cell("min_gru", input_size=3, hidden_size=4, learn_initial_state=True),
            "min_gru has no option 'learn_initial_state', which is one of its layers in recurra.nn",
        ),
        (lambda: LSTM(3, 4, peephole=1), "peephole must be True or False, got 1"),
        (lambda: GRU(3, 4, reset_after="no"), "reset_after must be True or False, got 'no'"),
        (lambda: Elman(3, 4, layer_norm=None), "layer_norm must be True or False, got None"),
        (lambda: GRU(3, 4, zoneout=1.5), "zoneout must be a number between 0 and 1, got 1.5"),
        (lambda: LSTM(3, 4, proj_size=4), "proj_size must be smaller than hidden_size 4, got 4"),
        (lambda: LSTM(3, 4, proj_size=-1), "proj_size must be a whole number of at least 0 (none), got -1"),
        (lambda: LSTM(3, 4, proj_size=2.0), "proj_size must be a whole number of at least 0 (none), got 2.0"),
        (lambda: count_parameters(LSTM(3, 4), 3), "biases must be 1 or 2, got 3"),
        (
            lambda: loop.forward(GRU(3, 4), {}, np.zeros((1, 2, 3)), {}, noise={"keep_c": 0}),
            "gru has no noise 'keep_c', only recurrent, keep_h",
        ),
        (
            lambda: loop.forward(MinGRU(3, 4), {}, np.zeros((1, 2, 3)), {}, noise={"recurrent": 0}),
            "min_gru has no noise 'recurrent', only none",
        ),
        (lambda: Stack(LSTM(3, 4), 0), "num_layers must be a whole number of at least 1, got 0"),
        (lambda: Stack(LSTM(3, 4), 1, "no"), "bidirectional must be True or False, got 'no'"),
        (
            lambda: Stack.from_dict({"cell": "lstm", "hidden_size": 4, "num_layers": 1}),
            "a stack needs bidirectional, got only cell, hidden_size, num_layers",
        ),
        (lambda: check_lengths([1, 2], 3, 1), "lengths must be 1 number, one for each row, got shape (2,)"),
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


def test_options_that_are_off_are_not_written():
    """So files of plain cells stay what they were before there were options."""
    plain = {"cell": "gru", "input_size": 3, "hidden_size": 4, "bias": True}
    assert GRU(3, 4).to_dict() == plain
    assert GRU(3, 4, reset_after=False, zoneout=0.5).to_dict() == {
        **plain,
        "reset_after": False,
        "zoneout": 0.5,
    }


def test_options_of_each_cell():
    of_layers = tuple(LAYER_OPTIONS)
    assert {
        "rnn": ("nonlinearity", "layer_norm", "zoneout", *of_layers),
        "lstm": ("peephole", "proj_size", "layer_norm", "zoneout", *of_layers),
        "gru": ("reset_after", "layer_norm", "zoneout", *of_layers),
        "min_gru": ("learn_initial_state",),
        "min_lstm": ("learn_initial_state",),
    } == OPTIONS_OF
    for kind in CELLS.values():
        for option, default in kind.options().items():
            assert OPTIONS[option].trials[0] == default
            assert len(set(OPTIONS[option].trials)) > 1


def test_parameters_of_the_options_come_last():
    names = "weight_ih weight_hh bias_ih bias_hh weight_hr weight_ci weight_cf weight_co "
    names += "ln_ih_weight ln_hh_weight ln_c_weight ln_c_bias"
    shapes = LSTM(3, 8, peephole=True, proj_size=5, layer_norm=True).parameter_shapes()
    assert list(shapes) == names.split()
    options = [(5, 8), (8,), (8,), (8,), (32,), (32,), (8,), (8,)]
    assert list(shapes.values()) == [(32, 3), (32, 5), (32,), (32,), *options]
    assert MinLSTM(3, 8).parameter_shapes() == {"weight_ih": (24, 3), "bias_ih": (24,)}


def test_initial_weights_of_the_options():
    p = LSTM(3, 8, peephole=True, proj_size=5, layer_norm=True).initialise(np.random.default_rng(0))
    for gate in np.split(p["weight_hh"], 4):
        np.testing.assert_allclose(gate.T @ gate, np.eye(5), atol=1e-6)
    assert 0 < np.abs(p["weight_hr"]).max() <= np.sqrt(6 / (5 + 8))
    for name in ("ln_ih_weight", "ln_hh_weight", "ln_c_weight"):
        np.testing.assert_array_equal(p[name], 1.0)
    for name in ("weight_ci", "weight_cf", "weight_co", "ln_c_bias"):
        np.testing.assert_array_equal(p[name], 0.0)


def test_only_cells_and_stacks_are_counted():
    layer = nn.LSTM(3, 8, learn_initial_state=True)
    message = "of must be a cell or a stack, got LSTM; for a layer of recurra.nn give its .stack"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        count_parameters(layer)
    own = sum(parameter.numel() for parameter in layer.parameters())
    learned = layer.initial_h.numel() + layer.initial_c.numel()
    assert count_parameters(layer.stack) == own - learned


@pytest.mark.parametrize(("kind", "count"), [(Elman, 96), (LSTM, 384), (GRU, 288)])
def test_textbook_counts(kind, count):
    assert count_parameters(kind(3, 8), biases=1) == count
    assert count_parameters(Stack(kind(3, 8)), biases=1) + 8 + 1 == {96: 105, 384: 393, 288: 297}[count]
