"""Every registered cell in every combination of its options: derivatives, namespaces, rows, steps, counts.

A cell is tested here from the moment that it stands in the registry.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from recurra.cells import CELLS, OPTIONS, Arrays, Cell, Stack, cell, count_parameters, loop


def combinations() -> Iterator[Any]:
    for name, kind in CELLS.items():
        defaults = {"bias": True, **kind.options()}
        trials = [(True, False), *(OPTIONS[option].trials for option in kind.options())]
        for values in itertools.product(*trials):
            options = dict(zip(defaults, values))
            changed = [f"{key}={value}" for key, value in options.items() if value != defaults[key]]
            yield pytest.param(kind, options, id="-".join([name, *changed]))


def every_cell(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize(("kind", "options"), list(combinations()))(test)


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

    def forward(self, lengths: Any = None, reverse: bool = False, noisy: bool = False) -> Any:
        noise = self.noise if noisy else None
        return loop.forward(self.cell, self.p, self.x, self.state, lengths, reverse, noise=noise)

    def gradients(self, tape: loop.Tape) -> Arrays:
        dx, d_state, d_p = loop.backward(self.cell, self.p, tape, self.d_output, self.d_state_n)
        assert list(d_state) == list(self.cell.states)
        assert list(d_p) == list(self.cell.parameter_shapes())
        return {"x": dx, **d_state, **d_p}

    def inputs(self) -> Arrays:
        return {"x": self.x, **self.state, **self.p}

    def loss(self, output: Any, state_n: Arrays) -> Any:
        return (output * self.d_output).sum() + sum((state_n[s] * d).sum() for s, d in self.d_state_n.items())


SHAPES = {  # T, N, I, H, lengths
    "dense": (3, 2, 2, 3, None),
    "ragged": (3, 3, 2, 3, [2, 3, 0]),
    "one": (1, 1, 1, 1, None),
}


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
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@every_cell
def test_derivatives(kind, options, reverse, shape):
    """Finite differences, along two random directions of every input, without noise and with it."""
    T, N, I, H, lengths = SHAPES[shape]  # noqa: E741
    problem = Problem(kind(I, max(H, options.get("proj_size", 0) + 1), **options), T, N)
    rng = np.random.default_rng(1)

    def loss(noisy):
        return problem.loss(*problem.forward(lengths, reverse, noisy)[:2])

    for noisy in (False, True) if problem.noise else (False,):
        *_, tape = problem.forward(lengths, reverse, noisy)
        gradients = problem.gradients(tape)
        for name, array in problem.inputs().items():
            assert gradients[name].shape == array.shape
            for _ in range(2):
                direction = rng.normal(size=array.shape)
                want = slope(partial(loss, noisy), array, direction)
                got = np.sum(gradients[name] * direction)
                np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-8, err_msg=f"{name}, noise {noisy}")


@pytest.mark.parametrize("noisy", [False, True], ids=["quiet", "noisy"])
@every_cell
def test_torch_runs_and_differentiates_the_same_equations(kind, options, noisy):
    problem, lengths = Problem(kind(3, 4, **options), T=4, N=3), np.array([4, 0, 2])
    problem.x[:, :, 0] = 0.0
    output, state_n, tape = problem.forward(lengths, reverse=True, noisy=noisy)
    want = problem.gradients(tape)

    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in problem.inputs().items()}
    p, state = ({name: tensors[name] for name in group} for group in (problem.p, problem.state))
    noise = {name: torch.from_numpy(array) for name, array in problem.noise.items()} if noisy else None
    got, got_n, _ = loop.forward(
        problem.cell, p, tensors["x"], state, torch.from_numpy(lengths), True, noise=noise, xp=torch
    )
    np.testing.assert_allclose(got.detach(), output, rtol=1e-12, atol=1e-13)
    for name in state_n:
        np.testing.assert_allclose(got_n[name].detach(), state_n[name], rtol=1e-12, atol=1e-13)

    (got * torch.from_numpy(problem.d_output)).sum().backward(retain_graph=True)
    sum((got_n[s] * torch.from_numpy(d)).sum() for s, d in problem.d_state_n.items()).backward()
    for name, tensor in tensors.items():
        np.testing.assert_allclose(tensor.grad, want[name], rtol=1e-9, atol=1e-10, err_msg=name)


@every_cell
def test_second_derivatives_in_torch(kind, options):
    problem = Problem(kind(2, 3, **options), T=1, N=2)
    tensors = [torch.tensor(array, requires_grad=True) for array in problem.inputs().values()]
    noise = {name: torch.from_numpy(array) for name, array in problem.noise.items()}

    def run(*tensors):
        named = dict(zip(problem.inputs(), tensors))
        state = {name: named[name] for name in problem.state}
        lengths = torch.tensor([1, 1])
        output, state_n, _ = loop.forward(
            problem.cell, named, named["x"], state, lengths, noise=noise, xp=torch
        )
        return output, *state_n.values()

    assert torch.autograd.gradgradcheck(run, tensors, fast_mode=True)


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@every_cell
def test_a_row_alone_and_step_by_step(kind, options, reverse):
    """Each row from its own first step, or backwards from its own last one, with the noise of that step."""
    problem, lengths = Problem(kind(3, 4, **options), T=5, N=3), [5, 0, 3]
    p = problem.cell.with_zero_biases(np, problem.p)
    for noise in ({}, problem.noise):
        output, state_n, _ = problem.forward(lengths, reverse, noisy=bool(noise))
        for n, length in enumerate(lengths):
            state = {name: array[[n]] for name, array in problem.state.items()}
            for t in reversed(range(length)) if reverse else range(length):
                own = {name: a[[n]] if name == "recurrent" else a[t, [n]] for name, a in noise.items()}
                own = problem.cell.no_noise() | own
                state, _ = problem.cell.step(np, p, problem.x[t, [n]], state, own)
                np.testing.assert_allclose(output[t, n], state["h"][0], rtol=1e-12, atol=1e-14)
            assert not output[length:, n].any()
            for name in state:
                np.testing.assert_allclose(state_n[name][n], state[name][0], rtol=1e-12, atol=1e-14)


@every_cell
def test_padding_may_hold_anything(kind, options):
    problem, lengths = Problem(kind(3, 4, **options), T=4, N=2), [2, 4]

    def results():
        output, state_n, tape = problem.forward(lengths, reverse=True)
        return [output, *state_n.values(), *problem.gradients(tape).values()]

    clean = results()
    problem.x[2:, 0] = np.nan
    problem.d_output[2:, 0] = np.nan
    for got, want in zip(results(), clean):
        np.testing.assert_array_equal(got, want)


@every_cell
def test_float32_stays_float32(kind, options):
    stack = Stack(kind(3, 4, **options), 2, True)
    p = stack.initialise(np.random.default_rng(0))
    assert {name: array.shape for name, array in p.items()} == stack.parameter_shapes()
    x = np.ones((3, 2, 3), np.float32)
    output, state_n, tapes = stack.forward(p, x, stack.zero_state(2), [3, 1])
    dx, d_state, d_p = stack.backward(p, tapes, output, state_n)
    arrays = [*p.values(), output, dx, *state_n.values(), *d_state.values(), *d_p.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@every_cell
def test_saturated_gates_do_not_overflow(kind, options):
    cell = kind(1, 3, **options)
    p = {name: np.full(shape, 1e4, np.float32) for name, shape in cell.parameter_shapes().items()}
    p = cell.with_zero_biases(np, p)
    x = np.array([[1.0], [-1e3]], np.float32)
    state = {name: np.full((2, size), -1.0, np.float32) for name, size in cell.state_sizes().items()}
    new, saved = cell.step(np, p, x, state, cell.no_noise())
    dx, d_state, d_p = cell.step_backward(p, saved, new)
    for array in (*new.values(), dx, *d_state.values(), *d_p.values()):
        assert np.isfinite(array).all()


@every_cell
def test_counted_by_formula_and_by_array(kind, options):
    one = kind(3, 8, **options)
    stack = Stack(one, 2, True)
    for thing in (one, stack):
        arrays = thing.initialise(np.random.default_rng(0))
        assert count_parameters(thing) == sum(array.size for array in arrays.values())
        second_bias = sum(array.size for name, array in arrays.items() if name.startswith("bias_hh"))
        assert count_parameters(thing, biases=1) == count_parameters(thing) - second_bias


@every_cell
def test_survives_json(kind, options):
    stack = Stack(kind(np.int64(3), 4, **options), 2, True)
    written = json.loads(json.dumps(stack.to_dict()))
    assert Stack.from_dict(written) == stack
    del written["num_layers"], written["bidirectional"]
    assert cell(written.pop("cell"), **written) == stack.cell
