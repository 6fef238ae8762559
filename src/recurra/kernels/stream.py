"""A recurrent stack that goes along one sequence, step by step, as fast as one call from Python can be."""

from collections.abc import Mapping

from recurra._base.errors import InputError
from recurra.kernels.arguments import Arrays, check_array, check_state, contiguous
from recurra.kernels.native import Array, by_precision, zoneout_of
from recurra.kernels.stack import PackedStack


class StackStream:
    """A stack in one direction together with the state of one row.

    ``state`` holds arrays (L, ·) by name, copied; None is zeros. Any number of streams may share one
    ``packed``, and one stream may be used by several threads, one step at a time. Raises InputError for a
    bidirectional stack, or a state that does not fit.
    """

    def __init__(self, packed: PackedStack, state: Mapping[str, Array] | None = None) -> None:
        stack = packed.stack
        if stack.bidirectional:
            raise InputError(
                "a stream needs a stack in one direction, got bidirectional=True; "
                "give forward whole sequences"
            )
        self.packed = packed
        self._native = by_precision("Stream", packed.dtype)(packed.layers, zoneout_of(stack.cell))
        self._step = self._native.step
        if state is not None:
            self.set_state(state)

    def step(self, x: Array) -> Array:
        """Output (R,) of the next step, for x (I,): a new array, with the bits that `forward` gives."""
        try:
            return self._step(x)
        except (TypeError, ValueError):
            # Only arrays that are ready to be read get through: say what is wrong, or copy.
            x = check_array("x", x, (self.packed.stack.cell.input_size,))
            return self._step(contiguous(x, self.packed.dtype))

    def state(self) -> Arrays:
        """The state (L, ·) after the last step, by name: new arrays."""
        state = self._zeros()
        self._native.read_state(state["h"], state.get("c"))
        return state

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Go on from that state, arrays (L, ·) by name, which are copied."""
        if state is None:
            raise InputError("state must be a dict of arrays, got NoneType; reset() goes back to zeros")
        own = check_state(self.packed.stack, state, None, self.packed.dtype)
        self._native.write_state(own["h"], own.get("c"))

    def reset(self) -> None:
        """Go on from a state of zeros."""
        zeros = self._zeros()
        self._native.write_state(zeros["h"], zeros.get("c"))

    def _zeros(self) -> Arrays:
        return check_state(self.packed.stack, None, None, self.packed.dtype)
