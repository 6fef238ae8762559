"""The words and pairs of words that a sequence has, whatever their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step, check_ids, within

MOST_WORDS = 2**24
"""Ids up to which float32 holds every whole number."""

_LAST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Bag(Part):
    """Σ over the different words of a row, and the different pairs of words in a row, of a weight each.

    It reads the network's ids, of words or of other symbols, and stands beside the other parts. ``weight``
    (words + pairs, outputs) has a row for each word and then for each pair; ``pairs`` (pairs, 2) says which
    pairs are known, in ascending order. Word 0, the unknown one, does not count, alone or in a pair. A linear
    classifier on the presence of words and pairs: Wang and Manning, "Baselines and bigrams: simple, good
    sentiment and topic classification", ACL 2012.
    """

    name: str
    words: int
    pairs: int
    outputs: int

    type = "bag"
    fields: ClassVar = {
        "name": schema.TEXT,
        "words": schema.SIZE,
        "pairs": schema.COUNT,
        "outputs": schema.SIZE,
    }
    takes_ids = True
    beside = True

    def __post_init__(self) -> None:
        if self.words > MOST_WORDS:
            raise InputError(f"{self.name!r} takes {MOST_WORDS} words at most, got {self.words}")

    def output_size(self, input_size: int) -> int:
        if self.outputs != input_size:
            raise InputError(
                f"{self.name!r} gives {self.outputs} outputs, but the part before it gives {input_size}"
            )
        return self.outputs

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {
            f"{self.name}.weight": (self.words + self.pairs, self.outputs),
            f"{self.name}.pairs": (self.pairs, 2),
        }

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        pairs = tensors[f"{self.name}.pairs"]
        if not ((pairs >= 1) & (pairs < self.words) & (pairs == np.floor(pairs))).all():
            raise InputError(f"tensor '{self.name}.pairs' must hold ids from 1 to {self.words - 1}")
        keys = pairs.astype(np.int64) @ np.array([self.words, 1])
        if (np.diff(keys) <= 0).any():
            raise InputError(f"tensor '{self.name}.pairs' must hold different pairs in ascending order")
        return _Bag(self, tensors[f"{self.name}.weight"].copy(), np.append(keys, _LAST))


@dataclass(frozen=True, eq=False)
class _Bag(Bound):
    part: Bag
    weight: np.ndarray
    keys: np.ndarray
    """first · words + second of each pair, ascending, and one that no pair has."""

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        T, N = x.shape[:2]
        live = within(x, lengths)
        ids = np.where(live, x if x.ndim == 2 else x[:, :, 0], 0)
        check_ids("word ids", ids, self.part.words)
        rows = np.zeros((2 * T, N), np.int64)
        rows[::2] = ids
        rows[3::2] = self.pair_rows(ids[:-1], ids[1:])
        total = np.zeros((N, self.part.outputs), np.float32)
        for row, new in zip(rows, _first_of_each(rows)):
            total[new] += self.weight[row[new]]
        return total

    def pair_rows(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """The row of the weight of each pair of ids, 0 for a pair that is not known."""
        key = first * self.part.words + second
        place = np.searchsorted(self.keys, key)
        return np.where(self.keys[place] == key, self.part.words + place, 0)

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return _BagStep(self)


class _BagStep(Step):
    def __init__(self, bag: _Bag) -> None:
        self._bag = bag
        self.reset()

    def __call__(self, x: Any) -> np.ndarray:
        word = np.asarray(x).reshape(-1)[:1]
        check_ids("word ids", word, self._bag.part.words)
        for row in (word[0], self._bag.pair_rows(self._before, word)[0]):
            if row and not self._seen[row]:
                self._seen[row] = True
                self._total = self._total + self._bag.weight[row]
        self._before = word.copy()
        return self._total

    def state(self) -> dict[str, np.ndarray]:
        name = self._bag.part.name
        return {
            f"{name}.seen": self._seen.copy(),
            f"{name}.before": self._before.copy(),
            f"{name}.total": self._total.copy(),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        name = self._bag.part.name
        self._seen = state[f"{name}.seen"].copy()
        self._before = state[f"{name}.before"].copy()
        self._total = state[f"{name}.total"].copy()

    def reset(self) -> None:
        self._seen = np.zeros(len(self._bag.weight), np.bool)
        self._before = np.zeros(1, np.int64)
        self._total = np.zeros(self._bag.part.outputs, np.float32)


def _first_of_each(rows: np.ndarray) -> np.ndarray:
    """Where each number above 0 first comes in its column of ``rows`` (R, N)."""
    order = np.argsort(rows, axis=0, kind="stable")
    ascending = np.take_along_axis(rows, order, axis=0)
    new = ascending > 0
    new[1:] &= ascending[1:] != ascending[:-1]
    first = np.empty_like(new)
    np.put_along_axis(first, order, new, axis=0)
    return first
