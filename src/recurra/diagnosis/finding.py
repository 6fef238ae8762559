"""What was found in data, in plain words, with what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass

SERIOUS, WARNING, HINT = "serious", "warning", "hint"
LEVELS = (SERIOUS, WARNING, HINT)
"""A model of such data, or its score, is wrong; it is worse than it need be; it can be made better."""


@dataclass(frozen=True)
class Finding:
    """One thing to know before a model is trained.

    Attributes:
        level: one of `LEVELS`, the most important first.
        what: what was found, in a sentence.
        advice: what to do, in a sentence.
        about: the column that it is about; "" for the data as a whole.
    """

    level: str
    what: str
    advice: str
    about: str = ""


def by_importance(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The serious ones first; those of one level stay in order."""
    return tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level)))
