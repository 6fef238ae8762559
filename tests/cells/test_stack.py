"""What a stack hands to each of its runs."""

import numpy as np

from recurra.cells import Stack, loop


def test_is_its_runs_one_by_one(make_cell, draw):
    """Own parameters, own state, own noise; masks between the layers; the forward direction first."""
    stack = Stack(make_cell(2, 3), num_layers=2, bidirectional=True)
    problem, lengths = draw(stack, T=4, N=3), [2, 4, 0]
    masks = np.random.default_rng(1).random((1, 4, 3, stack.output_size))
    output, state_n, _ = stack.forward(
        problem.p, problem.x, problem.state, lengths, masks, noise=problem.noise
    )

    x, finals = problem.x, []
    for layer, suffixes in enumerate((("_l0", "_l0_reverse"), ("_l1", "_l1_reverse"))):
        cell = make_cell(x.shape[-1], 3)
        outputs = []
        for direction, suffix in enumerate(suffixes):
            k = 2 * layer + direction
            own, final, _ = loop.forward(
                cell,
                {name: problem.p[name + suffix] for name in cell.parameter_shapes()},
                x,
                {name: array[k] for name, array in problem.state.items()},
                lengths,
                reverse=direction == 1,
                noise={name: array[k] for name, array in problem.noise.items()},
            )
            outputs.append(own)
            finals.append(final)
        x = np.concatenate(outputs, -1) * (masks[0] if layer == 0 else 1)
    np.testing.assert_array_equal(output, x)
    for name, array in state_n.items():
        np.testing.assert_array_equal(array, [final[name] for final in finals])
