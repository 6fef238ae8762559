"""The recurrent layers of a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.runtime import schema
from recurra.runtime.network_parts.embedding import EmbeddingStep
from recurra.runtime.network_parts.part import Bound, Part, Step, check_width

_STEPS = 1000
"""Of standard normal inputs, over which the error of rounded weights is looked for."""
LARGEST_TABLE = 64 << 20
"""Bytes that the first layer's answers to all symbols may take: a thousand symbols of a large LSTM take 8 MB.
Tens of thousands of words would take hundreds, all of it to spare a step the weights of its input."""


@dataclass(frozen=True)
class Recurrent(Part):
    """A recurrent stack, from (T, N, I) to (T, N, D·H), zero past each row's length."""

    name: str
    stack: Stack

    type = "recurrent"
    fields: ClassVar = {"name": schema.TEXT}
    takes_steps = True

    def output_size(self, input_size: int) -> int:
        check_width(self.name, self.stack.cell.input_size, input_size)
        return self.stack.output_size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"{self.name}.{name}": shape for name, shape in self.stack.parameter_shapes().items()}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        own = {name: tensors[f"{self.name}.{name}"].copy() for name in self.stack.parameter_shapes()}
        return _Recurrent(self.name, kernels.PackedStack(self.stack, own), own)

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), **self.stack.to_dict()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str) -> Self:
        rest = dict(fields)
        schema.check_fields({"name": rest.pop("name", None)}, cls.fields, name)
        return cls(fields["name"], Stack.from_dict(rest))


@dataclass(frozen=True, eq=False)
class _Recurrent(Bound):
    name: str
    packed: kernels.PackedStack
    parameters: Mapping[str, np.ndarray]
    made: list[kernels.Projected] = field(default_factory=list)

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        return self.packed.forward(x, lengths=lengths, threads=threads)[0]

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        if self.packed.stack.bidirectional:
            raise InputError(
                f"a stream needs layers in one direction, but {self.name!r} is bidirectional; "
                "give it whole sequences"
            )
        return _PackedStep(self, kernels.StackStream(self.packed))

    def projected(self, table: np.ndarray) -> kernels.Projected:
        """What the first layer makes of each row of ``table`` (V, I), always that of the embedding before it.

        Made by the first step of any stream; where two are first at once, both make it, alike.
        """
        if not self.made:
            self.made[:] = [kernels.Projected(self.packed, table)]
        return self.made[0]

    def quantized(self, weights: str) -> Bound:
        stack = self.packed.stack
        if stack.bidirectional:
            raise InputError(
                f"weights={weights!r} goes with layers in one direction, but {self.name!r} is bidirectional"
            )
        packed = kernels.QuantizedStack(stack, self.parameters, weights)
        x = np.random.default_rng(0).standard_normal((_STEPS, stack.cell.input_size), np.float32)
        streams = kernels.StackStream(packed), kernels.StackStream(self.packed)
        return _QuantizedRecurrent(self.name, packed, kernels.largest_difference(*streams, x))


@dataclass(frozen=True, eq=False)
class _QuantizedRecurrent(Bound):
    name: str
    packed: kernels.QuantizedStack
    error: float

    @property
    def quantization_error(self) -> float:
        return self.error

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        output = np.zeros((*x.shape[:2], self.packed.stack.output_size), np.float32)
        stream = kernels.StackStream(self.packed)
        for n, length in enumerate(lengths):
            stream.reset()
            for t in range(length):
                output[t, n] = stream.step(x[t, n])
        return output

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return RecurrentStep(self.name, kernels.StackStream(self.packed))


class RecurrentStep(Step):
    """Recurrent layers, whose state is called ``name.…``."""

    def __init__(self, name: str, stream: kernels.StackStream) -> None:
        self._prefix = f"{name}."
        self._stream = stream
        self.reset = stream.reset
        self._step = stream.step

    def __call__(self, x: Any) -> np.ndarray:
        return self._step(x)

    def run(self, x: np.ndarray) -> np.ndarray:
        return self._stream.run(x)

    def after(self, embedding: EmbeddingStep) -> Step | None:  # noqa: ARG002
        """The embedding and then these layers as one step, in less time; None where there is no such way."""
        return None

    def state(self) -> dict[str, np.ndarray]:
        return {self._prefix + name: array for name, array in self._stream.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._stream.set_state({name.removeprefix(self._prefix): array for name, array in state.items()})


class _PackedStep(RecurrentStep):
    def __init__(self, bound: _Recurrent, stream: kernels.StackStream) -> None:
        super().__init__(bound.name, stream)
        self._bound = bound

    def after(self, embedding: EmbeddingStep) -> Step | None:
        size = kernels.Projected.bytes_of(self._bound.packed, len(embedding.weight))
        return _SymbolStep(self._bound, self._stream, embedding) if 0 < size <= LARGEST_TABLE else None


class _SymbolStep(RecurrentStep):
    """An embedding and the recurrent layers after it: b + W_ih e is looked up, and W_ih not read."""

    def __init__(self, bound: _Recurrent, stream: kernels.StackStream, embedding: EmbeddingStep) -> None:
        super().__init__(bound.name, stream)
        self._bound = bound
        self._embedding = embedding
        self._place = embedding.place
        self._step_of = stream.step_of
        self._projected: kernels.Projected | None = None

    def __call__(self, x: Any) -> np.ndarray:
        place = self._place(x)
        if self._projected is None:
            self._projected = self._bound.projected(self._embedding.weight)
        return self._step_of(self._projected, place)

    def run(self, x: np.ndarray) -> np.ndarray:
        return super().run(self._embedding.run(x))
