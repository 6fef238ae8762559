"""A linear map of every step or row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra import kernels
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step, check_width


@dataclass(frozen=True)
class Linear(Part):
    """W x + b at every step or row."""

    name: str
    in_features: int
    out_features: int

    type = "linear"
    fields: ClassVar = {"name": schema.TEXT, "in_features": schema.SIZE, "out_features": schema.SIZE}

    def output_size(self, input_size: int) -> int:
        check_width(self.name, self.in_features, input_size)
        return self.out_features

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {
            f"{self.name}.weight": (self.out_features, self.in_features),
            f"{self.name}.bias": (self.out_features,),
        }

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        return _Linear(kernels.Linear(tensors[f"{self.name}.weight"], tensors[f"{self.name}.bias"]))


@dataclass(frozen=True)
class Tied(Linear):
    """The same with the table of the embedding ``embedding`` for W, so that the file has it once."""

    embedding: str

    type = "tied"
    fields: ClassVar = {**Linear.fields, "embedding": schema.TEXT}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"{self.name}.bias": (self.out_features,)}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        return _Linear(kernels.Linear(tensors[f"{self.embedding}.weight"], tensors[f"{self.name}.bias"]))


@dataclass(frozen=True)
class _Linear(Bound):
    packed: kernels.Linear

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        return self.packed(x, threads=threads)

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return _LinearStep(self.packed)


class _LinearStep(Step):
    def __init__(self, packed: kernels.Linear) -> None:
        self._packed = packed

    def __call__(self, x: Any) -> np.ndarray:
        return self._packed.row(x)

    def run(self, x: np.ndarray) -> np.ndarray:
        return self._packed(x)
