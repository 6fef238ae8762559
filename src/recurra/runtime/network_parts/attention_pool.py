"""From a sequence to one row: the mean of its steps, weighted by what each one says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recurra import kernels
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step, check_width
from recurra.runtime.network_parts.running import RunningStep, WeightedMean


@dataclass(frozen=True)
class AttentionPool(Part):
    """Σ_t w_t x_t with w = softmax over a row's own t of vᵀ tanh(W x_t + b): (T, N, I) to (N, I).

    ``key.weight`` (A, I) is W, ``key.bias`` (A,) is b, ``score.weight`` (1, A) is v. Zero for a row of length
    0. Yang, Yang, Dyer, He, Smola and Hovy, "Hierarchical attention networks for document classification",
    NAACL 2016, equations 5 to 7.
    """

    name: str
    size: int
    attention_size: int

    type = "attention_pool"
    fields: ClassVar = {"name": schema.TEXT, "size": schema.SIZE, "attention_size": schema.SIZE}
    takes_steps = True
    pools = True

    def output_size(self, input_size: int) -> int:
        check_width(self.name, self.size, input_size)
        return self.size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {
            f"{self.name}.key.weight": (self.attention_size, self.size),
            f"{self.name}.key.bias": (self.attention_size,),
            f"{self.name}.score.weight": (1, self.attention_size),
        }

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        return _AttentionPool(
            kernels.Linear(tensors[f"{self.name}.key.weight"], tensors[f"{self.name}.key.bias"]),
            kernels.Linear(tensors[f"{self.name}.score.weight"]),
        )


@dataclass(frozen=True)
class _AttentionPool(Bound):
    key: kernels.Linear
    score: kernels.Linear

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        return WeightedMean().whole(lengths, x, self.scores(x, threads))

    def scores(self, x: np.ndarray, threads: int = 1) -> np.ndarray:
        """(..., 1) of x (..., I)."""
        keys = self.key(x, threads=threads)
        _, tanh = kernels.activations(keys.reshape(-1))
        return self.score(tanh.reshape(keys.shape), threads=threads)

    def stepping(self, input_size: int) -> Step:
        return _AttentionStep(self, input_size)


class _AttentionStep(RunningStep):
    def __init__(self, pool: _AttentionPool, size: int) -> None:
        super().__init__(WeightedMean(), size)
        self._scores = pool.scores

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.push(x, self._scores(x))
