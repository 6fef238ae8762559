"""Inputs that are symbols, each multiplied into the first layer of a stack before any step."""

from collections.abc import Mapping

import numpy as np

from recurra._base.errors import InputError
from recurra.kernels.arguments import Arrays, check_array, contiguous
from recurra.kernels.native import Array, by_precision, zoneout_of
from recurra.kernels.plan import plan_of
from recurra.kernels.stack import PackedStack, own_parameters, step_layers


class Projected:
    """b + W_ih x of the first layer of ``packed`` for each row of x (V, I), so that steps need not read W_ih.

    Immutable, and any number of streams of ``packed`` may share one; later changes of ``x`` do not show.
    Raises InputError where x does not fit, and for a stack whose `bytes_of` is 0.
    """

    def __init__(self, packed: PackedStack, x: Array) -> None:
        _check_start(packed)
        self.packed = packed
        x = _rows("x", x, ("V", packed.stack.cell.input_size), packed)
        self.count = len(x)
        self.native = by_precision("Projected", packed.dtype)(packed.layers[0], x)

    @staticmethod
    def bytes_of(packed: PackedStack, count: int) -> int:
        """The memory that ``count`` inputs take; 0 for a stack whose steps can't begin with them."""
        if packed.stack.bidirectional or zoneout_of(packed.stack.cell):
            return 0
        return count * packed.layers[0].start_size() * packed.dtype.itemsize


class SymbolStack:
    """``packed`` for inputs that are a symbol's row of ``table`` (V, E) and then I - E other columns.

    What the first layer makes of each symbol, b + W_ih[:, :E] e, is made once and looked up. ``parameters``
    are those of ``packed``. Immutable; later changes of the arrays do not show. Raises InputError where E is
    not below I, and for a stack whose `Projected.bytes_of` is 0.
    """

    def __init__(self, packed: PackedStack, parameters: Mapping[str, Array], table: Array) -> None:
        _check_start(packed)
        table = _rows("table", table, ("V", "E"), packed)
        E, I = table.shape[1], packed.stack.cell.input_size  # noqa: E741
        if not 0 < E < I:
            raise InputError(f"table must have 1 to {I - 1} columns, fewer than the stack's inputs, got {E}")
        first, dtype = plan_of(packed.stack).runs[0], packed.dtype
        own = own_parameters(first, parameters, dtype)
        before, after = (
            by_precision("Layer", dtype)(first.cell, own | {"weight_ih": np.ascontiguousarray(part)}, 1)
            for part in np.split(own["weight_ih"], [E], axis=1)
        )
        self._step = by_precision("step_rows_of", dtype)
        self._first, self._inputs = after, by_precision("Projected", dtype)(before, table)
        self._upper = packed.layers[1:]

    def step_rows(
        self, symbols: Array, x: Array, state: Mapping[str, Array], *, threads: int = 1
    ) -> tuple[Array, Arrays]:
        """One step of N rows: symbols (N,) int64, x (N, I - E), states (L, N, ·); output (N, R), new states.

        The bits of `PackedStack.forward` on both side by side, for arrays that are ready to be read:
        C-contiguous and of the parameters' precision. Raises ValueError or TypeError for others, and for
        symbols that are not in the table.
        """
        h, c = state["h"], state.get("c")
        new = {name: np.empty_like(array) for name, array in state.items()}
        own = (None, None) if c is None else (c[0], new["c"][0])
        output = new["h"][0]
        self._step(self._first, self._inputs, symbols, x, h[0], own[0], output, own[1], threads)
        if self._upper:
            output = step_layers(self._upper, 1, output, state, new, 0.0, threads)
        return output, new


def _check_start(packed: PackedStack) -> None:
    if not Projected.bytes_of(packed, 1):
        raise InputError(
            "packed must be a stack of plain rnn, lstm or gru cells in one direction, "
            f"got {packed.stack.to_dict()}"
        )


def _rows(name: str, x: Array, shape: tuple[int | str, ...], packed: PackedStack) -> Array:
    x = contiguous(check_array(name, x, shape), packed.dtype)
    if not len(x):
        raise InputError(f"{name} must hold at least one row, got shape {x.shape}")
    return x
