"""What is known of data before a model is trained."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recurra.diagnosis.balance import Balance
from recurra.diagnosis.clock import Clock
from recurra.diagnosis.column import Column
from recurra.diagnosis.finding import LEVELS, Finding
from recurra.diagnosis.leakage import Leak
from recurra.diagnosis.lengths import Lengths
from recurra.diagnosis.music import Notes
from recurra.diagnosis.repeats import Repeats
from recurra.diagnosis.sounds import Sounds
from recurra.diagnosis.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False, kw_only=True)
class Description:
    """What is known of data; a part is empty, or None, where the data have no such thing.

    Attributes:
        source: what to call the data, such as their path.
        kind: "table", "series", "texts", "words", "clips", "pairs" or "music".
        size: how much there is of what.
        findings: what to know before a model is trained, the most important first.
        notes: how the data were read, in sentences.
        target: the column to be learnt.
        clock: the times of the rows.
        times: of the grid, (T,) datetime64[us] or int64, for pictures; None where rows are counted.
        columns: of a table, or of series.
        leaks: columns that may give the target away.
        lengths: of sequences, by what they are the lengths of.
        balances: how often labels, tags and groups come.
        vocabularies: of texts, by what they are the vocabulary of.
        repeats: items that are equal.
        sounds, music: of clips, of pieces.
    """

    source: str
    kind: str
    size: dict[str, int | float]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    target: str | None = None
    clock: Clock | None = None
    times: np.ndarray | None = field(default=None, metadata={"picture": True})
    columns: tuple[Column, ...] = ()
    leaks: tuple[Leak, ...] = ()
    lengths: dict[str, Lengths] = field(default_factory=dict)
    balances: tuple[Balance, ...] = ()
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)
    repeats: Repeats | None = None
    sounds: Sounds | None = None
    music: Notes | None = None

    @property
    def frequency(self) -> str | None:
        """The step of the times; None where rows are counted, or lie on no grid."""
        return None if self.clock is None else self.clock.frequency

    def count(self, level: str) -> int:
        """How many findings there are of a level, one of `recurra.diagnosis.LEVELS`."""
        return sum(finding.level == level for finding in self.findings)

    def verdict(self) -> str:
        """What was found, in a sentence."""
        amounts = {level: self.count(level) for level in LEVELS}
        if not any(amounts.values()):
            return "Nothing was found that should be seen to before a model is trained."
        names = {"serious": ("serious problem", "serious problems"), "warning": ("warning", "warnings")}
        names["hint"] = ("hint", "hints")
        parts = [f"{amount:,} {names[level][amount != 1]}" for level, amount in amounts.items() if amount]
        return f"{' and '.join([', '.join(parts[:-1]), parts[-1]] if parts[1:] else parts)}."

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: all but what pictures are drawn from. What is not a finite number is None."""
        return _plain(self)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {
            each.name: _plain(getattr(value, each.name))
            for each in dataclasses.fields(value)
            if not each.metadata.get("picture")
        }
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
