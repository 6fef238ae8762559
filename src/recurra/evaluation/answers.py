"""Answers beside right ones, as counts that the scores of all of them, or of some, are sums of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recurra._base.errors import MissingExtraError
from recurra.data.word_rule import split_words
from recurra.evaluation.metric import plain

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

LEVELS = ("word", "char")

ORDER = 4
"""Words of the longest n-grams of BLEU."""

_RESAMPLES = 200  # enough for a standard error (Efron & Tibshirani 1993, section 6.4)
_BUCKETS = 5
_LEAST = 10  # answers of a bucket


@dataclass(frozen=True)
class LengthScores:
    """How answers to sources of about one length did.

    Attributes:
        shortest, longest: their lengths, as they were given.
        count: of answers.
        bleu, exact, token_accuracy: as in `TranslationEvaluation`.
        hypothesis_length, reference_length: mean, in words, or characters at that level.
    """

    shortest: int
    longest: int
    count: int
    bleu: float
    exact: float
    token_accuracy: float
    hypothesis_length: float
    reference_length: float

    def to_dict(self) -> dict[str, float | None]:
        """Plain JSON values; what is not defined is None."""
        return plain(vars(self))


@dataclass(frozen=True, eq=False)
class Answers:
    """N answers beside their references.

    Attributes:
        statistics: (N, 10) of BLEU: words of the answer and of its reference, n-grams that both have, and
            n-grams of the answer, each from 1 to 4 words.
        equal: (N,) bool, whether an answer is right as a whole.
        right: (N,) tokens that stand where the reference has them.
        lengths, reference_lengths: (N,) tokens.
    """

    statistics: np.ndarray
    equal: np.ndarray
    right: np.ndarray
    lengths: np.ndarray
    reference_lengths: np.ndarray

    @classmethod
    def of(cls, hypotheses: Sequence[str], references: Sequence[str], level: str) -> "Answers":
        """Count; tokens are words and signs at ``level`` "word", characters at "char"."""
        bleu = sacrebleu_metrics()[0](effective_order=True)  # which alters a single text's score, no count
        split = split_words if level == "word" else list
        statistics, counts = [], []
        for hypothesis, reference in zip(hypotheses, references):
            score = bleu.sentence_score(hypothesis, [reference])
            statistics.append([score.sys_len, score.ref_len, *score.counts, *score.totals])
            ours, theirs = split(hypothesis), split(reference)
            right = sum(one == other for one, other in zip(ours, theirs))
            counts.append([ours == theirs, right, len(ours), len(theirs)])
        equal, right, lengths, reference_lengths = np.array(counts, np.int64).T
        return cls(np.array(statistics, np.int64), equal.astype(bool), right, lengths, reference_lengths)

    def take(self, index: np.ndarray) -> "Answers":
        """The answers at ``index``: whole numbers or a mask."""
        return Answers(*(values[index] for values in vars(self).values()))

    @property
    def exact(self) -> float:
        """The share of answers that are right as a whole."""
        return float(self.equal.mean())

    @property
    def token_accuracy(self) -> float:
        """The share of the tokens of references at whose place the answer has the same; NaN without any."""
        tokens = int(self.reference_lengths.sum())
        return int(self.right.sum()) / tokens if tokens else math.nan

    @property
    def have_bleu(self) -> bool:
        """Whether any reference is as long as the longest n-grams."""
        return bool((self.statistics[:, 1] >= ORDER).any())

    @property
    def bleu(self) -> float:
        """BLEU as sacrebleu has it; NaN where it is not defined."""
        return _bleu(self.statistics.sum(axis=0)) if self.have_bleu else math.nan

    def bleu_standard_error(self) -> float:
        """The deviation of BLEU over resamples of the answers (Koehn 2004); NaN for fewer than two."""
        count = len(self.statistics)
        if not self.have_bleu or count < 2:
            return math.nan
        rng = np.random.default_rng(0)
        even = np.full(count, 1 / count)
        draws = [_bleu(rng.multinomial(count, even) @ self.statistics) for _ in range(_RESAMPLES)]
        return float(np.std(draws))

    def by_length(self, lengths: np.ndarray) -> tuple[LengthScores, ...]:
        """Scores of about equally many answers each, by the ``lengths`` (N,) of their sources."""
        buckets = min(max(len(lengths) // _LEAST, 1), _BUCKETS)
        longest = np.unique(np.quantile(lengths, np.arange(1, buckets + 1) / buckets, method="inverted_cdf"))
        bucket = np.searchsorted(longest, lengths)
        return tuple(self._at(np.flatnonzero(bucket == one), lengths) for one in range(len(longest)))

    def _at(self, rows: np.ndarray, lengths: np.ndarray) -> LengthScores:
        part = self.take(rows)
        return LengthScores(
            shortest=int(lengths[rows].min()),
            longest=int(lengths[rows].max()),
            count=len(rows),
            bleu=part.bleu,
            exact=part.exact,
            token_accuracy=part.token_accuracy,
            hypothesis_length=float(part.lengths.mean()),
            reference_length=float(part.reference_lengths.mean()),
        )


def sacrebleu_metrics() -> tuple[type["BLEU"], type["CHRF"]]:
    """The metrics of the optional library; raises MissingExtraError without it."""
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise MissingExtraError.of("sacrebleu", "report") from error
    return BLEU, CHRF


def _bleu(statistics: np.ndarray) -> float:
    """BLEU from sums (10,) of statistics, with the settings that sacrebleu has of itself."""
    words, reference_words, *counts = statistics.tolist()
    scorer = sacrebleu_metrics()[0]
    return scorer.compute_bleu(
        counts[:ORDER], counts[ORDER:], words, reference_words, smooth_method="exp"
    ).score
