"""The highest entries of a table, where whole sorting would take longer than the model does."""

import numpy as np

_FOLD = 16  # columns of which one maximum is taken
_LOWEST = np.finfo(np.float64).min


def highest(scores: np.ndarray, groups: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` highest entries of each group of rows.

    Args:
        scores: (R, V) float64, C-contiguous and not NaN; −∞ for what can't be chosen.
        groups: (R,) int64, ascending, the group of each row.
        count: of entries; fewer are found where a group has no more above −∞.

    Returns their rows and columns, two arrays (C,), by group and the highest first; of equal entries the
    lower row comes first, and of one row the lower column.
    """
    V = scores.shape[1]
    folded = V // _FOLD
    peaks = scores
    if folded > 2 * count:
        # The maxima of disjoint sets of columns: count entries at least are as high as the count-th of them,
        # though the last few columns are in none.
        parts = scores[:, : folded * _FOLD].reshape(-1, _FOLD, folded)
        peaks = np.maximum.reduce(parts, axis=1)
    floor = np.full((len(scores), 1), _LOWEST)
    if peaks.shape[1] > count:
        floor = np.maximum(np.partition(peaks, -count, axis=1)[:, -count, None], _LOWEST)
    candidates = np.flatnonzero(scores >= floor)
    rows, columns = np.divmod(candidates, V)
    own = groups[rows]
    order = np.lexsort((-scores.ravel()[candidates], own))
    rank = np.arange(len(order)) - own.searchsorted(own)
    kept = order[rank < count]
    return rows[kept], columns[kept]
