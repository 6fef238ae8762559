"""Precision, recall and F1 of spans such as names, by the convention of CoNLL-2003.

A span counts as found if its first step, its last step and its type are all right; counts are summed over
types before they are divided (micro average; Tjong Kim Sang & De Meulder 2003). Tags that break the scheme
are read as the task's own scorer, conlleval, reads them: an I- or E- that goes on from no span of its type
begins one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recurra.decoding.spans import scheme_of, spans
from recurra.evaluation.class_scores import ClassScores


@dataclass(frozen=True)
class SpanScores:
    """How spans were found: in all, and by type in alphabetical order."""

    total: ClassScores
    by_type: tuple[ClassScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; what is not defined is None."""
        return {
            "total": self.total.to_dict(),
            "by_type": [scores.to_dict() for scores in self.by_type],
        }


def span_scores(actual: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> SpanScores:
    """The scores of the spans that ``predicted`` tags mean, N times T_i, beside those of ``actual`` tags."""
    support, guessed, found = Counter[str](), Counter[str](), Counter[str]()
    for ours, theirs in zip(map(spans, predicted), map(spans, actual)):
        guessed.update(span.type for span in ours)
        support.update(span.type for span in theirs)
        found.update(span.type for span in ours & theirs)
    return SpanScores(
        ClassScores.count(
            "all spans", found=found.total(), predicted=guessed.total(), support=support.total()
        ),
        tuple(
            ClassScores.count(name, found=found[name], predicted=guessed[name], support=support[name])
            for name in sorted(support | guessed)
        ),
    )


def has_spans(classes: Sequence[str]) -> bool:
    """Whether ``classes`` are written as BIO or BIOES tags."""
    return scheme_of(classes) is not None
