"""Prefix beam search: the most probable texts under connectionist temporal classification.

Graves and Jaitly, "Towards end-to-end speech recognition with recurrent neural networks", ICML 2014, and
Hannun, Maas, Jurafsky and Ng, "First-pass large vocabulary continuous speech recognition using bi-directional
recurrent DNNs", arXiv:1408.2873 (2014), algorithm 1, both without a language model.
"""

from typing import Any

import numpy as np

from recurra import kernels
from recurra.decoding.ctc import check_frames
from recurra.decoding.hypothesis import Hypothesis, check_width

_ROOT = 0  # the node of the empty prefix


def ctc_beam(log_probabilities: Any, blank: int, size: int = 25, n_best: int = 1) -> list[Hypothesis]:
    """The most probable texts, each by the sum over its alignments.

    After each frame the ``size`` most probable prefixes are kept. With as many as there are prefixes the
    result is exact; otherwise alignments through prefixes that were dropped are missing from the sums.

    Args:
        log_probabilities: (T, V), natural, of each symbol in each frame.
        blank: the id of the blank.
        size: prefixes to keep.
        n_best: texts to give, at most the ``size``.

    Returns at least one hypothesis and at most ``n_best``, the best first, none of probability 0; the score
    is the log-probability, and all have ended. Raises InputError for a ``size`` or ``n_best`` out of range,
    and where `ctc_greedy` does.
    """
    check_width(size, n_best)
    scores = check_frames(log_probabilities, blank).astype(np.float64)
    prefixes = _Prefixes(blank)

    # The open prefixes, the most probable first: of each the node, that of the prefix one shorter, the last
    # symbol, and the probability of all alignments that end in a blank, or in that symbol.
    node, shorter, last = np.array([_ROOT]), np.array([-1]), np.array([blank])
    in_blank, in_symbol = np.array([0.0]), np.array([-np.inf])
    for frame in scores:
        own = np.arange(len(node))
        total = np.logaddexp(in_blank, in_symbol)
        longer = total[:, None] + frame
        longer[own, last] = in_blank + frame[last]  # two of a kind have a blank between them
        longer[:, blank] = -np.inf
        stays_in_symbol, in_blank = in_symbol + frame[last], total + frame[blank]
        # What becomes longer may be a prefix that is open already.
        child, parent = np.nonzero(shorter[:, None] == node)
        joins = parent, last[child]
        stays_in_symbol[child] = np.logaddexp(stays_in_symbol[child], longer[joins])
        longer[joins] = -np.inf

        table = np.column_stack([np.logaddexp(in_blank, stays_in_symbol), longer])
        row, column, _ = kernels.highest(table, np.zeros(len(own)), np.zeros_like(own), size)
        stays, symbol = column == 0, column - 1
        in_blank = np.where(stays, in_blank[row], -np.inf)
        in_symbol = np.where(stays, stays_in_symbol[row], table[row, column])
        shorter = np.where(stays, shorter[row], node[row])
        last = np.where(stays, last[row], symbol)
        node = node[row]
        for i in np.flatnonzero(~stays):
            node[i] = prefixes.child(int(node[i]), int(symbol[i]))

    total = np.logaddexp(in_blank, in_symbol).tolist()
    best = zip(node.tolist()[:n_best], total)
    return [Hypothesis(prefixes.tokens(own), value, value, ended=True) for own, value in best]


class _Prefixes:
    """A tree of prefixes: one node each, though it be dropped and found again."""

    def __init__(self, blank: int) -> None:
        self._symbols, self._shorter = [blank], [-1]
        self._children: dict[tuple[int, int], int] = {}

    def child(self, node: int, symbol: int) -> int:
        """The node of the prefix with one more symbol."""
        found = self._children.setdefault((node, symbol), len(self._symbols))
        if found == len(self._symbols):
            self._symbols.append(symbol)
            self._shorter.append(node)
        return found

    def tokens(self, node: int) -> np.ndarray:
        """(U,) int64."""
        found = []
        while node != _ROOT:
            found.append(self._symbols[node])
            node = self._shorter[node]
        return np.array(found[::-1], np.int64)
