"""Inputs that are symbols, each multiplied into the first layer of a stack before any step."""

from recurra._base.errors import InputError
from recurra.kernels.arguments import check_array, contiguous
from recurra.kernels.native import Array, by_precision, zoneout_of
from recurra.kernels.stack import PackedStack


class Projected:
    """b + W_ih x of the first layer of ``packed`` for each row of x (V, I), so that steps need not read W_ih.

    Immutable, and any number of streams of ``packed`` may share one; later changes of ``x`` do not show.
    Raises InputError where x does not fit, and for a stack whose `bytes_of` is 0.
    """

    def __init__(self, packed: PackedStack, x: Array) -> None:
        if not Projected.bytes_of(packed, 1):
            raise InputError(
                "packed must be a stack of plain rnn, lstm or gru cells in one direction, "
                f"got {packed.stack.to_dict()}"
            )
        self.packed = packed
        x = contiguous(check_array("x", x, ("V", packed.stack.cell.input_size)), packed.dtype)
        self.count = len(x)
        if not self.count:
            raise InputError(f"x must hold at least one row, got shape {x.shape}")
        self.native = by_precision("Projected", packed.dtype)(packed.layers[0], x)

    @staticmethod
    def bytes_of(packed: PackedStack, count: int) -> int:
        """The memory that ``count`` inputs take; 0 for a stack whose steps can't begin with them."""
        if packed.stack.bidirectional or zoneout_of(packed.stack.cell):
            return 0
        return count * packed.layers[0].start_size() * packed.dtype.itemsize
