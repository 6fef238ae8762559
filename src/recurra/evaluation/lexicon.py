"""Which target unit each source unit becomes, from pairs that stand side by side: IBM model 1.

P(t | s) of a target unit t for a source unit s is found by expectation and maximisation over all alignments
of the units of a pair, in which each target unit comes from one source unit or from none; all are as likely
before (Brown, Della Pietra, Della Pietra & Mercer 1993, The Mathematics of Statistical Machine Translation).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError

_ROUNDS = 10  # after which the most probable units of image captions hardly change
_MOST_CELLS = 8_000_000  # one for each source unit beside each target unit; about 80 bytes


@dataclass(frozen=True)
class Lexicon:
    """For each source unit of the training part the target unit that it most probably becomes.

    Attributes:
        becomes: target unit by source unit.
        pairs: how many pairs it was learnt from.
    """

    becomes: dict[str, str]
    pairs: int

    @classmethod
    def fit(cls, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> "Lexicon":
        """Learn from N pairs of units; of very many, from some at even distances.

        Raises InputError where no pair has both a source unit and a target unit.
        """
        both = [i for i, (source, target) in enumerate(zip(sources, targets)) if source and target]
        if not both:
            raise InputError("no pair has both a source and a target; give pairs with something in them")
        cells = sum((len(sources[i]) + 1) * len(targets[i]) for i in both)
        chosen = both[:: -(-cells // _MOST_CELLS)]
        known: dict[str, int] = {"": 0}  # what a target unit that comes from none comes from
        reached: dict[str, int] = {}
        s_ids = [[0, *(known.setdefault(unit, len(known)) for unit in sources[i])] for i in chosen]
        t_ids = [[reached.setdefault(unit, len(reached)) for unit in targets[i]] for i in chosen]
        s, t, p = _probabilities(s_ids, t_ids, len(reached))
        # The last of each source unit is the most probable one; of equals, that which came first.
        order = np.lexsort((-t, p, s))
        last = order[np.append(np.diff(s[order]) > 0, True)]
        best = dict(zip(s[last].tolist(), t[last].tolist()))
        names = list(reached)
        return cls({unit: names[best[place]] for unit, place in known.items() if place}, len(chosen))

    def __call__(self, units: Sequence[str]) -> list[str]:
        """What each of ``units`` becomes; those that are not known stay as they are."""
        return [self.becomes.get(unit, unit) for unit in units]


def _probabilities(
    sources: list[list[int]], targets: list[list[int]], size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The K source and target units (K,) that stand in a pair together, and P(target | source) of each."""
    s_lengths = np.array(list(map(len, sources)))
    t_lengths = np.array(list(map(len, targets)))
    flat = np.concatenate([np.asarray(row, np.int64) for row in sources])
    # Each target unit in turn, beside all the source units of its pair: a cell each.
    of_pair = np.repeat(np.arange(len(sources)), t_lengths)
    width = s_lengths[of_pair]
    row = np.repeat(np.arange(len(width), dtype=np.int32), width)
    begin = np.cumsum(s_lengths) - s_lengths
    within = np.arange(len(row)) - np.repeat(np.cumsum(width) - width, width)
    cell_s = flat[np.repeat(begin[of_pair], width) + within]
    cell_t = np.repeat(np.concatenate([np.asarray(row, np.int64) for row in targets]), width)
    keys, cell = np.unique(cell_s * size + cell_t, return_inverse=True)
    cell = cell.astype(np.int32)
    s, t = np.divmod(keys, size)

    p = np.ones(len(keys))
    for _ in range(_ROUNDS):
        share = p[cell]
        share /= np.bincount(row, weights=share)[row]
        p = np.bincount(cell, weights=share)
        p /= np.bincount(s, weights=p)[s]
    return s, t, p
