"""Derivatives of whole stacks against finite differences in float64; the contract suite has the cells'."""

import numpy as np
import pytest

from recurra.cells import Stack


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, [3, 0, 2]])
def test_stack_with_dropout_and_noise(make_cell, draw, bidirectional, lengths):
    stack = Stack(make_cell(2, 3), num_layers=3, bidirectional=bidirectional)
    problem = draw(stack, T=3, N=3)
    rng = np.random.default_rng(1)
    masks = rng.integers(0, 2, (2, 3, 3, stack.output_size)) / 0.5

    def forward():
        return stack.forward(problem.p, problem.x, problem.state, lengths, masks, noise=problem.noise)

    *_, tapes = forward()
    dx, d_state, d_p = stack.backward(problem.p, tapes, problem.d_output, problem.d_state_n, masks)
    assert list(d_state) == list(stack.cell.states)
    assert list(d_p) == list(stack.parameter_shapes())

    gradients = {"x": dx, **d_state, **d_p}
    for name, array in {"x": problem.x, **problem.state, **problem.p}.items():
        # Along a random direction, by central differences of the fourth order.
        kept, direction = array.copy(), rng.normal(size=array.shape)
        losses = {}
        for step in (-2, -1, 1, 2):
            array[...] = kept + 2e-5 * step * direction
            losses[step] = problem.loss(*forward()[:2])
        array[...] = kept
        want = (8 * (losses[1] - losses[-1]) - (losses[2] - losses[-2])) / (12 * 2e-5)
        np.testing.assert_allclose(
            np.sum(gradients[name] * direction), want, rtol=1e-6, atol=1e-7, err_msg=name
        )
