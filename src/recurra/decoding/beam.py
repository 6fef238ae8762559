"""Beam search: the sequences that a model finds most probable, a few open ones at a time.

    score(Y) = log P(Y) / lp(Y)        lp(Y) = ((5 + |Y|) / 6)^α

Wu et al., "Google's neural machine translation system", arXiv:1609.08144 (2016), equation 14, without its
coverage penalty; |Y| counts the tokens, not the end.
"""

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.decoding.hypothesis import Hypothesis, check_width
from recurra.decoding.model import OneStepModel, State

LONGEST = 100_000
"""Tokens of a hypothesis at most; each step copies those before it."""

_STRONGEST = 10  # length penalty; far above what is of use, and no length makes a number too large


@dataclass(frozen=True)
class Beam:
    """How to search.

    Attributes:
        size: hypotheses that are kept open; 1 is greedy.
        n_best: hypotheses to give, at most the ``size``.
        length_penalty: α, at most 10; 0 ranks by probability, which favours what is short; above it length
            costs less.
        min_length: tokens before the end may come.
        max_length: tokens at most; None for what each source allows.
        block_ngrams: no run of so many tokens comes twice in a hypothesis (Paulus, Xiong and Socher, "A deep
            reinforced model for abstractive summarization", arXiv:1705.04304 (2017), section 2.5, block those
            of 3); None lets them come.

    Raises InputError for an argument that is out of range.
    """

    size: int = 5
    n_best: int = 1
    length_penalty: float = 1.0
    min_length: int = 0
    max_length: int | None = None
    block_ngrams: int | None = None

    def __post_init__(self) -> None:
        check_width(self.size, self.n_best)
        penalty, least, most = self.length_penalty, self.min_length, self.max_length
        number = isinstance(penalty, numbers.Real) and not isinstance(penalty, bool)
        if not number or not 0 <= float(penalty) <= _STRONGEST:
            raise InputError(
                f"length_penalty must be a number between 0, which ranks by probability, and {_STRONGEST}, "
                f"got {penalty!r}"
            )
        if isinstance(least, bool) or not isinstance(least, numbers.Integral) or not 0 <= least <= LONGEST:
            raise InputError(f"min_length must be a whole number from 0 to {LONGEST:,}, got {least!r}")
        if most is not None and not least <= positive_int("max_length", most) <= LONGEST:
            raise InputError(f"max_length must lie between min_length, {least}, and {LONGEST:,}, got {most}")
        if self.block_ngrams is not None:
            positive_int("block_ngrams", self.block_ngrams)


def beam_search(
    model: OneStepModel[Any, State],
    state: State,
    rows: int,
    beam: Beam,
    *,
    start: int,
    end: int,
    never: Sequence[int] = (),
    max_lengths: Any,
    names: Sequence[str] | None = None,
) -> list[list[Hypothesis]]:
    """The best hypotheses of each of N sources, which are searched together and know nothing of one another.

    Of all continuations of a source's open hypotheses, the ``beam.size`` most probable are kept. One that
    ends is a result. The others stay open unless they can't come among the n best that have ended, however
    they go on; the source is done when none is open. One that is as long as may be ends if its end is among
    those kept. So with a beam as wide as there are prefixes the results are the best of all sequences.

    Args:
        model: gives the distributions.
        state: of N rows, before ``start``.
        rows: N, one for each source.
        beam: how to search.
        start: the id of what stands before the first token.
        end: the id of what stands after the last token.
        never: ids that are never written.
        max_lengths: (N,) tokens at most for each source, at least 0; below ``beam.min_length`` none can end.
        names: N, what messages call the sources; None for their numbers.

    Returns for each source at least one hypothesis, and no more than ``beam.n_best``: first those that ended,
    the best first; then those that had no room for more, or could not go on by the rules of ``beam`` and
    ``never``, again the best first. Of equal scores the shorter comes first, then the one that was ahead when
    its last token was chosen, then that of the lower id. What the rules forbid makes nothing else more
    probable. Raises InputError for ``max_lengths`` that are none, and where the model says that no token can
    follow, or NaN.
    """
    limits = check_max_lengths(max_lengths, rows)
    if beam.max_length is not None:
        limits = np.minimum(limits, beam.max_length)
    longest = np.array([_penalty(length, beam) for length in limits.tolist()])
    shortest = min(limits.tolist(), default=0)  # before it all sources have room
    results = _Results(rows, beam.n_best)

    # One row for each open hypothesis; those of a source stand together, the most probable first.
    source = np.arange(rows)
    tokens = np.empty((rows, 0), np.int64)
    total = np.zeros(rows)
    last = np.full(rows, start, np.int64)
    while len(source):
        length = tokens.shape[1]
        penalty = _penalty(length, beam)
        if length >= shortest and end in never and (limits[source] == length).all():
            # The step after the longest could only tell of the end.
            for row in range(len(source)):
                results.add(source[row], tokens[row], total[row], penalty, ended=False)
            break
        log_probabilities, state = model.step(last, state)
        scores = log_probabilities.copy()
        for token in never:
            scores[:, token] = -np.inf
        if length < beam.min_length:
            scores[:, end] = -np.inf
        if beam.block_ngrams is not None:
            scores[_repeating(tokens, beam.block_ngrams)] = -np.inf
        # reduce: without the detours of max and all, which take as long as a small model's step
        possible = np.isfinite(np.maximum.reduce(scores, axis=1))
        all_possible = np.logical_and.reduce(possible)
        if not all_possible:
            _check_possible(log_probabilities, source, names)
        parent, last, value = kernels.highest(scores, total, source, beam.size)
        own = source[parent]

        goes_on = last != end
        for i in np.flatnonzero(~goes_on):
            results.add(own[i], tokens[parent[i]], value[i], penalty, ended=True)
        if length >= shortest or not all_possible:
            has_room = (limits > length)[source]
            stuck = ~(has_room & possible)
            stuck[parent[~goes_on]] = False
            for row in np.flatnonzero(stuck):
                results.add(source[row], tokens[row], total[row], penalty, ended=False)
            goes_on &= has_room[parent]

        # What is to come makes no hypothesis more probable, and at best as long as may be.
        goes_on &= value / longest[own] > results.least[own]
        if not np.logical_and.reduce(goes_on):
            parent, last, value, own = (each[goes_on] for each in (parent, last, value, own))
        total, source = value, own
        if parent.tolist() != list(range(len(tokens))):
            tokens, state = tokens[parent], model.select(state, parent)
        tokens = np.concatenate([tokens, last[:, None]], axis=1)
    return results.best()


class _Results:
    """What was found for each of N sources.

    ``least`` (N,) is the score above which one more that has ended is among the n best.
    """

    def __init__(self, sources: int, n_best: int) -> None:
        self._n_best = n_best
        self._ended: list[list[Hypothesis]] = [[] for _ in range(sources)]
        self._open: list[list[Hypothesis]] = [[] for _ in range(sources)]
        self.least = np.full(sources, -np.inf)

    def add(self, source: int, tokens: np.ndarray, value: float, penalty: float, *, ended: bool) -> None:
        found = Hypothesis(tokens.copy(), float(value), float(value / penalty), ended)
        best = (self._ended if ended else self._open)[source]
        best.append(found)
        best.sort(key=lambda hypothesis: -hypothesis.score)  # stable: of equal ones the first stays so
        del best[self._n_best :]
        if ended and len(best) == self._n_best:
            self.least[source] = best[-1].score

    def best(self) -> list[list[Hypothesis]]:
        return [[*ended, *open_][: self._n_best] for ended, open_ in zip(self._ended, self._open)]


def check_max_lengths(max_lengths: Any, rows: int) -> np.ndarray:
    """``max_lengths`` as int64 (N,); raises InputError unless they are N whole numbers of at least 0."""
    lengths = np.asarray(max_lengths)
    if lengths.shape != (rows,):
        raise InputError(
            f"max_lengths must be {rows} numbers, one for each source, got shape {lengths.shape}"
        )
    if rows and not (np.issubdtype(lengths.dtype, np.integer) and lengths.min() >= 0):
        raise InputError(f"max_lengths must be whole numbers of at least 0, got {lengths.tolist()}")
    return lengths.astype(np.int64)


def _check_possible(log_probabilities: np.ndarray, source: np.ndarray, names: Sequence[str] | None) -> None:
    """Raise InputError unless some token can follow in each row (V,), which is of that source."""
    peak = log_probabilities.max(axis=1)
    wrong = np.flatnonzero(~np.isfinite(peak))
    if len(wrong):
        number = int(source[wrong[0]])
        raise InputError(
            f"log_probabilities must have a finite highest value, got {peak[wrong[0]]:g} for "
            f"{f'source {number}' if names is None else names[number]}; no token can follow"
        )


def _penalty(length: int, beam: Beam) -> float:
    """lp of so many tokens."""
    return ((5 + length) / 6) ** float(beam.length_penalty)


def _repeating(tokens: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``tokens`` (R, T), and the token after which each would have a run of ``size`` twice."""
    if tokens.shape[1] < size:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    runs = np.lib.stride_tricks.sliding_window_view(tokens, size, axis=1)
    latest = tokens[:, None, tokens.shape[1] - size + 1 :]
    rows, places = np.nonzero((runs[:, :, :-1] == latest).all(axis=2))
    return rows, runs[rows, places, -1]
