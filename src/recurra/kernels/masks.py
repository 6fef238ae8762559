"""Random masks for training."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra.kernels.native import Array, by_precision


def random_mask(
    key: int, probability: float, value: float, shape: Sequence[int], dtype: np.dtype[Any]
) -> Array:
    """``value`` with that probability, else 0, in an array of that shape, float32 or float64.

    The key, in [0, 2⁶⁴), decides: the same on every processor, by Philox4x32-10 (Salmon et al. 2011). The
    probability is rounded to a multiple of 2⁻³².
    """
    if probability >= 1:
        return np.full(shape, value, dtype)
    mask = np.empty(math.prod(shape), dtype)
    by_precision("mask", dtype)(key, min(round(probability * 2**32), 2**32 - 1), value, mask)
    return mask.reshape(shape)
