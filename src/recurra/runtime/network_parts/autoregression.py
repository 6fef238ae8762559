"""The linear bypass of a forecaster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step


@dataclass(frozen=True)
class Autoregression(Part):
    """For each step of a horizon, W times the last ``context`` values of the inputs' first column.

    It stands beside the network and shifts all ``levels`` quantiles of a step alike (the linear bypass of
    Lai, Chang, Yang & Liu 2018, section 3.6). Steps before a row's first one count as zero.
    """

    name: str
    context: int
    horizon: int
    levels: int

    type = "autoregression"
    fields: ClassVar = {
        "name": schema.TEXT,
        "context": schema.SIZE,
        "horizon": schema.SIZE,
        "levels": schema.SIZE,
    }
    beside = True

    def output_size(self, input_size: int) -> int:
        size = self.horizon * self.levels
        if size != input_size:
            raise InputError(f"{self.name!r} gives {size} outputs, but the part before it gives {input_size}")
        return size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"{self.name}.weight": (self.horizon, self.context)}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        return _Autoregression(self, kernels.Linear(tensors[f"{self.name}.weight"]))


@dataclass(frozen=True)
class _Autoregression(Bound):
    part: Autoregression
    packed: kernels.Linear

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        steps = self.packed(_last_values(x[:, :, 0], lengths, self.part.context), threads=threads)
        return np.repeat(steps, self.part.levels, axis=1)

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return _AutoregressionStep(self)


class _AutoregressionStep(Step):
    def __init__(self, bound: _Autoregression) -> None:
        self._bound = bound
        self._name = f"{bound.part.name}.last"
        self.reset()

    def __call__(self, x: Any) -> np.ndarray:
        self._last = np.append(self._last[1:], x[:1])
        return np.repeat(self._bound.packed.row(self._last), self._bound.part.levels)

    def state(self) -> dict[str, np.ndarray]:
        return {self._name: self._last.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._last = state[self._name].copy()

    def reset(self) -> None:
        self._last = np.zeros(self._bound.part.context, np.float32)


def _last_values(x: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    """The last ``count`` values (N, count) of each row of x (T, N), zero before its first."""
    T, N = x.shape
    if T == 0:
        return np.zeros((N, count), x.dtype)
    steps = lengths[:, None] + np.arange(-count, 0)
    return np.where(steps >= 0, x[np.maximum(steps, 0), np.arange(N)[:, None]], x.dtype.type(0))
