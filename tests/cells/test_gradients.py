"""Derivatives against central finite differences in float64: every input, state and parameter."""

import numpy as np
import pytest

from recurra.cells import Stack, loop

SHAPES = [  # T, N, I, H, lengths
    (4, 3, 2, 3, None),
    (4, 3, 2, 3, [2, 4, 0]),
    (3, 4, 1, 2, [0, 0, 1, 2]),
    (1, 2, 3, 2, None),
    (3, 1, 2, 1, None),
]


def difference(f, array, eps=1e-6):
    """Central differences of f() by every entry of ``array``, which is changed and restored."""
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + eps
        above = f()
        array[index] = kept - eps
        below = f()
        array[index] = kept
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def assert_gradient(got, want, name):
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("T", "N", "I", "H", "lengths"), SHAPES)
def test_loop(make_cell, draw, T, N, I, H, lengths, reverse, bias):  # noqa: E741
    cell = make_cell(I, H, bias=bias)
    problem = draw(Stack(cell), T, N)
    p = problem.stack.layers()[0].parameters(problem.p)
    state = {name: array[0] for name, array in problem.state.items()}
    d_state_n = {name: array[0] for name, array in problem.d_state_n.items()}

    def loss():
        output, state_n, _ = loop.forward(cell, p, problem.x, state, lengths, reverse)
        return np.sum(output * problem.d_output) + sum(np.sum(state_n[s] * d_state_n[s]) for s in state_n)

    _, _, tape = loop.forward(cell, p, problem.x, state, lengths, reverse)
    dx, d_state, d_p = loop.backward(cell, p, tape, problem.d_output, d_state_n)

    assert_gradient(dx, difference(loss, problem.x), "x")
    for name in cell.states:
        assert_gradient(d_state[name], difference(loss, state[name]), name)
    assert list(d_p) == list(cell.parameter_shapes())
    for name, array in p.items():
        assert_gradient(d_p[name], difference(loss, array), name)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, [3, 0, 2]])
def test_stack_with_dropout(make_cell, draw, bidirectional, lengths):
    stack = Stack(make_cell(2, 2), num_layers=3, bidirectional=bidirectional)
    problem = draw(stack, T=3, N=3)
    rng = np.random.default_rng(1)
    masks = rng.integers(0, 2, (2, 3, 3, stack.output_size)) / 0.5

    def loss():
        output, state_n, _ = stack.forward(problem.p, problem.x, problem.state, lengths, masks)
        return problem.loss(output, state_n)

    _, _, tapes = stack.forward(problem.p, problem.x, problem.state, lengths, masks)
    dx, d_state, d_p = stack.backward(problem.p, tapes, problem.d_output, problem.d_state_n, masks)

    assert_gradient(dx, difference(loss, problem.x), "x")
    for name in stack.cell.states:
        assert_gradient(d_state[name], difference(loss, problem.state[name]), name)
    assert list(d_p) == list(stack.parameter_shapes())
    for name, array in problem.p.items():
        assert_gradient(d_p[name], difference(loss, array), name)


def test_step_backward_is_that_of_one_step(make_cell, draw):
    cell = make_cell(3, 4)
    problem = draw(Stack(cell), T=1, N=2)
    p = problem.stack.layers()[0].parameters(problem.p)
    x, state = problem.x[0], {name: array[0] for name, array in problem.state.items()}
    d_state = {name: array[0] for name, array in problem.d_state_n.items()}

    def loss():
        new, _ = cell.step(np, p, x, state, cell.no_noise())
        return sum(np.sum(new[name] * d_state[name]) for name in new)

    new, saved = cell.step(np, p, x, state, cell.no_noise())
    assert list(new) == list(cell.states)
    dx, d_prev, d_p = cell.step_backward(p, saved, d_state)
    assert_gradient(dx, difference(loss, x), "x")
    for name, array in state.items():
        assert_gradient(d_prev[name], difference(loss, array), name)
    for name, array in p.items():
        assert_gradient(d_p[name], difference(loss, array), name)
