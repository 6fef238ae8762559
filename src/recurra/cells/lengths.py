"""Lengths of ragged rows."""

from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count


def check_lengths(lengths: Any, T: int, N: int) -> np.ndarray:
    """The N lengths as int64 (N,); all T where ``lengths`` is None.

    Raises InputError unless there is one whole number between 0 and T, in any order, for each row.
    """
    if lengths is None:
        return np.full(N, T, np.int64)
    array = np.asarray(lengths)
    if array.shape != (N,):
        raise InputError(f"lengths must be {count(N, 'number')}, one for each row, got shape {array.shape}")
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"lengths must be whole numbers, got {array.dtype}")
    wrong = np.flatnonzero((array < 0) | (array > T))
    if wrong.size:
        row = wrong[0]
        raise InputError(
            f"lengths must lie between 0 and the {count(T, 'step')} given, got {array[row]} in row {row}"
        )
    return array.astype(np.int64)
