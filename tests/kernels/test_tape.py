"""The tape depends on nothing but the pass, so that equal passes can be told to be equal."""

import itertools

import numpy as np
import pytest

from recurra import kernels
from recurra.cells import CELLS, Stack, cell
from recurra.cells.options import OPTIONS
from recurra.cells.registry import OPTIONS_OF


def cells():
    for name in sorted(CELLS):
        own = [option for option in OPTIONS_OF[name] if option in OPTIONS]
        for values in itertools.product(*(OPTIONS[option].trials for option in own)):
            yield cell(name, input_size=3, hidden_size=5, **dict(zip(own, values)))


@pytest.mark.parametrize("lengths", [None, [4, 0, 2]])
@pytest.mark.parametrize("noisy", [False, True])
def test_equal_passes_leave_equal_tapes(monkeypatch, noisy, lengths):
    rng = np.random.default_rng(0)
    new_memory = itertools.count(1.0)
    empty = np.empty

    def used_before(shape, dtype=float):
        array = empty(shape, dtype)
        array.fill(next(new_memory))
        return array

    for own in cells():
        if noisy and not own.has_recurrent_weights:
            continue
        stack = Stack(own, 2, True)
        packed = kernels.PackedStack(stack, stack.initialise(rng))
        x = rng.normal(size=(4, 3, 3)).astype(np.float32)
        noise = {"recurrent": np.ones((4, 3, own.output_size), np.float32)} if noisy else None
        with monkeypatch.context() as patch:
            patch.setattr(np, "empty", used_before)
            tapes = [packed.forward_train(x, None, lengths, None, noise)[2] for _ in range(2)]
        assert tapes[0].size == kernels.tape_size(stack, 4, 3, noisy=noisy)
        np.testing.assert_array_equal(*tapes, err_msg=str(own))
