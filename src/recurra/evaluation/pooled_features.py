"""Series of any length as rows of one width: summaries over time, for models that know no time."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recurra.data import AudioFeatures, Sequences

Features = Callable[[list[Any]], list[np.ndarray]]
"""From N items to N arrays (T_i, I): clips to their log-mel frames, for one."""


def array_features(sequences: Sequences, features: Features | None) -> Features:
    """``features``; or, without, log-mel frames fitted on the clips of audio, and a series as it is."""
    if features is not None:
        return features
    return AudioFeatures.fit(sequences.items) if sequences.kind == "audio" else list


def pooled_features(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """N series (T_i, I) as (N, 8 I + 1) float64.

    For each column its mean, deviation, least and greatest value, the mean of each third of the steps, and
    the mean size of the change from one step to the next; and ln(1 + T_i). A series without steps has zeros.
    """
    return np.stack([_pooled(np.asarray(array, dtype=np.float64)) for array in arrays])


def _pooled(array: np.ndarray) -> np.ndarray:
    steps, columns = array.shape
    if steps == 0:
        return np.zeros(8 * columns + 1)
    # Of fewer than three steps the thirds share some.
    thirds = [array[i * steps // 3 : -(-(i + 1) * steps // 3)].mean(axis=0) for i in range(3)]
    changes = np.abs(np.diff(array, axis=0)).sum(axis=0) / max(steps - 1, 1)
    summaries = [
        array.mean(axis=0),
        array.std(axis=0),
        array.min(axis=0),
        array.max(axis=0),
        *thirds,
        changes,
    ]
    return np.concatenate([*summaries, [np.log1p(steps)]])
