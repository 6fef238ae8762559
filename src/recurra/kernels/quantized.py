"""Stacks whose weights are rounded to fewer bits, so that a step has less to read: for streams alone.

``"bfloat16"`` keeps the upper half of each float32 weight and computes in float32. ``"int8"`` keeps whole
numbers from -127 to 127 and a scale for each row of a weight; a step rounds its input and state in the same
way, each with one scale, and sums in whole numbers. Biases, gates and states stay in float32.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.cells import Stack
from recurra.kernels import _native
from recurra.kernels.arguments import check_parameters, contiguous
from recurra.kernels.native import Array, native_name

STORAGES = ("bfloat16", "int8")
MOST = 65536
"""Inputs and units up to which sums of int8's products fit into 32 bits."""
_CELLS = ("rnn", "lstm", "gru")
_NO_OPTIONS = {"nonlinearity"}
"""Options that change no weight and no state."""


class QuantizedStack:
    """The float32 parameters of a stack of plain cells, its weights rounded to ``weights``.

    ``"bfloat16"`` or ``"int8"``. Immutable, as `PackedStack`. Raises InputError for float64, cells other than
    rnn, lstm and gru, options of cells, and what `PackedStack` refuses.
    """

    def __init__(self, stack: Stack, parameters: Mapping[str, Array], weights: str) -> None:
        one_of("weights", weights, STORAGES)
        _check_plain(stack, weights)
        self.stack = stack
        self.weights = weights
        self.dtype = check_parameters(stack, parameters)
        if self.dtype != np.float32:
            raise InputError(f"weights={weights!r} needs float32 parameters, got {self.dtype}; convert them")
        self.layers: list[Any] = [
            _native.QuantizedLayer(
                native_name(run.cell),
                {name: contiguous(array, np.float32) for name, array in run.parameters(parameters).items()},
                weights,
            )
            for run in stack.layers()
        ]
        """The native layer of each run of the stack."""


def _check_plain(stack: Stack, weights: str) -> None:
    cell = stack.cell
    if cell.name not in _CELLS:
        raise InputError(f"weights={weights!r} goes with {', '.join(_CELLS)}, got {cell.name}")
    for name, default in type(cell).options().items():
        value = getattr(cell, name)
        if name not in _NO_OPTIONS and value != default:
            raise InputError(f"weights={weights!r} goes with plain cells only, got {name}={value}")
    if max(cell.input_size, cell.hidden_size) > MOST:
        raise InputError(
            f"weights={weights!r} goes with at most {MOST} inputs and units, "
            f"got {cell.input_size} and {cell.hidden_size}"
        )
