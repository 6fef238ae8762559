"""What naive Bayes makes of the words and pairs of words of labelled sequences."""

from collections.abc import Sequence

import numpy as np

_MOST_PAIRS = 2**18
"""Those that come in most sequences; more would make a model file of many megabytes."""


def log_count_ratios(
    inputs: Sequence[np.ndarray], classes: np.ndarray, weights: np.ndarray, words: int, class_count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The weight (V + P, K) and the pairs (P, 2) of `recurra.nn.Bag`, float32.

    A weight is log P(word | class) less its mean over the classes, with P the share of a word, or of a pair
    of words, in all that the sequences of a class have, each counted once in a sequence and once more in
    every class (Wang & Manning 2012, section 2.1, for any number of classes).

    Args:
        inputs: N arrays of ids, (T_i,) or (T_i, 1 + C_i), of which column 0 counts; 0 is unknown.
        classes: (N,) from 0 to K−1.
        weights: (N,) what each sequence counts.
        words: V.
    """
    sequences = [ids if ids.ndim == 1 else ids[:, 0] for ids in inputs]
    row = np.repeat(np.arange(len(sequences)), [len(ids) for ids in sequences])
    ids = np.concatenate(sequences)
    follows = (row[1:] == row[:-1]) & (ids[1:] > 0) & (ids[:-1] > 0)
    keys, pair = np.unique((ids[:-1] * words + ids[1:])[follows], return_inverse=True)

    word_counts = _counts(row, ids, words, classes, weights, class_count)
    pair_counts = _counts(row[1:][follows], pair, len(keys), classes, weights, class_count)
    often = np.sort(np.argsort(-pair_counts.sum(axis=1), kind="stable")[:_MOST_PAIRS])
    pairs = np.stack(np.divmod(keys[often], words), axis=1)

    counts = np.concatenate([word_counts, pair_counts[often]]) + 1
    counts[0] = 1  # the unknown word tells nothing
    logs = np.log(counts / counts[1:].sum(axis=0))
    ratios = logs - logs.mean(axis=1, keepdims=True)
    ratios[0] = 0
    return ratios.astype(np.float32), pairs.astype(np.float32)


def _counts(
    row: np.ndarray, place: np.ndarray, size: int, classes: np.ndarray, weights: np.ndarray, class_count: int
) -> np.ndarray:
    """(size, K): the sequences of each class that have each place, by their weights."""
    row, place = np.divmod(np.unique(row * size + place), max(size, 1))
    counts = np.zeros((size, class_count))
    np.add.at(counts, (place, classes[row]), weights[row])
    return counts
