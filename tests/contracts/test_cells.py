"""Every registered cell in every combination of its options, against central finite differences in float64.

A cell is tested here from the moment that it stands in the registry.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from recurra.cells import CELLS, OPTIONS, Arrays, Cell, loop


def combinations() -> Iterator[Any]:
    for name, kind in CELLS.items():
        trials = [OPTIONS[option].trials for option in kind.options()]
        for values in itertools.product((True, False), *trials):
            options = dict(zip(("bias", *kind.options()), values))
            changed = [
                f"{key}={value}"
                for key, value in options.items()
                if value != ({"bias": True} | kind.options())[key]
            ]
            yield pytest.param(kind, options, id="-".join([name, *changed]))


def every_cell(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize(("kind", "options"), list(combinations()))(test)


SHAPES = {  # T, N, I, H, lengths
    "dense": (3, 2, 2, 3, None),
    "ragged": (3, 3, 2, 3, [2, 3, 0]),
    "one": (1, 1, 1, 1, None),
}


class Problem:
    """Random weights, biases, states and noise, none of them zero, and gradients of all results."""

    def __init__(self, cell: Cell, T: int, N: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.cell = cell
        self.p = {name: 0.7 * rng.normal(size=shape) for name, shape in cell.parameter_shapes().items()}
        self.x = rng.normal(size=(T, N, cell.input_size))
        self.state = {name: rng.normal(size=(N, size)) for name, size in cell.state_sizes().items()}
        self.d_output = rng.normal(size=(T, N, cell.output_size))
        self.d_state_n = {name: rng.normal(size=array.shape) for name, array in self.state.items()}
        self.noise = {}
        for name in cell.no_noise():
            width = cell.hidden_size if name == "keep_c" else cell.output_size
            kept = rng.integers(0, 2, (T, N, width)).astype(float)
            self.noise[name] = kept[0] / 0.5 if name == "recurrent" else kept

    def loss(self, output: np.ndarray, state_n: Arrays) -> float:
        final = sum(np.sum(state_n[name] * d) for name, d in self.d_state_n.items())
        return float(np.sum(output * self.d_output) + final)


def slope(f: Callable[[], float], array: np.ndarray, direction: np.ndarray) -> float:
    """How f() changes when ``array`` moves in that direction: central differences of the fourth order."""
    kept, slopes = array.copy(), []
    for step in (2e-5, 4e-5):
        array[...] = kept + step * direction
        above = f()
        array[...] = kept - step * direction
        slopes.append((above - f()) / (2 * step))
    array[...] = kept
    return (4 * slopes[0] - slopes[1]) / 3


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
@every_cell
def test_derivatives(kind, options, noisy, reverse, shape):
    T, N, I, H, lengths = SHAPES[shape]  # noqa: E741
    cell = kind(I, max(H, options.get("proj_size", 0) + 1), **options)
    problem = Problem(cell, T, N)
    noise = problem.noise if noisy else None

    def loss():
        output, state_n, _ = loop.forward(
            cell, problem.p, problem.x, problem.state, lengths, reverse, noise=noise
        )
        return problem.loss(output, state_n)

    _, _, tape = loop.forward(cell, problem.p, problem.x, problem.state, lengths, reverse, noise=noise)
    dx, d_state, d_p = loop.backward(cell, problem.p, tape, problem.d_output, problem.d_state_n)

    assert list(d_state) == list(cell.states)
    assert list(d_p) == list(cell.parameter_shapes())
    inputs = {"x": problem.x} | problem.state | problem.p
    gradients = {"x": dx} | d_state | d_p
    rng = np.random.default_rng(1)
    for name, array in inputs.items():
        assert gradients[name].shape == array.shape
        for _ in range(2):
            direction = rng.normal(size=array.shape)
            want = slope(loss, array, direction)
            np.testing.assert_allclose(
                np.sum(gradients[name] * direction), want, rtol=1e-6, atol=1e-8, err_msg=name
            )
