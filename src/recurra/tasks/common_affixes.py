"""The beginnings and ends that many words share."""

import numpy as np

from recurra.data import WordFeatures
from recurra.runtime.features import pad_inputs
from recurra.runtime.network_parts.spelling import KEYS, affix_keys

_LEAST = 3
"""Words; an affix of fewer says which word it is, and nothing of words that are not known."""


def common_affixes(features: WordFeatures) -> np.ndarray:
    """The keys (A,) int64, ascending, of the affixes that at least three of the known words have."""
    words, _ = pad_inputs(features([[word] for word in features.words[1:]]))
    keys = affix_keys(words[:, 0, 1:])
    row, place = np.nonzero(keys >= 0)
    of_words = np.unique(row * KEYS + keys[row, place]) % KEYS
    found, counts = np.unique(of_words, return_counts=True)
    return found[counts >= _LEAST]


def lower_case(features: WordFeatures) -> np.ndarray:
    """(V,) int64, the id of each character in lower case; its own where that is not known."""
    places = {character: place for place, character in enumerate(features.characters)}
    return np.array([places.get(name.lower(), place) for name, place in places.items()], np.int64)
