"""N-grams of tokens, smoothed as is known to be best: what a recurrent language model has to beat.

    p(w | h) = (a(hw) − D(a(hw))) / Σ_v a(hv) + γ(h) p(w | h′)        γ(h) = Σ_v D(a(hv)) / Σ_v a(hv)

for a token w after the history h of up to n−1 tokens, h′ without its first: interpolated modified Kneser-Ney.
The longest n-grams have a = c, how often they come; the shorter ones how many different tokens come before
them, or c where they begin a document and nothing can. Without a history what is left is spread evenly.

Chen & Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (TR-10-98, 1998); what
begins a document as Heafield et al., "Scalable Modified Kneser-Ney Language Model Estimation" (2013).
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int

_MOST_ORDER = 12
_FEW_COUNTS = (0.5, 1.0, 1.5)  # D where there is not enough to estimate it from, as in Heafield's KenLM


@dataclass(frozen=True, eq=False)
class NGram:
    """A model of what follows in documents of ids. Made by `fit` or `choose`.

    As a network does, it knows where a document begins, and spreads probability over the ids 0 to V−1, the
    unknown token among them, and a document's end if documents end. What was never seen has its even share
    of what the discounts leave, so that nothing is impossible.

    Attributes:
        size: V.
        ends: whether documents end.
        levels: of the orders 1 to n.
    """

    size: int
    ends: bool
    levels: tuple["_Level", ...]

    @classmethod
    def fit(cls, documents: Sequence[np.ndarray], *, size: int, ends: bool, order: int) -> "NGram":
        """Count the n-grams of ``documents``, N arrays of ids (T_i,), up to ``order``.

        Raises InputError for documents that have no tokens or ids that are not from 0 to ``size`` − 1.
        """
        order = positive_int("order", order)
        return next(itertools.islice(_rising(documents, size, ends), order - 1, None))

    @classmethod
    def choose(
        cls,
        documents: Sequence[np.ndarray],
        validation: Sequence[np.ndarray],
        *,
        size: int,
        ends: bool,
    ) -> "NGram":
        """`fit` with the order that makes ``validation`` most probable: one more until it gets less so.

        Raises InputError as `fit` does, and where ``validation`` has no tokens.
        """

        def score(model: NGram) -> float:
            return sum(float(row.sum()) for row in model.log_probabilities(validation))

        if not sum(map(len, validation)):
            raise InputError("the validation documents have no tokens; give some to choose the order by")
        models = _rising(documents, size, ends)
        best = next(models)
        highest = score(best)
        for model in itertools.islice(models, _MOST_ORDER - 1):
            if (found := score(model)) <= highest:
                break
            best, highest = model, found
        return best

    @property
    def order(self) -> int:
        """n: a token is told from the n−1 before it."""
        return len(self.levels)

    def log_probabilities(self, documents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """ln p of each token after those before it, N float64 (T_i,), or (T_i + 1,) with that of the end.

        Raises InputError for ids that are not from 0 to V−1.
        """
        tokens, first = _joined(documents, self.size, self.ends)
        p = np.full(len(tokens), 1 / (self.size + self.ends))
        places = np.zeros(len(tokens), np.int64)
        for order, level in enumerate(self.levels, start=1):
            contexts = _contexts(places, first, order)
            places = level.find(contexts * (self.size + 1) + tokens, contexts)
            p = level.share[places] + level.rest[contexts] * p
        rows = np.split(np.log(p), np.flatnonzero(first))[1:]
        return [row[1:] for row in rows]


@dataclass(frozen=True, eq=False)
class _Level:
    """The n-grams of one order, by number, in the order of their keys.

    Attributes:
        keys: (G,) int64, sorted: the number of the context, which is an n-gram of the order below, times
            V + 1, plus the token.
        share: (G + 1,) what is certain of the token after the context; 0 in the end, for no n-gram (−1).
        rest: (C + 1,) γ of each context; 1 where it never went on, and in the end, for no context (−1).
    """

    keys: np.ndarray
    share: np.ndarray
    rest: np.ndarray

    @classmethod
    def weigh(cls, counted: "_Counted", alphabet: int) -> "_Level":
        """The level of n-grams by their counts, a of the equation."""
        off = _discounts(counted.counts)[np.minimum(counted.counts, 3)]
        context = counted.keys // alphabet
        total = np.bincount(context, counted.counts, minlength=counted.contexts)
        left = np.bincount(context, off, minlength=counted.contexts)
        rest = np.divide(left, total, out=np.ones(counted.contexts), where=total > 0)
        share = (counted.counts - off) / total[context]
        return cls(counted.keys, np.append(share, 0.0), np.append(rest, 1.0))

    def find(self, keys: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """The number of the n-gram of each of ``keys``; -1 where there is no such n-gram or context."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((contexts >= 0) & (self.keys[places] == keys), places, -1)


@dataclass(frozen=True, eq=False)
class _Counted:
    """The n-grams of one order: keys (G,) as those of `_Level`, counts (G,), and C contexts they may have."""

    keys: np.ndarray
    counts: np.ndarray
    contexts: int


def _rising(documents: Sequence[np.ndarray], size: int, ends: bool) -> Iterator[NGram]:
    """The models of order 1, 2, 3, …; each shares the shorter n-grams of the one before."""
    tokens, first = _joined(documents, size, ends)
    if first.all():
        raise InputError("the documents have no tokens; give some to count")
    alphabet = size + 1
    lower: list[_Level] = []
    shorter = None
    places = np.zeros(len(tokens), np.int64)
    for order in itertools.count(1):
        contexts = _contexts(places, first, order)
        known = np.flatnonzero(contexts >= 0)
        keys, example, inverse = np.unique(
            contexts[known] * alphabet + tokens[known], return_index=True, return_inverse=True
        )
        # Where a document begins is a context, and nothing that is to be told.
        counts = np.bincount(inverse[~first[known]], minlength=len(keys))
        if shorter is not None:
            # Each n-gram is one way to go on to the left of the shorter one that it ends with.
            ways = np.bincount(places[known[example]], minlength=len(shorter.keys))
            adjusted = np.where(ways > 0, ways, shorter.counts)
            lower.append(_Level.weigh(replace(shorter, counts=adjusted), alphabet))
        shorter = _Counted(keys, counts, 1 if shorter is None else len(shorter.keys))
        yield NGram(size, ends, (*lower, _Level.weigh(shorter, alphabet)))
        places = np.full(len(tokens), -1)
        places[known] = inverse


def _contexts(places: np.ndarray, first: np.ndarray, order: int) -> np.ndarray:
    """The n-gram before each token, -1 for none, by ``places``: the n-gram that ends at each, one shorter."""
    if order == 1:
        return places
    contexts = np.roll(places, 1)
    contexts[first] = -1
    return contexts


def _discounts(counts: np.ndarray) -> np.ndarray:
    """D of the counts 0, 1, 2 and all higher ones, from how many of ``counts`` are 1, 2, 3 and 4."""
    once, twice, thrice, four_times = np.bincount(np.minimum(counts, 5), minlength=6)[1:5]
    if not (once and twice and thrice and four_times):
        return np.array([0.0, *_FEW_COUNTS])
    Y = once / (once + 2 * twice)
    D = np.array([0.0, Y, 2 - 3 * Y * thrice / twice, 3 - 4 * Y * four_times / thrice])
    return D if (D[1:] > 0).all() else np.array([0.0, *_FEW_COUNTS])


def _joined(documents: Sequence[np.ndarray], size: int, ends: bool) -> tuple[np.ndarray, np.ndarray]:
    """All tokens in one row, with the boundary ``size`` before each document and after each that ends, and
    where the boundaries before documents are. Raises InputError for other ids than those of tokens."""
    boundary = np.full(1, size, np.int64)
    parts: list[np.ndarray] = []
    for place, ids in enumerate(documents):
        ids = np.asarray(ids)
        if ids.ndim != 1 or (len(ids) and (ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= size)):
            raise InputError(
                f"documents[{place}] must be a row of ids from 0 to {size - 1}, the vocabulary's"
            )
        parts.append(np.concatenate([boundary, ids.astype(np.int64), boundary[: int(ends)]]))
    tokens = np.concatenate([*parts, boundary[:0]])
    lengths = np.array([len(part) for part in parts], np.int64)
    first = np.zeros(len(tokens), bool)
    first[lengths.cumsum() - lengths] = True
    return tokens, first
