"""How often each label comes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recurra._base.wording import count
from recurra.diagnosis.finding import HINT, SERIOUS, WARNING, Finding
from recurra.diagnosis.words import share, some

_MOST_LABELS = 200
_FEW = 5
_UNEVEN = 0.9


@dataclass(frozen=True)
class Balance:
    """Labels, and how often each comes.

    Attributes:
        what: what a label stands for, in the singular: "label", "tag", "group".
        total, distinct: of all labels.
        counts: by label, the commonest first; at most 200.
        rare: labels that come fewer than five times.
        entropy: of the labels, as a share of that of as many equally common ones; 1 for one alone.
    """

    what: str
    total: int
    distinct: int
    counts: dict[str, int]
    rare: tuple[str, ...]
    entropy: float


def balance(labels: Iterable[str], *, what: str = "label") -> Balance | None:
    """How often each of ``labels`` comes; None if there are none."""
    counted = Counter(labels)
    if not counted:
        return None
    shares = np.array(list(counted.values())) / counted.total()
    entropy = float(-(shares * np.log(shares)).sum() / np.log(len(shares))) if len(shares) > 1 else 1.0
    return Balance(
        what=what,
        total=counted.total(),
        distinct=len(counted),
        counts=dict(counted.most_common(_MOST_LABELS)),
        rare=tuple(sorted(label for label, amount in counted.items() if amount < _FEW)),
        entropy=entropy,
    )


def balance_findings(found: Balance) -> list[Finding]:
    """What is to be said of labels that are to be learnt."""
    commonest, amount = next(iter(found.counts.items()))
    if found.distinct == 1:
        return [
            Finding(
                SERIOUS,
                f"All {found.total:,} {found.what}s are {commonest!r}.",
                f"Give data with several {found.what}s: there is nothing to tell apart.",
            )
        ]
    if found.distinct > 0.5 * found.total and found.distinct > 20:
        return [
            Finding(
                SERIOUS,
                f"There are {found.distinct:,} different {found.what}s in {found.total:,}: most come once.",
                "Name the column of classes; for numbers use recurra fit regress.",
            )
        ]
    findings = []
    if amount > _UNEVEN * found.total:
        findings.append(
            Finding(
                WARNING,
                f"{share(amount, found.total)} of the {found.what}s are {commonest!r}: who always says so is "
                "right as often.",
                "Judge a model by the F1 of each class, and give --class-weight balanced if the rare ones "
                "matter.",
            )
        )
    if found.rare:
        findings.append(
            Finding(
                WARNING if found.distinct < 50 else HINT,
                f"{count(len(found.rare), found.what)} {'comes' if len(found.rare) == 1 else 'come'} fewer "
                f"than {_FEW} times: {some(found.rare)}.",
                "Collect more of them, join them with others, or leave them out: so few can be neither "
                "learnt nor scored.",
            )
        )
    return findings
