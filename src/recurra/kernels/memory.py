"""Arrays for what a pass writes, out of memory that passes before it have used."""

import math
from typing import Any

import numpy as np

from recurra.kernels import _native
from recurra.kernels.native import Array

_LARGE = 1 << 17
"""Bytes from which the system hands out fresh pages, which cost more to touch than to compute on."""


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """An array that holds anything, as `numpy.empty` gives it."""
    size = math.prod(shape) * dtype.itemsize
    if size < _LARGE:
        return np.empty(shape, dtype)
    return _native.new_bytes(size).view(dtype).reshape(shape)
