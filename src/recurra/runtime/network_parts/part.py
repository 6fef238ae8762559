"""What every part of a network is: a specification, what it does with its tensors, and how it goes stepwise.

Sequences run time-major, (T, N, ·); a pool turns them into rows, (N, ·).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime import schema


class Step:
    """A part that goes along one sequence; this one keeps nothing from step to step."""

    def __call__(self, x: Any) -> np.ndarray:
        """The output (O,) of the next step, for its input (I,): the bits that the whole sequence gives."""
        return x

    def run(self, x: np.ndarray) -> np.ndarray:
        """The outputs (T, O) of the next T steps, at least one, for their inputs (T, …)."""
        return np.stack([self(row) for row in x])

    def state(self) -> dict[str, np.ndarray]:
        """What it keeps, by name: new arrays."""
        return {}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from arrays with the names, shapes and dtypes of `state`, which are copied."""

    def reset(self) -> None:
        """Go back to before the first step."""


class Bound(ABC):
    """A part together with its tensors, at work."""

    @property
    def quantization_error(self) -> float | None:
        """The largest difference that rounding its weights makes to an output; None where none is rounded."""
        return None

    @abstractmethod
    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        """The output for x (T, N, ·) or (N, ·); ``lengths`` (N,) int64 are those of the sequences."""

    @abstractmethod
    def stepping(self, input_size: int) -> Step:
        """The part before its first step, of that width; InputError where a step needs what comes later."""

    def quantized(self, weights: str) -> "Bound":  # noqa: ARG002
        """The part with its recurrent weights rounded, itself if it has none to step with.

        InputError where they can't be rounded.
        """
        return self


class Part(ABC):
    """A part of a network; its tensors are named ``name.parameter`` in the model file."""

    type: ClassVar[str]
    """What the model file calls it."""
    fields: ClassVar[Mapping[str, schema.Field]]
    """Of its specification in the model file, by the names that it has here."""
    takes_ids: bool = False
    """Whether it reads int64 ids, and so can only come first, or stand beside the others."""
    takes_steps: ClassVar[bool] = False
    """Whether it needs a sequence, and so cannot follow a pool."""
    pools: bool = False
    """Whether it turns the sequence into rows."""
    beside: ClassVar[bool] = False
    """Whether it reads the network's inputs, and its output is added to that of the part before it."""

    @property
    def first(self) -> "Part":
        """The part that reads the input: this one, or the first of those within it."""
        return self

    @abstractmethod
    def output_size(self, input_size: int) -> int:
        """The width of the output; raises InputError if the part does not take inputs of that width."""

    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each of its tensors."""

    @abstractmethod
    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        """The part at work, with tensors of the right names and shapes, which it copies."""

    def to_dict(self) -> dict[str, Any]:
        """Its specification in the model file."""
        return {"type": self.type, **{name: getattr(self, name) for name in self.fields}}

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str) -> Self:
        """The part with that specification, less its type; InputError names the place below ``name``."""
        schema.check_fields(fields, cls.fields, name)
        return cls(**fields)


def check_width(name: str, expected: int, got: int) -> None:
    """Raise InputError unless the part before ``name`` gives what it takes."""
    if got != expected:
        raise InputError(f"{name!r} takes {expected} inputs, but the part before it gives {got}")


def within(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(T, N), True at each row's own steps of x (T, N, ·)."""
    return np.arange(len(x))[:, None] < lengths


def check_ids(name: str, ids: np.ndarray, count: int) -> None:
    """Raise InputError unless all ids lie in [0, count)."""
    # reduce: without the detours of min and max
    if ids.size and (np.minimum.reduce(ids, None) < 0 or np.maximum.reduce(ids, None) >= count):
        wrong = ids[(ids < 0) | (ids >= count)].flat[0]
        raise InputError(f"{name} must lie between 0 and {count - 1}, got {wrong}")
