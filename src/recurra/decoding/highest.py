"""The highest entries of a table, where whole sorting would take longer than the model does."""

import numpy as np

_FOLD = 16  # columns of which one maximum is taken


def highest(
    log_probabilities: np.ndarray, totals: np.ndarray, groups: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ``count`` entries of each group of rows that are highest once their row's total is added.

    Args:
        log_probabilities: (R, V) floats, C-contiguous and not NaN; −∞ for what can't be chosen.
        totals: (R,) float64, finite.
        groups: (R,) int64, ascending, the group of each row.
        count: of entries; fewer are found where a group has no more above −∞.

    Returns their rows, columns and sums (float64), three arrays (C,), by group and the highest first; of equal
    sums the lower row comes first, and of one row the lower column. Of entries of one row that differ, but not
    once they are added, the lower ones may be left out.
    """
    V = log_probabilities.shape[1]
    folded = V // _FOLD
    peaks = log_probabilities
    if folded > 2 * count:
        # The maxima of disjoint sets of columns: count entries at least are as high as the count-th of them,
        # though the last few columns are in none.
        parts = log_probabilities[:, : folded * _FOLD].reshape(-1, _FOLD, folded)
        peaks = np.maximum.reduce(parts, axis=1)
    floor = np.full((len(peaks), 1), np.finfo(peaks.dtype).min)
    if peaks.shape[1] > count:
        np.maximum(np.partition(peaks, -count, axis=1)[:, -count, None], floor, out=floor)
    # Only what is left is added up, in float64: the rest is never read again.
    candidates = (log_probabilities >= floor).ravel().nonzero()[0]
    rows, columns = np.divmod(candidates, V)
    sums = log_probabilities.ravel()[candidates] + totals[rows]
    own = groups[rows]
    order = np.lexsort((-sums, own))
    rank = np.arange(len(order)) - own.searchsorted(own)
    kept = order[rank < count]
    return rows[kept], columns[kept], sums[kept]
