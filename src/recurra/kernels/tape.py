"""The tape: what a pass in training keeps for its backward, in one flat array."""

import itertools
from typing import Any, NamedTuple

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.kernels.arguments import Inputs, check_array
from recurra.kernels.memory import empty
from recurra.kernels.native import Array
from recurra.kernels.plan import plan_of, tape_per_step


def tape_size(stack: Stack, T: int, N: int, dtype: Any = np.float32, *, noisy: bool = False) -> int:
    """Values that `PackedStack.forward_train` keeps for `backward`, whatever the lengths.

    ``noisy``: whether it is given ``noise``.
    """
    return sum(_part_sizes(stack, T, N, np.dtype(dtype), noisy))


def new_tape(stack: Stack, inputs: Inputs, *, equal: bool) -> Array:
    """Room for the tape of a pass; ``equal``: such that equal passes leave equal tapes.

    Else what stands where no row has a step, which nothing reads, is left to chance.
    """
    T, N = inputs.x.shape[:2]
    tape = empty((tape_size(stack, T, N, inputs.x.dtype, noisy=inputs.noisy),), inputs.x.dtype)
    if equal and inputs.lengths is not None and T * N:
        live = int(inputs.lengths.sum())
        for run in TapeViews.of(stack, inputs, tape).runs:
            run[len(run) // (T * N) * live :] = 0
    return tape


class TapeViews(NamedTuple):
    """A tape, part by part: what each run kept; the output (T, N, D·R) of all layers but the last."""

    runs: list[Array]
    outputs: list[Array]

    @classmethod
    def of(cls, stack: Stack, inputs: Inputs, tape: Any) -> "TapeViews":
        """The parts of the tape of that pass; InputError unless it has the size and precision."""
        T, N = inputs.x.shape[:2]
        sizes = _part_sizes(stack, T, N, inputs.x.dtype, inputs.noisy)
        tape = check_array("tape", tape, (sum(sizes),))
        if tape.dtype != inputs.x.dtype:
            raise InputError(f"tape must be {inputs.x.dtype}, as forward_train made it, got {tape.dtype}")
        tape = np.ascontiguousarray(tape)
        parts = [tape[end - size : end] for size, end in zip(sizes, itertools.accumulate(sizes))]
        runs = len(plan_of(stack).runs)
        outputs = [part.reshape(T, N, stack.output_size) for part in parts[runs:]]
        return cls(parts[:runs], outputs)


def _part_sizes(stack: Stack, T: int, N: int, dtype: np.dtype[Any], noisy: bool) -> list[int]:
    per_step = tape_per_step(stack, dtype, noisy or plan_of(stack).zoneout != 0)
    return [T * N * size for size in per_step] + [T * N * stack.output_size] * (stack.num_layers - 1)
