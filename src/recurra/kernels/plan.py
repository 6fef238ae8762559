"""What every call on a stack needs of its specification, worked out once."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra.cells import Stack
from recurra.kernels.native import Array, native_name, native_tape_per_step, zoneout_of


@dataclass(frozen=True)
class Run:
    """One run of a cell over time, as the native module is told of it."""

    index: int
    """Its place in the stack's states."""
    reverse: bool
    cell: str
    """The cell's native name."""
    names: tuple[tuple[str, str], ...]
    """Of each parameter: the cell's name and the stack's."""

    def parameters(self, p: Mapping[str, Array]) -> dict[str, Array]:
        """The cell's own parameters out of the stack's."""
        return {own: p[name] for own, name in self.names}


@dataclass(frozen=True, eq=False)
class Plan:
    """The runs of a stack, by layer and then direction, the widths of its states, and its zoneout."""

    stack: Stack
    runs: tuple[Run, ...]
    widths: dict[str, int]
    zoneout: float


@functools.lru_cache(maxsize=256)
def plan_of(stack: Stack) -> Plan:
    """The plan of equal stacks."""
    runs = [
        Run(
            run.index,
            run.reverse,
            native_name(run.cell),
            tuple((name, name + run.suffix) for name in run.cell.parameter_shapes()),
        )
        for run in stack.layers()
    ]
    return Plan(stack, tuple(runs), stack.cell.state_sizes(), zoneout_of(stack.cell))


@functools.lru_cache(maxsize=256)
def tape_per_step(plan: Plan, dtype: np.dtype[Any], noise: bool) -> tuple[int, ...]:
    """Values of tape that one step of one row takes in each run."""
    return tuple(native_tape_per_step(run.cell, dtype, noise) for run in plan.stack.layers())
