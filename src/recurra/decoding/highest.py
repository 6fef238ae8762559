"""The highest entries of a table, where whole sorting would take longer than the model does."""

import numpy as np

from recurra import kernels


def highest(
    log_probabilities: np.ndarray, totals: np.ndarray, groups: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ``count`` entries of each group of rows that are highest once their row's total is added.

    Args:
        log_probabilities: (R, V) floats, not NaN; −∞ for what can't be chosen.
        totals: (R,) float64, finite.
        groups: (R,) int64, ascending, the group of each row.
        count: of entries; fewer are found where a group has no more above −∞.

    Returns their rows, columns and sums (float64), three arrays (C,), by group and the highest first; of
    equal sums the lower row comes first, and of one row the higher entry, then the lower column.
    """
    columns = kernels.highest(log_probabilities, count)
    rows, columns = np.arange(len(columns)).repeat(columns.shape[1]), columns.ravel()
    sums = log_probabilities[rows, columns] + totals[rows]
    own = groups[rows]
    order = np.lexsort((-sums, own))
    rank = np.arange(len(own)) - own.searchsorted(own)
    kept = order[(rank < count) & (sums[order] > -np.inf)]
    return rows[kept], columns[kept], sums[kept]
