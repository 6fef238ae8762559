"""Memory of models by lag: against gradients taken one by one, and where it is known."""

from importlib import import_module

import numpy as np
import pytest

from recurra.cells import Stack, cell
from recurra.inspection.inside.differentiate import differentiable, gradients
from recurra.inspection.inside.inputs import given
from recurra.inspection.inside.lags import readings
from recurra.inspection.inside.memory import effective_length, memory, state_lags
from tests.inspection.inside.test_differentiate import CASES, case, forecaster


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_model(name):
    model, own = case(name)
    found = memory(model, own, seed=3)
    K = len(found.lags)
    assert found.lags.tolist() == found.state_lags.tolist() == list(range(K))
    for gains in (found.by_input, found.by_state, found.fresh_by_input, found.fresh_by_state):
        assert gains.shape == (K,)
        assert (gains >= 0).all()
        assert gains.max() > 0
    assert all(K <= step + 1 <= len(own.steps) for step in found.steps)
    assert 0 <= found.effective <= K
    assert found.shrink == found.by_state[-1] / found.by_state[0]


def test_inputs_of_the_last_step_are_the_gradient():
    model = forecaster("lstm", context=6, layers=2)
    own = given(model, np.random.default_rng(1).normal(20, 9, (6, 2)))
    found, wanted = memory(model, own), gradients(model, own)
    assert found.steps == (5,)
    assert found.output == wanted.aim
    np.testing.assert_allclose(found.by_input, np.linalg.norm(wanted.gradient, axis=1)[::-1], rtol=1e-9)


def test_inputs_of_several_steps_are_the_mean():
    model, own = case("music")
    found = memory(model, own)
    assert len(found.steps) > 1
    assert found.output == "log-probability of the keys"
    each = [
        gradients(model, own, step).gradient[step - len(found.lags) + 1 : step + 1] for step in found.steps
    ]
    wanted = np.mean([np.linalg.norm(one, axis=1)[::-1] for one in each], axis=0)
    np.testing.assert_allclose(found.by_input, wanted, rtol=1e-9)


@pytest.mark.parametrize("layers", [1, 2])
def test_states_are_what_moves_the_output(layers):
    model = forecaster("gru", context=5, layers=layers)
    own = given(model, np.random.default_rng(1).normal(20, 9, (5, 2)))
    found, network = memory(model, own), differentiable(model, own)
    stack = Stack(cell("gru", input_size=2, hidden_size=4), layers)
    aim, direct = network.aim(), own.x.astype(float)[:, 0] @ model.tensors["autoregression.weight"].T

    def said(state, x):
        if len(x):
            state = stack.forward(network.parameters, x[:, None], state)[1]
        output = state["h"][-1, 0] @ model.tensors["head.weight"].T + model.tensors["head.bias"]
        return aim.of(output + np.repeat(direct, 3))[0]

    for lag in range(5):
        state = stack.forward(network.parameters, network.vectors[: 5 - lag, None], stack.zero_state(1))[1]
        rest, found_here = network.vectors[5 - lag :], []
        for place in np.ndindex(state["h"].shape):
            away = np.zeros_like(state["h"])
            away[place] = 1e-6
            rise = said({"h": state["h"] + away}, rest) - said({"h": state["h"] - away}, rest)
            found_here.append(rise / 2e-6)
        np.testing.assert_allclose(found.by_state[lag], np.linalg.norm(found_here), rtol=1e-5)


def test_the_fresh_network_is_drawn_by_its_seed():
    model = forecaster(context=6)
    own = given(model, np.random.default_rng(1).normal(20, 9, (6, 2)))
    one, same, other = (memory(model, own, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.fresh_by_state, same.fresh_by_state)
    assert (one.fresh_by_state != other.fresh_by_state).any()
    np.testing.assert_array_equal(one.by_state, other.by_state)


@pytest.mark.parametrize("name", ["tag", "tag-words", "classify"])
def test_of_both_directions(name):
    model, own = case(name)
    found = memory(model, own)
    assert found.layer == "last layer"
    if name == "classify":
        assert found.steps == (len(own.steps) - 1,)
        assert len(found.lags) == len(own.steps)
        return
    assert min(found.steps) + 1 >= len(found.lags)
    assert len(own.steps) - max(found.steps) >= len(found.lags)


def test_states_of_both_directions_are_what_moves_what_they_end_with():
    model, own = case("regress-lstm")
    found, network = memory(model, own), differentiable(model, own)
    read = network.pull(np.ones(1), [network.aim()]).states["h"][-2:, 0]
    each = []
    for run, d in zip(readings(network.stack, network.parameters, network.vectors)[-2:], read):
        for lag in range(len(own.steps)):
            state = run.stack.zero_state(1, np.float64)
            split = len(run.x) - lag
            state = run.stack.forward(run.parameters, run.x[:split, None], state)[1]
            rises = []
            for name, array in state.items():
                for place in np.ndindex(array.shape):
                    ends = []
                    for sign in (1, -1):
                        moved = {key: one.copy() for key, one in state.items()}
                        moved[name][place] += sign * 1e-6
                        if lag:
                            moved = run.stack.forward(run.parameters, run.x[split:, None], moved)[1]
                        ends.append(moved["h"][0, 0] @ d)
                    rises.append((ends[0] - ends[1]) / 2e-6)
            each.append(np.linalg.norm(rises))
    np.testing.assert_allclose(found.by_state, np.hypot(*np.reshape(each, (2, -1))), rtol=1e-6)


def test_of_one_step_and_one_unit():
    model = forecaster("gru", context=1, hidden_size=1)
    found = memory(model, given(model, np.full((1, 2), 3.0)))
    assert found.lags.tolist() == [0]
    assert found.shrink == 1.0


@pytest.mark.parametrize("count", [128, 129, 130, 1000, 50_000])
def test_of_many_lags_the_states_of_some_are_seen(count):
    found = state_lags(count)
    assert found[:64].tolist() == list(range(64))
    assert (np.diff(found) > 0).all()
    assert found[-1] == count - 1
    assert len(found) <= 128
    assert (found[65:] / found[64:-1]).max() <= 1.2


def test_a_long_input_is_seen_as_a_short_one_is(monkeypatch):
    model = forecaster("lstm", context=300)
    own = given(model, np.random.default_rng(1).normal(20, 9, (300, 2)))
    found = memory(model, own)
    monkeypatch.setattr(import_module("recurra.inspection.inside.memory"), "_NEAR", 150)
    wanted = memory(model, own)
    assert (len(found.lags), len(found.state_lags), len(wanted.state_lags)) == (300, 128, 300)
    np.testing.assert_allclose(found.by_state, wanted.by_state[found.state_lags], rtol=1e-9)
    np.testing.assert_array_equal(found.by_input, wanted.by_input)
    assert (found.effective, found.shrink) == (wanted.effective, pytest.approx(wanted.shrink))


@pytest.mark.parametrize("tau", [2.0, 30.0])
def test_the_effective_length_of_what_fades_is_its_time_constant(tau):
    assert effective_length(np.exp(-np.arange(1000) / tau)) == pytest.approx(tau, rel=0.02)


def test_the_effective_length_at_its_ends():
    assert effective_length(np.ones(1000)) == pytest.approx(1000 * (1 - np.exp(-1)))
    assert effective_length(np.zeros(5)) == 0.0
    assert effective_length(np.array([1e300, 1e300])) == pytest.approx(2 * (1 - np.exp(-1)))
    assert effective_length(np.r_[np.zeros(99), 1.0]) > 98
