"""The tape: what a pass in training keeps for its backward, in one flat array."""

import itertools
from typing import Any, NamedTuple

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.kernels.arguments import Inputs, check_array
from recurra.kernels.memory import empty
from recurra.kernels.native import Array
from recurra.kernels.plan import Plan, plan_of, tape_per_step


def tape_size(stack: Stack, T: int, N: int, dtype: Any = np.float32, *, noisy: bool = False) -> int:
    """Values that `PackedStack.forward_train` keeps for `backward`, whatever the lengths.

    ``noisy``: whether it is given ``noise``.
    """
    return sum(_part_sizes(plan_of(stack), T, N, np.dtype(dtype), noisy))


def new_tape(plan: Plan, inputs: Inputs, *, equal: bool) -> Array:
    """Room for the tape of a pass; ``equal``: such that equal passes leave equal tapes.

    Else what stands where no row has a step, which nothing reads, is left to chance.
    """
    T, N = inputs.x.shape[:2]
    tape = empty((sum(_sizes(plan, inputs)),), inputs.x.dtype)
    if equal and inputs.lengths is not None and T * N:
        live = int(inputs.lengths.sum())
        for run in TapeViews.of(plan, inputs, tape).runs:
            run[len(run) // (T * N) * live :] = 0
    return tape


class TapeViews(NamedTuple):
    """A tape, part by part: what each run kept; the output (T, N, D·R) of all layers but the last."""

    runs: list[Array]
    outputs: list[Array]

    @classmethod
    def of(cls, plan: Plan, inputs: Inputs, tape: Array) -> "TapeViews":
        """The parts of the tape of that pass."""
        T, N = inputs.x.shape[:2]
        sizes = _sizes(plan, inputs)
        parts = [tape[end - size : end] for size, end in zip(sizes, itertools.accumulate(sizes))]
        runs = len(plan.runs)
        outputs = [part.reshape(T, N, plan.stack.output_size) for part in parts[runs:]]
        return cls(parts[:runs], outputs)


def check_tape(plan: Plan, inputs: Inputs, tape: Any) -> Array:
    """The tape of that pass, contiguous; InputError unless it has the size and precision."""
    tape = check_array("tape", tape, (sum(_sizes(plan, inputs)),))
    if tape.dtype != inputs.x.dtype:
        raise InputError(f"tape must be {inputs.x.dtype}, as forward_train made it, got {tape.dtype}")
    return np.ascontiguousarray(tape)


def _sizes(plan: Plan, inputs: Inputs) -> list[int]:
    T, N = inputs.x.shape[:2]
    return _part_sizes(plan, T, N, inputs.x.dtype, inputs.noisy)


def _part_sizes(plan: Plan, T: int, N: int, dtype: np.dtype[Any], noisy: bool) -> list[int]:
    stack, per_step = plan.stack, tape_per_step(plan, dtype, noisy or plan.zoneout != 0)
    return [T * N * size for size in per_step] + [T * N * stack.output_size] * (stack.num_layers - 1)
