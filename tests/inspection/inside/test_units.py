"""Shares of saturated units by hand, and orders of units that were made to go together."""

import builtins

import numpy as np
import pytest

from recurra._base.errors import InputError, MissingExtraError
from recurra.inspection.inside import (
    LayerTrace,
    Saturation,
    by_activity,
    by_cluster,
    given,
    saturation,
    trace,
)
from tests.inspection.inside.models import model_of, regressor


def layer_of(states, gates=None, bounded=("candidate", "h")):
    states = {name: np.array(rows, np.float32) for name, rows in states.items()}
    gates = {name: np.array(rows, np.float32) for name, rows in (gates or {}).items()}
    steps = tuple(map(str, range(len(states["h"]))))
    return LayerTrace("layer 1", "lstm", steps, gates, states, bounded)


def test_shares_by_hand():
    layer = layer_of(
        {"h": [[0.95, -0.95], [0.5, 0.2]], "c": [[5, 5], [5, 5]]},
        {"forget": [[0.05, 0.99], [0.3, 0.92]], "candidate": [[-0.99, 0.05], [0.0, 0.01]]},
    )
    assert saturation(layer) == (
        Saturation("layer 1", "forget", 0.25, 0.5),
        Saturation("layer 1", "candidate", 0.0, 0.25),
        Saturation("layer 1", "h", 0.0, 0.5),
    )


@pytest.mark.parametrize(
    ("kind", "options", "gates"),
    [
        ("lstm", {}, ["input", "forget", "candidate", "output", "h"]),
        ("lstm", {"proj_size": 2}, ["input", "forget", "candidate", "output"]),
        ("gru", {}, ["reset", "update", "candidate", "h"]),
        ("rnn", {}, ["h"]),
        ("rnn", {"nonlinearity": "relu"}, []),
        ("min_gru", {}, ["update"]),
        ("min_lstm", {}, ["input", "forget"]),
    ],
)
def test_what_nothing_bounds_does_not_saturate(kind, options, gates):
    model = regressor(kind, **options)
    (layer,) = trace(model, given(model, [np.ones((4, 2))])).layers
    assert [one.gate for one in saturation(layer)] == gates


def test_the_most_active_first():
    layer = layer_of({"h": [[0.1, -0.9, 0.3], [0.1, 0.9, 0.4]], "c": [[3, 0, 1], [3, 0, 1]]})
    assert by_activity(layer).tolist() == [1, 2, 0]
    assert by_activity(layer, "c").tolist() == [0, 2, 1]


def test_units_that_go_together_stand_together():
    t = np.linspace(0, 12, 60)
    waves = [np.sin(t), np.cos(3 * t), np.sign(t - 6)]
    rng = np.random.default_rng(0)
    family = rng.permutation(np.repeat(np.arange(3), 5))
    h = np.stack([(k + 1) * waves[f] + 0.01 * rng.normal(size=60) for k, f in enumerate(family)], axis=1)
    order = by_cluster(layer_of({"h": 0.02 * h}))
    assert sorted(order) == list(range(15))
    assert np.count_nonzero(np.diff(family[order])) == 2


def test_mirrored_units_are_far_apart_and_still_ones_do_no_harm():
    t = np.linspace(0, 6, 30)
    h = np.stack([np.sin(t), -np.sin(t), np.zeros(30), np.sin(t) * 0.3, -2 * np.sin(t)], axis=1)
    order = by_cluster(layer_of({"h": h})).tolist()
    assert abs(order.index(0) - order.index(3)) == 1
    assert abs(order.index(1) - order.index(4)) == 1


@pytest.mark.parametrize("T", [1, 2])
def test_few_units_and_steps(T):
    assert by_cluster(layer_of({"h": np.ones((T, 1))})).tolist() == [0]
    assert sorted(by_cluster(layer_of({"h": np.ones((T, 3))}))) == [0, 1, 2]


def test_gates_of_a_projected_layer_have_orders_of_their_own():
    model = regressor("lstm", proj_size=2)
    (layer,) = trace(model, given(model, [np.ones((4, 2))])).layers
    assert sorted(by_activity(layer)) == sorted(by_cluster(layer)) == [0, 1]
    assert sorted(by_activity(layer, "forget")) == sorted(by_cluster(layer, "c")) == [0, 1, 2, 3]


def test_a_state_that_there_is_not():
    (layer, _) = trace(model_of("classify"), given(model_of("classify"), "ab")).layers
    with pytest.raises(InputError) as error:
        by_activity(layer, "forgt")
    assert str(error.value) == (
        "of must be one of h, c, input, forget, candidate, output, got 'forgt'; did you mean 'forget'?"
    )


def test_clusters_need_scipy(monkeypatch):
    whole = builtins.__import__

    def without(name, *rest):
        if name.startswith("scipy"):
            raise ImportError(name)
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError) as error:
        by_cluster(layer_of({"h": np.ones((3, 2))}))
    assert str(error.value) == "scipy is not installed; install it with: pip install 'recurra[data]'"
