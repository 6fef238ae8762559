"""A recurrent stack that goes along one sequence, step by step, as fast as one call from Python can be."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.kernels import _native
from recurra.kernels.arguments import Arrays, check_array, check_state, contiguous
from recurra.kernels.native import Array, by_precision, zoneout_of
from recurra.kernels.projected import Projected
from recurra.kernels.quantized import QuantizedStack
from recurra.kernels.stack import PackedStack


class StackStream:
    """A stack in one direction together with the state of one row.

    ``start`` is where sequences begin and `reset` goes back to, ``state`` where this stream goes on; both are
    arrays (L, ·) by name, copied, and None is zeros and the start. Any number of streams may share one
    ``packed``, and one stream may be used by several threads, one step at a time. Raises InputError for a
    bidirectional stack, or a state that does not fit.
    """

    def __init__(
        self,
        packed: PackedStack | QuantizedStack,
        state: Mapping[str, Array] | None = None,
        *,
        start: Mapping[str, Array] | None = None,
    ) -> None:
        stack = packed.stack
        if stack.bidirectional:
            raise InputError(
                "a stream needs a stack in one direction, got bidirectional=True; "
                "give forward whole sequences"
            )
        self.packed = packed
        quantized = isinstance(packed, QuantizedStack)
        native: Any = _native.QuantizedStream if quantized else by_precision("Stream", packed.dtype)
        self._native = native(packed.layers, zoneout_of(stack.cell))
        self._step = self._native.step
        self._step_of: Any = getattr(self._native, "step_of", None)  # rounded weights have none
        own = check_state(stack, start, None, packed.dtype, name="start")
        self._start = {name: array.copy() for name, array in own.items()}
        if state is None:
            self.reset()
        else:
            self.set_state(state)

    def step(self, x: Array) -> Array:
        """Output (R,) of the next step, for x (I,): a new array, with the bits that `forward` gives."""
        try:
            return self._step(x)
        except (TypeError, ValueError):
            # Only arrays that are ready to be read get through: say what is wrong, or copy.
            x = check_array("x", x, (self.packed.stack.cell.input_size,))
            return self._step(contiguous(x, self.packed.dtype))

    def step_of(self, inputs: Projected, index: int) -> Array:
        """`step` for row ``index`` of ``inputs``, made with this stream's stack: same bits, in less time."""
        try:
            return self._step_of(inputs.native, index)
        except (AttributeError, TypeError, ValueError):
            # Only a plain int that fits gets through: say what is wrong, or convert.
            place = self._place(inputs, index)
            return self._native.step_of(inputs.native, place)

    def _place(self, inputs: Projected, index: Any) -> int:
        """The index as an int; InputError where it is none of ``inputs``, or those are another stack's."""
        if not isinstance(inputs, Projected) or inputs.packed is not self.packed:
            other = " of another stack" if isinstance(inputs, Projected) else ""
            raise InputError(
                f"inputs must be Projected of this stream's stack, got {type(inputs).__name__}{other}"
            )
        try:
            place = int(operator.index(index))
        except TypeError:
            raise InputError(f"index must be a whole number, got {type(index).__name__}") from None
        if not 0 <= place < inputs.count:
            raise InputError(f"index must lie between 0 and {inputs.count - 1}, got {place}")
        return place

    def run(self, x: Array, *, threads: int = 1) -> Array:
        """Outputs (T, R) of the next T steps, for x (T, I), at once: the bits of `step` one by one."""
        x = check_array("x", x, ("T", self.packed.stack.cell.input_size))
        if isinstance(self.packed, QuantizedStack):
            outputs = np.empty((len(x), self.packed.stack.output_size), self.packed.dtype)
            for output, row in zip(outputs, x):
                output[:] = self.step(row)
            return outputs
        before = {name: array[:, None] for name, array in self.state().items()}
        outputs, after = self.packed.forward(x[:, None], before, threads=threads)
        self.set_state({name: array[:, 0] for name, array in after.items()})
        return outputs[:, 0]

    def state(self) -> Arrays:
        """The state (L, ·) after the last step, by name: new arrays."""
        state = check_state(self.packed.stack, None, None, self.packed.dtype)
        self._native.read_state(state["h"], state.get("c"))
        return state

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Go on from that state, arrays (L, ·) by name, which are copied."""
        if state is None:
            raise InputError("state must be a dict of arrays, got NoneType; reset() goes back to the start")
        own = check_state(self.packed.stack, state, None, self.packed.dtype)
        self._native.write_state(own["h"], own.get("c"))

    def reset(self) -> None:
        """Go back to the start."""
        self._native.write_state(self._start["h"], self._start.get("c"))


def largest_difference(stream: StackStream, other: StackStream, x: Array) -> float:
    """The largest |difference| of an output of two streams that step along x (T, I), from where they are.

    NaN where one of them is. Raises InputError for x of another shape, or without a step.
    """
    x = check_array("x", x, ("T", stream.packed.stack.cell.input_size))
    if not len(x):
        raise InputError(f"x must hold at least one step, got shape {x.shape}")
    return float(np.max([np.abs(stream.step(row) - other.step(row)) for row in x]))
