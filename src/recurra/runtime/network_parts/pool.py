"""From a sequence to one row, without weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step
from recurra.runtime.network_parts.running import Max, Mean, MeanMax, Running, RunningStep

POOLS = ("last", "ends", "mean", "max", "mean_max")


@dataclass(frozen=True)
class Pool(Part):
    """From a sequence (T, N, ·) to rows (N, ·), over each row's own steps; zero for a row of length 0.

    ``last`` is the last step; ``ends`` the last step of the first half of the width and the first step of the
    second, which is where either direction of a bidirectional layer ends; ``mean`` and ``max`` are over all,
    and ``mean_max`` is one beside the other, twice as wide.
    """

    how: str = "last"

    type = "pool"
    fields: ClassVar = {"how": schema.TEXT}
    takes_steps = True
    pools = True

    def __post_init__(self) -> None:
        one_of("how", self.how, POOLS)

    def output_size(self, input_size: int) -> int:
        if self.how == "ends" and input_size % 2:
            raise InputError(f"how='ends' needs two directions, but the part before it gives {input_size}")
        return input_size * 2 if self.how == "mean_max" else input_size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:  # noqa: ARG002
        match self.how:
            case "mean":
                return _RunningPool(Mean())
            case "max":
                return _RunningPool(Max())
            case "mean_max":
                return _RunningPool(MeanMax())
            case "ends":
                return _Ends()
            case _:
                return _Last()


class _Last(Bound):
    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        return _step_of(x, np.maximum(lengths, 1) - 1, lengths)

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return Step()


class _Ends(Bound):
    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        rows = _step_of(x, np.maximum(lengths, 1) - 1, lengths)
        half = x.shape[2] // 2
        rows[:, half:] = _step_of(x[:, :, half:], np.zeros_like(lengths), lengths)
        return rows

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        raise InputError("a stream needs layers in one direction, but how='ends' pools two; use how='last'")


@dataclass(frozen=True)
class _RunningPool(Bound):
    running: Running

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        return self.running.whole(lengths, x)

    def stepping(self, input_size: int) -> Step:
        return RunningStep(self.running, input_size)


def _step_of(x: np.ndarray, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Each row's step (N, ·) of x (T, N, ·), zero for a row of length 0."""
    T, N, size = x.shape
    if T == 0:
        return np.zeros((N, size), x.dtype)
    rows = x[steps, np.arange(N)]
    rows[lengths == 0] = 0
    return rows
