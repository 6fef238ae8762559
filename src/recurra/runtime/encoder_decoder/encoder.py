"""The reader of sources."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.runtime.network_parts.part import check_ids


class Encoded(NamedTuple):
    """N sources as read by an `Encoder`."""

    output: np.ndarray
    """(S, N, M), zero past each row's length."""
    state: dict[str, np.ndarray]
    """Each final state (L·D, N, ·), by name: that of the row's own last step."""
    context: np.ndarray
    """(N, M): the top layer's final h, both directions joined."""
    lengths: list[int]


class Encoder:
    """A recurrent stack over sources of vectors, or of the vectors of ids, rows of ``table`` (V_s, I)."""

    def __init__(self, stack: Stack, tensors: Mapping[str, np.ndarray], table: np.ndarray | None) -> None:
        self._packed = kernels.PackedStack(stack, tensors)
        self._table = table
        self._width = stack.cell.input_size

    def __call__(self, sources: Sequence[np.ndarray], threads: int) -> Encoded:
        """Read N sources, ids (S_n,) int64 or vectors (S_n, I) float32; InputError for any other."""
        for n, source in enumerate(sources):
            self._check(source, f"source[{n}]")
        lengths = [len(source) for source in sources]
        x = np.zeros((max(lengths, default=1), len(sources), self._width), np.float32)
        for n, source in enumerate(sources):
            x[: len(source), n] = source if self._table is None else self._table[source]
        output, state = self._packed.forward(x, lengths=np.array(lengths, np.int64), threads=threads)
        context = np.concatenate(state["h"][-self._packed.stack.num_directions :], axis=1)
        return Encoded(output, state, context, lengths)

    def _check(self, source: np.ndarray, name: str) -> None:
        if self._table is None:
            check_sequence(name, source, np.float32, ("S", self._width))
        else:
            check_sequence(name, source, np.int64, ("S",))
            check_ids(f"ids of {name}", source, len(self._table))
        if not len(source):
            raise InputError(f"{name} must have at least one step, got none")


def check_sequence(name: str, value: Any, dtype: type[np.generic], shape: tuple[int | str, ...]) -> None:
    """Raise InputError unless that is an array (T, ·) of that dtype; shape's first is the letter for T."""
    if not isinstance(value, np.ndarray):
        raise InputError(f"{name} must be a NumPy array, got {type(value).__name__}")
    if value.dtype != dtype or (value.ndim, value.shape[1:]) != (len(shape), shape[1:]):
        wanted = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
        raise InputError(
            f"{name} must be {dtype.__name__} of shape ({wanted}), got {value.dtype} of shape {value.shape}"
        )
