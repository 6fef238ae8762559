"""The best sequence of tags under a linear chain of scores."""

from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import check_lengths

PADDING = -1
"""Stands past a row's length."""


def viterbi(
    emissions: np.ndarray,
    lengths: Any,
    transitions: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """The tags y (N, T), int64, -1 past each row's length, with the highest

        start[y_1] + Σ_t emissions[t, y_t] + Σ_t transitions[y_t-1, y_t] + end[y_T]

    for ``emissions`` (T, N, K), ``transitions`` (K, K) from a tag to the next one, ``start`` and ``end``
    (K,). ``lengths`` (N,), any order, zero allowed; None for T each. Of equally good tags the lower number is
    chosen, from the last step backwards. A row gives the same tags in any batch. Raises InputError for other
    shapes and lengths.

    Viterbi, "Error bounds for convolutional codes and an asymptotically optimum decoding algorithm", IEEE
    Transactions on Information Theory 13 (1967).
    """
    if emissions.ndim != 3 or not emissions.shape[2]:
        raise InputError(f"emissions must have shape (T, N, K), got {emissions.shape}")
    T, N, K = emissions.shape
    lengths = check_lengths(lengths, T, N)
    wanted = {"transitions": (transitions, (K, K)), "start": (start, (K,)), "end": (end, (K,))}
    for name, (scores, shape) in wanted.items():
        if scores.shape != shape:
            raise InputError(f"{name} must have shape {shape}, for {K} tags, got {scores.shape}")

    tags = np.full((N, T), PADDING, np.int64)
    if not N * T:
        return tags
    before = np.empty((T, N, K), np.int64)  # [t, n, k]: the best tag at t-1 where t has tag k
    to_from = np.ascontiguousarray(transitions.T)
    best = start + emissions[0]
    for t in range(1, T):
        live = (lengths > t)[:, None]
        candidates = best[:, None, :] + to_from
        before[t] = candidates.argmax(axis=2)
        step = np.take_along_axis(candidates, before[t][:, :, None], axis=2)[:, :, 0] + emissions[t]
        best = np.where(live, step, best)

    last = (best + end).argmax(axis=1)
    rows = np.arange(N)
    for t in reversed(range(T)):
        tags[:, t] = np.where(lengths > t, last, PADDING)
        last = np.where(lengths > t, before[t, rows, last], last) if t else last
    return tags
