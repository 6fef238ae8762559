"""Which native class serves which cell and precision."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import Cell
from recurra.kernels import _native

Array = np.ndarray[Any, np.dtype[Any]]

_PRECISIONS = (np.dtype(np.float32), np.dtype(np.float64))


def _check_choice() -> None:
    chosen = os.environ.get("RECURRA_KERNELS")
    if chosen and chosen not in _native.variants():
        runnable = ", ".join(_native.variants())
        raise InputError(f"RECURRA_KERNELS must be one of {runnable} on this processor, got {chosen!r}")


_check_choice()


def by_precision(name: str, dtype: np.dtype[Any]) -> Any:
    """The native class or function of that name for float32 or float64."""
    return getattr(_native, name + ("32" if dtype == np.float32 else "64"))


def common_dtype(parameters: Mapping[str, Array]) -> np.dtype[Any]:
    """The one precision, float32 or float64, of all parameters; InputError names the first that differs."""
    first_name, first = next((name, array.dtype) for name, array in parameters.items())
    for name, array in parameters.items():
        if array.dtype not in _PRECISIONS:
            raise InputError(f"{name} must be float32 or float64, got {array.dtype}; convert it with astype")
        if array.dtype != first:
            raise InputError(
                f"{name} is {array.dtype} but {first_name} is {first}; give all of them one precision"
            )
    return first


def native_name(cell: Cell) -> str:
    """What the native module calls the cell."""
    if cell.name == "rnn":
        return f"rnn_{getattr(cell, 'nonlinearity')}"  # noqa: B009 - not every cell has one
    return "gru_reset_before" if not getattr(cell, "reset_after", True) else cell.name


def zoneout_of(cell: Cell) -> float:
    """The cell's zoneout, 0 for one that has none."""
    return getattr(cell, "zoneout", 0.0)


def native_tape_per_step(cell: Cell, dtype: np.dtype[Any], noise: bool) -> int:
    """Values of tape that one step of one row takes."""
    sizes = _native.tape_per_step(
        native_name(cell),
        cell.hidden_size,
        getattr(cell, "proj_size", 0),
        getattr(cell, "layer_norm", False),
        getattr(cell, "peephole", False),
        noise,
    )
    return sizes[dtype == np.float64]


def in_use() -> str:
    """Name of the kernels in use: the best that this processor runs, or what RECURRA_KERNELS names."""
    return _native.variant()


def available() -> list[str]:
    """Names of the kernels that this processor can run, best first."""
    return _native.variants()


def activations(x: Array) -> tuple[Array, Array]:
    """The kernels' own sigmoid and tanh of x (K,), float32 or float64; InputError for anything else."""
    if not isinstance(x, np.ndarray):
        raise InputError(f"x must be a NumPy array, got {type(x).__name__}")
    if x.ndim != 1:
        raise InputError(f"x must have shape (K,), got {x.shape}")
    x = np.require(x, common_dtype({"x": x}), ["C", "A"])
    sigmoid, tanh = np.empty_like(x), np.empty_like(x)
    by_precision("activations", x.dtype)(x, sigmoid, tanh)
    return sigmoid, tanh
