"""A vector for each id."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step, check_ids, within


@dataclass(frozen=True)
class Embedding(Part):
    """Row ``id`` of a table of ``count`` vectors, from int64 ids (T, N) to (T, N, size).

    Zero past each row's length, where ids may be anything; elsewhere InputError for ids outside [0, count).
    """

    name: str
    count: int
    size: int

    type = "embedding"
    fields: ClassVar = {"name": schema.TEXT, "count": schema.SIZE, "size": schema.SIZE}
    takes_ids = True

    def output_size(self, input_size: int) -> int:  # noqa: ARG002
        return self.size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"{self.name}.weight": (self.count, self.size)}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        return _Embedding(tensors[f"{self.name}.weight"].copy())


@dataclass(frozen=True, eq=False)
class _Embedding(Bound):
    weight: np.ndarray

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        live = within(x, lengths)
        check_ids("ids", x[live], len(self.weight))
        output = np.zeros((*x.shape, self.weight.shape[1]), self.weight.dtype)
        output[live] = self.weight[x[live]]
        return output

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return EmbeddingStep(self.weight)


class EmbeddingStep(Step):
    """The vector of the next id, out of ``weight`` (V, I)."""

    def __init__(self, weight: np.ndarray) -> None:
        self.weight = weight

    def __call__(self, x: Any) -> np.ndarray:
        return self.weight[self.place(x)]

    def place(self, x: Any) -> int:
        """The id of a step, checked."""
        try:
            place = operator.index(x)
        except TypeError:
            raise InputError(f"x must be a whole number, the id of a step, got {type(x).__name__}") from None
        if not 0 <= place < len(self.weight):
            raise InputError(f"ids must lie between 0 and {len(self.weight) - 1}, got {place}")
        return place

    def run(self, x: np.ndarray) -> np.ndarray:
        check_ids("ids", x, len(self.weight))
        return self.weight[x]
