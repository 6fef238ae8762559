"""How words begin and end, as whole numbers that every machine and library computes alike."""

import numpy as np

END = -1
"""Stands past the end of a word."""

KEYS = 2**24
"""The keys of affixes lie below; float32, of which model files are made, holds all such whole numbers."""

_PREFIX, _SUFFIX = 3, 4
_BASIS, _PRIME, _BITS = 2166136261, 16777619, 2**32 - 1


def affix_keys(characters: np.ndarray) -> np.ndarray:
    """The keys of the prefixes of 1 to 3 and the suffixes of 1 to 4 characters of each word.

    From ids (W, C) int64, `END` past a word's end, to (W, 7) int64 below `KEYS`, -1 where a word is shorter.
    A key is a hash of 0, or 1 for a suffix, and of the ids + 2 from there on towards the middle: FNV-1a of 32
    bits with a number in place of each byte, folded to 24 bits (RFC 9923, section 3), all below 2⁶³.
    """
    characters = np.pad(characters, ((0, 0), (0, 1)), constant_values=END)
    sizes = (characters != END).sum(axis=1)
    keys = []
    for kind, longest in enumerate((_PREFIX, _SUFFIX)):
        hashed = np.full(len(characters), (_BASIS ^ kind) * _PRIME & _BITS, np.int64)
        for i in range(longest):
            place = np.minimum(i, sizes) if kind == 0 else np.maximum(sizes - 1 - i, 0)
            sign = characters[np.arange(len(characters)), place] + 2
            hashed = (hashed ^ sign) * _PRIME & _BITS
            keys.append(np.where(i < sizes, (hashed ^ hashed // KEYS) % KEYS, -1))
    return np.stack(keys, axis=1)


def known_affixes(characters: np.ndarray, fold: np.ndarray, known: np.ndarray) -> np.ndarray:
    """For each affix of each word its place among the ``known`` keys (A,), ascending: (W, 7), -1 if none.

    ``characters`` are as for `affix_keys`; ``fold`` (V,) is the id of each character in lower case.
    """
    inside = characters != END
    keys = affix_keys(np.where(inside, fold[np.where(inside, characters, 0)], END))
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, places, -1)
