"""Items that come more than once, in one set or in two."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from recurra._base.wording import count, plural
from recurra.diagnosis.finding import HINT, SERIOUS, WARNING, Finding
from recurra.diagnosis.words import cut, share

_MANY = 0.05
_MOST_SHOWN = 10


@dataclass(frozen=True)
class Repeats:
    """Items that are equal.

    Attributes:
        what: what an item is, in the singular.
        total: items.
        repeated: those that an equal one stands before.
        commonest: what they say, or where they stand, and how often each comes; ten at most.
        contradictory: different items that come with more than one label; None where there are no labels.
        other: items of the other set, None where there is none.
        shared: those of them that are in the first, too.
    """

    what: str
    total: int
    repeated: int
    commonest: dict[str, int]
    contradictory: int | None
    other: int | None
    shared: int


def find_repeats(
    keys: Sequence[Hashable],
    what: str,
    *,
    names: Sequence[str],
    labels: Sequence[str] | None = None,
    other: Sequence[Hashable] | None = None,
) -> Repeats:
    """Which of some items are equal, by their ``keys``; ``names`` are how to call each."""
    counted = Counter(keys)
    first = dict(zip(reversed(keys), reversed(names)))
    twice = [(key, amount) for key, amount in counted.most_common(_MOST_SHOWN) if amount > 1]
    contradictory = None
    if labels is not None:
        seen: dict[Hashable, set[str]] = {}
        for key, label in zip(keys, labels):
            seen.setdefault(key, set()).add(label)
        contradictory = sum(len(own) > 1 for own in seen.values())
    return Repeats(
        what=what,
        total=len(keys),
        repeated=len(keys) - len(counted),
        commonest={cut(first[key]): amount for key, amount in twice},
        contradictory=contradictory,
        other=None if other is None else len(other),
        shared=0 if other is None else sum(key in counted for key in other),
    )


def repeat_findings(found: Repeats, *, second: str = "the second file") -> list[Finding]:
    """What is to be said of them; ``second`` is what the other set is called."""
    items, findings = plural(found.what), []
    come = "comes" if found.contradictory == 1 else "come"
    such = f", such as {next(iter(found.commonest))!r}" if found.commonest else ""
    if found.shared and found.other:
        findings.append(
            Finding(
                SERIOUS if found.shared > 0.01 * found.other else WARNING,
                f"{found.shared:,} of {found.other:,} {items} of {second} "
                f"({share(found.shared, found.other)}) are in DATA, too.",
                "Leave them out of one of both: a score on what was learnt by heart says nothing of new "
                "data.",
            )
        )
    if found.contradictory:
        findings.append(
            Finding(
                WARNING,
                f"{count(found.contradictory, found.what)} {come} with more than one label.",
                "Look which label is right: no model can be right for both.",
            )
        )
    if found.repeated:
        findings.append(
            Finding(
                WARNING if found.repeated > _MANY * found.total else HINT,
                f"{found.repeated:,} of {found.total:,} {items} ({share(found.repeated, found.total)}) "
                f"repeat another one{such}.",
                "Keep one of each, or see to it that equal ones are not in two parts: a model that saw one "
                "in training knows the other.",
            )
        )
    return findings
