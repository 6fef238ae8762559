"""The n-grams of characters that many words share."""

import numpy as np

from recurra.data import WordFeatures
from recurra.runtime.features import pad_inputs
from recurra.runtime.network_parts.spelling import KEYS, ngram_keys

_LEAST = 3
"""Words; an n-gram of fewer says which word it is, and nothing of words that are not known."""


def common_ngrams(features: WordFeatures) -> np.ndarray:
    """The keys (K,) int64, ascending, of the n-grams that at least three of the known words have."""
    words, _ = pad_inputs(features([[word] for word in features.words[1:]]))
    keys = ngram_keys(words[:, 0, 1:])
    row, place = np.nonzero(keys >= 0)
    of_words = np.unique(row * KEYS + keys[row, place]) % KEYS
    found, counts = np.unique(of_words, return_counts=True)
    return found[counts >= _LEAST]
