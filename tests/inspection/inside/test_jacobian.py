"""The Jacobian of a step against finite differences through the NumPy cells, for every cell."""

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.inspection.inside.inputs import given
from recurra.inspection.inside.jacobian import jacobian, spectrum
from recurra.inspection.inside.trace import trace
from tests.inspection.inside.test_differentiate import CASES, case, forecaster
from tests.inspection.inside.test_lags import CELLS, made

STEP = 1e-6


def differences(cell, p, x, state):
    """J (S, S) by central differences of the equations."""
    p, noise = cell.with_zero_biases(np, p), cell.no_noise()
    widths = np.cumsum([array.shape[1] for array in state.values()])[:-1]

    def after(flat):
        own = {name: part[None] for name, part in zip(state, np.split(flat, widths))}
        new, _ = cell.step(np, p, x[None], own, noise)
        return np.concatenate([new[name][0] for name in state])

    flat = np.concatenate([array[0] for array in state.values()])
    away = STEP * np.eye(len(flat))
    return np.stack([(after(flat + one) - after(flat - one)) / (2 * STEP) for one in away], axis=1)


@pytest.mark.parametrize("H", [1, 4])
@pytest.mark.parametrize("name", CELLS)
def test_every_cell(name, H):
    if "projection" in name and H == 1:
        H = 3
    stack, p, x = made(name, 1, H=H)
    rng = np.random.default_rng(2)
    state = {key: rng.normal(size=(1, size)) for key, size in stack.cell.state_sizes().items()}
    J = jacobian(stack, p, x[0], state)
    own = {key.removesuffix("_l0"): array for key, array in p.items()}
    np.testing.assert_allclose(J, differences(stack.cell, own, x[0], state), rtol=1e-6, atol=1e-9)


def test_the_spectrum_of_a_linear_step():
    stack = Stack(made("rnn relu", 1, H=2)[0].cell)
    p = {
        "weight_ih_l0": np.ones((2, 3)),
        "weight_hh_l0": np.array([[0.0, -0.5], [0.5, 0.0]]),
        "bias_ih_l0": np.full(2, 9.0),
        "bias_hh_l0": np.zeros(2),
    }
    J = jacobian(stack, p, np.ones(3), {"h": np.ones((1, 2))})
    np.testing.assert_allclose(J, p["weight_hh_l0"])


@pytest.mark.parametrize("step", [0, 3, 6])
def test_layers_of_a_model_as_they_are_traced(step):
    model = forecaster("lstm", context=7, layers=2)
    own = given(model, np.random.default_rng(1).normal(20, 9, (7, 2)))
    seen = trace(model, own)
    found = spectrum(model, own, step)
    assert [one.layer for one in found] == [layer.name for layer in seen.layers]
    x = own.x
    for run, one, layer in zip(made("lstm", 2)[0].layers(), found, seen.layers):
        p = {
            name: model.tensors[f"encoder.{name}{run.suffix}"].astype(float)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        before = {
            name: (array[step - 1 : step] if step else np.zeros((1, 4))).astype(float)
            for name, array in layer.states.items()
        }
        J = differences(run.cell, p, x[step].astype(float), before)
        wanted = np.linalg.eigvals(J)
        np.testing.assert_allclose(one.radius, np.abs(wanted).max(), rtol=1e-4)
        np.testing.assert_allclose(np.poly(one.eigenvalues), np.poly(wanted), rtol=0, atol=1e-4)
        np.testing.assert_allclose(one.singular, np.linalg.svd(J, compute_uv=False), rtol=0, atol=1e-4)
        assert (np.diff(np.abs(one.eigenvalues)) <= 0).all()
        assert one.step == step
        x = layer.states["h"]


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_model(name):
    model, own = case(name)
    traced = [layer.name for layer in trace(model, own).layers]
    found = spectrum(model, own, len(own.steps) - 1)
    assert [one.layer for one in found] == [
        name for name in traced if not name.startswith(("decoder", "characters"))
    ]
    assert all(np.isfinite(one.eigenvalues).all() and one.singular[0] > 0 for one in found)


def test_the_backwards_layer_comes_from_the_step_after():
    model, own = case("regress-lstm")
    layer = next(one for one in trace(model, own).layers if one.name == "layer 1, backwards")
    (found,) = [one for one in spectrum(model, own, 2) if one.layer == layer.name]
    part = model.spec["layers"][0]
    stack = Stack.from_dict({name: part[name] for name in part if name not in ("type", "name")})
    run = stack.layers()[1]
    p = {
        name: model.tensors[f"encoder.{name}{run.suffix}"].astype(float)
        for name in run.cell.parameter_shapes()
    }
    before = {name: array[3:4].astype(float) for name, array in layer.states.items()}
    J = differences(run.cell, p, own.x[2].astype(float), before)
    np.testing.assert_allclose(found.singular, np.linalg.svd(J, compute_uv=False), rtol=0, atol=1e-4)


@pytest.mark.parametrize("step", [-1, 5, True, 1.0])
def test_steps_that_there_are_not(step):
    model = forecaster()
    own = given(model, np.ones((5, 2)))
    with pytest.raises(InputError) as error:
        spectrum(model, own, step)
    assert str(error.value) == f"step must be a whole number between 0 and 4, got {step!r}"
