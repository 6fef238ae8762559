"""The words or characters of texts: how many, how rare, and how many another text would not know."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from recurra.diagnosis.finding import HINT, WARNING, Finding
from recurra.diagnosis.words import share, some

_MOST_SHOWN = 50
_MANY_UNKNOWN = 0.1
_MOST_POINTS = 200


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The symbols of some texts.

    Attributes:
        unit: what a symbol is, in the singular: "word", "character".
        total, distinct: of symbols.
        commonest: by symbol, how often it comes; the first fifty.
        once: symbols that come a single time.
        expected_unknown: the share of unknown symbols to expect in other texts of the kind: that of those
            which come once among all (Good 1953, after Turing).
        other: how many symbols the other texts have, None where there are none.
        unknown: of these, how many the first texts do not have.
        unknown_commonest: the first of them by how often they come.
        ranks, frequencies: (P,) of the symbols, the commonest first, at some ranks.
    """

    unit: str
    total: int
    distinct: int
    commonest: dict[str, int]
    once: int
    expected_unknown: float
    other: int | None
    unknown: int | None
    unknown_commonest: tuple[str, ...]
    ranks: np.ndarray = field(metadata={"picture": True})
    frequencies: np.ndarray = field(metadata={"picture": True})


def vocabulary(
    texts: Iterable[Sequence[str]], unit: str, other: Iterable[Sequence[str]] | None = None
) -> Vocabulary:
    """The symbols of ``texts``, each a sequence of them, beside those of ``other`` texts."""
    counted = Counter(symbol for text in texts for symbol in text)
    ordered = counted.most_common()
    once = sum(amount == 1 for _, amount in ordered)
    places = np.unique(np.geomspace(1, max(len(ordered), 1), _MOST_POINTS).round().astype(np.int64))
    unknown: Counter[str] = Counter()
    total = None
    if other is not None:
        second = Counter(symbol for text in other for symbol in text)
        total = second.total()
        unknown.update({symbol: amount for symbol, amount in second.items() if symbol not in counted})
    amounts = np.array([amount for _, amount in ordered], dtype=np.int64)
    return Vocabulary(
        unit=unit,
        total=counted.total(),
        distinct=len(counted),
        commonest=dict(ordered[:_MOST_SHOWN]),
        once=once,
        expected_unknown=once / counted.total() if counted else 0.0,
        other=total,
        unknown=None if total is None else unknown.total(),
        unknown_commonest=tuple(symbol for symbol, _ in unknown.most_common(20)),
        ranks=places[places <= len(amounts)],
        frequencies=amounts[places[places <= len(amounts)] - 1],
    )


def vocabulary_findings(found: Vocabulary, units: str) -> list[Finding]:
    """What is to be said of a vocabulary of ``units``: words, source words."""
    if found.other and found.unknown is not None:
        unknown = found.unknown / found.other
        if unknown > _MANY_UNKNOWN or (found.unit == "character" and unknown):
            return [
                Finding(
                    WARNING,
                    f"{share(found.unknown, found.other)} of the {units} of the second file are not in DATA, "
                    f"such as {some(found.unknown_commonest)}.",
                    _remedy(found.unit),
                )
            ]
        return []
    if found.unit == "word" and found.expected_unknown > _MANY_UNKNOWN and found.total >= 1000:
        return [
            Finding(
                HINT,
                f"{share(found.once, found.distinct)} of the different {units} come once, so that of other "
                f"texts about {share(found.expected_unknown, 1)} of the {units} will be unknown.",
                _remedy(found.unit),
            )
        ]
    return []


def _remedy(unit: str) -> str:
    if unit == "character":
        return "Look whether both files are written in the same way: letters, signs, encoding."
    return (
        "Words count by their spelling, too, in classifiers and taggers; elsewhere choose --level bpe or "
        "char, or give word vectors of a larger text by --vectors."
    )
