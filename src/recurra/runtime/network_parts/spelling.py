"""How words are spelt, as whole numbers that every machine and library computes alike."""

import numpy as np

END = -1
"""Stands past the end of a word."""

SIZES = (2, 3, 4, 5)
"""Signs in an n-gram, the marks of a word's beginning and end among them."""
KEYS = 2**24
"""The keys of n-grams lie below; float32, of which model files are made, holds all such whole numbers."""

_BASIS, _PRIME, _BITS = 2166136261, 16777619, 2**32 - 1


def ngram_keys(characters: np.ndarray) -> np.ndarray:
    """The key of each n-gram of each word: (W, G) int64 below `KEYS`, -1 where a word has no more.

    ``characters`` (W, C) int64 are ids, `END` past a word's end. A word's n-grams are those of 2 to 5 signs
    in a row of its characters between a mark for its beginning, 0, and one for its end, 1; a character's sign
    is its id + 2. Their keys are hashes: FNV-1a of 32 bits with a sign in place of each byte, folded to 24
    bits (RFC 9923, section 3), in whole numbers below 2⁶³. Other than with ids for n-grams, what was never
    seen has a key, too.
    """
    signs = np.pad(characters + 2, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
    signs_of_word = (characters != END).sum(axis=1)[:, None] + 2
    found = []
    for size in SIZES:
        starts = np.arange(max(0, signs.shape[1] - size + 1))
        hashed = np.full((len(signs), len(starts)), _BASIS, np.int64)
        for offset in range(size):
            hashed = (hashed ^ signs[:, starts + offset]) * _PRIME & _BITS
        hashed = (hashed ^ hashed // KEYS) % KEYS
        found.append(np.where(starts + size <= signs_of_word, hashed, -1))
    return np.concatenate(found, axis=1)


def known_ngrams(characters: np.ndarray, known: np.ndarray) -> np.ndarray:
    """For each n-gram of each word its place among the ``known`` keys (K,), ascending: (W, G), -1 if none.

    ``characters`` are as for `ngram_keys`.
    """
    keys = ngram_keys(characters)
    if not len(known):
        return np.full_like(keys, -1)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, places, -1)
