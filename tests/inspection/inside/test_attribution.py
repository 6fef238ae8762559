"""Shares of steps and columns: complete, exact where the model is linear, and told by whom."""

import copy

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.inspection.inside.attribution import METHODS, attribution, by_input
from recurra.inspection.inside.differentiate import gradients
from recurra.inspection.inside.inputs import given
from tests.inspection.inside.test_differentiate import CASES, case, forecaster


@pytest.mark.parametrize("name", CASES)
def test_integrated_gradients_are_complete(name):
    model, own = case(name)
    found = attribution(model, own, method="integrated gradients")
    assert found.by_step.shape == (len(own.steps),)
    assert found.steps == own.steps
    np.testing.assert_allclose(found.by_step.sum() + found.difference, found.total, rtol=1e-9, atol=1e-12)
    assert abs(found.difference) <= 0.01 * np.abs(found.by_step).sum()
    if own.inputs:
        np.testing.assert_allclose(found.by_input.sum(axis=1), found.by_step)
        np.testing.assert_allclose([share for _, share in by_input(found)], found.by_input.sum(axis=0))
        assert tuple(column for column, _ in by_input(found)) == own.inputs
    else:
        assert found.by_input is None
        assert by_input(found) == ()


def test_gradient_times_input():
    model, own = case("regress-gru")
    found, gradient = attribution(model, own, method="gradient × input"), gradients(model, own)
    np.testing.assert_allclose(found.by_input, gradient.gradient * gradient.vectors)
    assert found.target == gradient.aim == "median"
    assert found.method == "gradient × input"


@pytest.mark.parametrize("method", METHODS)
def test_of_a_linear_model_every_share_is_exact(method):
    model = forecaster("rnn", context=4, hidden_size=1)
    tensors = {name: np.zeros_like(array) for name, array in model.tensors.items()}
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    linear = _with(model, {**tensors, "autoregression.weight": weights})
    own = given(linear, np.random.default_rng(1).normal(20, 9, (4, 2)))
    found = attribution(linear, own, method=method, target=1)
    np.testing.assert_allclose(found.by_step, 3.5 * weights[0] * own.x[:, 0], rtol=1e-6)
    np.testing.assert_allclose(found.by_input[:, 1], 0)
    assert found.difference == pytest.approx(0, abs=1e-6)
    assert found.target == "median of load (step 1 of 3)"


def test_total_is_the_change_from_the_zero_input():
    model, own = case("regress-lstm")
    outputs = [model.network(x[None])[0] for x in (own.x, 0 * own.x)]
    median = outputs[0].argsort()[1]
    rise = 3 * (outputs[0][median] - outputs[1][median])
    np.testing.assert_allclose(attribution(model, own).total, rise, rtol=1e-4)


def test_methods_that_there_are_not():
    model = forecaster()
    own = given(model, np.ones((5, 2)))
    with pytest.raises(InputError) as error:
        attribution(model, own, method="saliency")
    assert str(error.value) == (
        "method must be one of integrated gradients, gradient × input, got 'saliency'"
    )


def _with(model, tensors):
    """The same model with other weights."""
    other = copy.copy(model)
    other.tensors = tensors
    other.network = type(model.network)(model.spec, tensors)
    return other
