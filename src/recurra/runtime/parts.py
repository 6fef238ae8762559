"""The parts that a network may be made of: a closed list, so a model file can name nothing else.

A part is a specification (plain values in the model file) and what it does with its tensors. Sequences run
time-major, (T, N, ·); pooling turns them into rows, (N, ·).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.cells import Stack
from recurra.runtime import schema

_TYPES = ("recurrent", "pool", "linear", "autoregression")

Run: TypeAlias = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""From x, each row's length (N,) and a number of threads to the part's output."""


class Part(ABC):
    """A part of a network; its tensors are named ``name.parameter`` in the model file."""

    beside: ClassVar[bool] = False
    """Whether it reads the network's inputs, and its output is added to that of the part before it."""

    @abstractmethod
    def output_size(self, input_size: int) -> int:
        """The width of the output; raises InputError if the part does not take inputs of that width."""

    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each of its tensors."""

    @abstractmethod
    def bind(self, tensors: Mapping[str, np.ndarray]) -> Run:
        """The part at work, with tensors of the right names and shapes, which it copies."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Its specification in the model file."""


@dataclass(frozen=True)
class Recurrent(Part):
    """A recurrent stack, from (T, N, I) to (T, N, D·H), zero past each row's length."""

    name: str
    stack: Stack

    def output_size(self, input_size: int) -> int:
        _check_width(self.name, self.stack.cell.input_size, input_size)
        return self.stack.output_size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"{self.name}.{name}": shape for name, shape in self.stack.parameter_shapes().items()}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Run:
        own = {name: tensors[f"{self.name}.{name}"] for name in self.stack.parameter_shapes()}
        packed = kernels.PackedStack(self.stack, own)
        return lambda x, lengths, threads: packed.forward(x, lengths=lengths, threads=threads)[0]

    def to_dict(self) -> dict[str, Any]:
        return {"type": "recurrent", "name": self.name, **self.stack.to_dict()}


@dataclass(frozen=True)
class Pool(Part):
    """From a sequence (T, N, ·) to rows (N, ·): each row's own ``last`` step, zero for a row of length 0."""

    how: str = "last"

    def __post_init__(self) -> None:
        one_of("how", self.how, ["last"])

    def output_size(self, input_size: int) -> int:
        return input_size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Run:  # noqa: ARG002
        return lambda x, lengths, threads: _last(x, lengths)  # noqa: ARG005

    def to_dict(self) -> dict[str, Any]:
        return {"type": "pool", "how": self.how}


@dataclass(frozen=True)
class Linear(Part):
    """W x + b at every step or row."""

    name: str
    in_features: int
    out_features: int

    def output_size(self, input_size: int) -> int:
        _check_width(self.name, self.in_features, input_size)
        return self.out_features

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {
            f"{self.name}.weight": (self.out_features, self.in_features),
            f"{self.name}.bias": (self.out_features,),
        }

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Run:
        packed = kernels.Linear(tensors[f"{self.name}.weight"], tensors[f"{self.name}.bias"])
        return lambda x, lengths, threads: packed(x, threads=threads)  # noqa: ARG005

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "linear",
            "name": self.name,
            "in_features": self.in_features,
            "out_features": self.out_features,
        }


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

    beside: ClassVar[bool] = True

    def output_size(self, input_size: int) -> int:
        size = self.horizon * self.levels
        if size != input_size:
            raise InputError(f"{self.name!r} gives {size} outputs, but the part before it gives {input_size}")
        return size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"{self.name}.weight": (self.horizon, self.context)}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Run:
        packed = kernels.Linear(tensors[f"{self.name}.weight"])

        def run(x: np.ndarray, lengths: np.ndarray, threads: int) -> np.ndarray:
            steps = packed(_last_values(x[:, :, 0], lengths, self.context), threads=threads)
            return np.repeat(steps, self.levels, axis=1)

        return run

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "autoregression",
            "name": self.name,
            "context": self.context,
            "horizon": self.horizon,
            "levels": self.levels,
        }


def part_from_dict(fields: dict[str, Any], name: str) -> Part:
    """The part that ``to_dict`` described; raises InputError, naming the place below ``name``."""
    rest = {field: value for field, value in fields.items() if field != "type"}
    match one_of(f"{name}.type", fields.get("type"), _TYPES):
        case "recurrent":
            schema.check_fields({"name": rest.pop("name", None)}, {"name": schema.TEXT}, name)
            return Recurrent(fields["name"], Stack.from_dict(rest))
        case "pool":
            schema.check_fields(rest, {"how": schema.TEXT}, name)
            return Pool(**rest)
        case "autoregression":
            sizes = dict.fromkeys(("context", "horizon", "levels"), schema.SIZE)
            schema.check_fields(rest, {"name": schema.TEXT, **sizes}, name)
            return Autoregression(**rest)
        case _:
            sizes = {"in_features": schema.SIZE, "out_features": schema.SIZE}
            schema.check_fields(rest, {"name": schema.TEXT, **sizes}, name)
            return Linear(**rest)


def _check_width(name: str, expected: int, got: int) -> None:
    if got != expected:
        raise InputError(f"{name!r} takes {expected} inputs, but the part before it gives {got}")


def _last(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    T, N, H = x.shape
    if T == 0:
        return np.zeros((N, H), x.dtype)
    last = x[np.maximum(lengths, 1) - 1, np.arange(N)]
    last[lengths == 0] = 0
    return last


def _last_values(x: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    """The last ``count`` values (N, count) of each row of x (T, N), zero before its first."""
    T, N = x.shape
    if T == 0:
        return np.zeros((N, count), x.dtype)
    steps = lengths[:, None] + np.arange(-count, 0)
    return np.where(steps >= 0, x[np.maximum(steps, 0), np.arange(N)[:, None]], x.dtype.type(0))
