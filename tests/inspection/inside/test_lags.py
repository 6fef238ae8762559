"""Gradients by lag against finite differences through the NumPy cells, for every cell."""

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.inspection.inside.lags import by_lag, layer_memory, norms, readings

STEP = 1e-6
CELLS = {
    "rnn": {},
    "rnn relu": {"nonlinearity": "relu"},
    "lstm": {},
    "lstm peephole": {"peephole": True},
    "lstm projection": {"proj_size": 2},
    "lstm layer norm": {"layer_norm": True},
    "gru": {},
    "gru reset before": {"reset_after": False},
    "gru zoneout": {"zoneout": 0.2},
    "min_gru": {},
    "min_lstm": {},
}


def made(name, layers, *, bidirectional=False, H=4):
    own = cell(name.split()[0], input_size=3, hidden_size=H, **CELLS[name])
    stack = Stack(own, layers, bidirectional)
    rng = np.random.default_rng(0)
    p = {key: rng.normal(0, 0.6, shape) for key, shape in stack.parameter_shapes().items()}
    return stack, p, rng.normal(size=(6, 3))


def states_along(stack, p, x):
    """The states (L, ·) after each step, the zeros before the first in front."""
    found = [stack.zero_state(1, np.float64)]
    for step in x:
        found.append(stack.forward(p, step[None, None], found[-1])[1])
    return found


def differences(f, point):
    """The gradient of f at an array, by central differences."""
    found = np.empty(point.size)
    for i in range(point.size):
        away = np.zeros(point.size)
        away[i] = STEP
        away = away.reshape(point.shape)
        found[i] = (f(point + away) - f(point - away)) / (2 * STEP)
    return found


@pytest.mark.parametrize("lags", [[0, 1, 2, 3], [0, 3]], ids=["all", "some"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("name", CELLS)
def test_inputs_of_every_lag_and_states_of_those_asked_for(name, layers, lags):
    stack, p, x = made(name, layers)
    rng = np.random.default_rng(1)
    at, count = np.array([3, 5]), 4
    d_state = {key: rng.normal(size=shape) for key, shape in stack.state_shapes(2).items()}
    along = states_along(stack, p, x)
    by_input, by_state = by_lag(stack, p, x, at, d_state, np.array(lags))
    assert (by_input.shape, by_state.shape) == ((count, 2), (len(lags), 2))
    for j, t in enumerate(at):

        def number(state, rest, j=j):
            after = stack.forward(p, rest[:, None], state)[1] if len(rest) else state
            return sum((d_state[key][:, j] * after[key][:, 0]).sum() for key in after)

        for lag in range(count):
            s = t - lag  # the state after step s, the input of step s
            wanted = [
                differences(
                    lambda a, key=key, s=s, t=t: number(along[s + 1] | {key: a}, x[s + 1 : t + 1]),
                    along[s + 1][key],
                )
                for key in d_state
            ]
            if lag in lags:
                found = by_state[lags.index(lag), j]
                np.testing.assert_allclose(found, norms(np.concatenate(wanted)[None])[0], rtol=1e-6)
            wanted = differences(
                lambda a, s=s, t=t: number(along[s], np.concatenate([a[None], x[s + 1 : t + 1]])), x[s]
            )
            np.testing.assert_allclose(by_input[lag, j], np.linalg.norm(wanted), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_readings_are_the_runs_of_the_stack(name):
    stack, p, x = made(name, 2, bidirectional=True)
    whole = stack.forward(p, x[:, None], stack.zero_state(1, np.float64))[1]
    found = readings(stack, p, x)
    assert [(own.run.layer, own.run.reverse) for own in found] == [
        (0, False),
        (0, True),
        (1, False),
        (1, True),
    ]
    for k, own in enumerate(found):
        final = own.stack.forward(own.parameters, own.x[:, None], own.stack.zero_state(1, np.float64))[1]
        for key in final:
            np.testing.assert_allclose(final[key][0], whole[key][k], rtol=1e-12)


def test_a_linear_recurrence_shrinks_by_its_factor_each_step():
    stack = Stack(cell("rnn", input_size=2, hidden_size=3, bias=False, nonlinearity="relu"))
    p = {"weight_ih_l0": np.ones((3, 2)), "weight_hh_l0": 0.5 * np.eye(3)}
    by_input, by_state = layer_memory(stack, p, np.ones((5, 2)))
    np.testing.assert_allclose(by_state, 0.5 ** np.arange(5))
    np.testing.assert_allclose(by_input, np.sqrt(2) * 0.5 ** np.arange(5))


def test_fewer_probes_than_outputs_estimate_the_norm():
    stack, p, x = made("gru", 1, H=40)
    exact = np.square(layer_memory(stack, p, x, probes=40))
    found = np.mean([np.square(layer_memory(stack, p, x, probes=4, seed=k)) for k in range(200)], axis=0)
    np.testing.assert_allclose(found, exact, rtol=0.1)


def test_of_one_step_and_one_unit():
    stack, p, _ = made("lstm", 1, H=1)
    by_input, by_state = layer_memory(stack, p, np.full((1, 3), 0.5))
    assert by_input.shape == by_state.shape == (1,)
    assert by_state[0] == 1.0
    assert by_input[0] > 0


def test_norms_of_numbers_whose_squares_are_out_of_range():
    rows = np.array([[3e-200, 4e-200], [3e200, 4e200], [0.0, 0.0]])
    np.testing.assert_allclose(norms(rows), [5e-200, 5e200, 0.0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bidirectional": True}, "stack must run in one direction, got bidirectional=True"),
        ({"x": np.zeros((0, 3))}, "x must hold at least one step, got shape (0, 3)"),
        ({"lags": 7}, "lags must be at most the steps of x, 6, got 7"),
        ({"lags": 0}, "lags must be a whole number of at least 1, got 0"),
        ({"probes": 0}, "probes must be a whole number of at least 1, got 0"),
    ],
)
def test_what_cannot_be(given, message):
    stack, p, x = made("rnn", 1, bidirectional=given.pop("bidirectional", False))
    with pytest.raises(InputError) as error:
        layer_memory(stack, p, given.pop("x", x), **given)
    assert str(error.value) == message
