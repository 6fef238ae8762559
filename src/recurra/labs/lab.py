"""What a lab is, and what it finds: tables, pictures, and checks of its claim."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MISSING = "–"


@dataclass(frozen=True)
class Table:
    """Values by row; the first column names the row."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | float]]
    note: str = ""

    def texts(self) -> list[list[str]]:
        """The rows for people: four significant figures, a dash for what is not finite."""
        return [[_text(value) for value in row] for row in self.rows]


@dataclass(frozen=True)
class Picture:
    """A plotly figure in the page's style, as `recurra.inspection.figures.figure` makes it."""

    title: str
    figure: Any
    note: str = ""


@dataclass(frozen=True)
class Check:
    """A claim, whether the numbers bear it out, and the numbers in words."""

    claim: str
    holds: bool
    evidence: str


@dataclass(frozen=True)
class Result:
    """What one run of a lab found.

    Attributes:
        tables: in reading order.
        pictures: in reading order.
        checks: of the claim; one seed's or all seeds', as their texts say.
        data: plain JSON values: every number that the claim is about.
        text: paragraphs, such as samples.
    """

    tables: Sequence[Table]
    pictures: Sequence[Picture]
    checks: Sequence[Check]
    data: Mapping[str, Any]
    text: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the pictures; a number that is not finite becomes None."""
        tables = [
            {"title": table.title, "columns": table.columns, "rows": table.rows, "note": table.note}
            for table in self.tables
        ]
        checks = [
            {"claim": check.claim, "holds": check.holds, "evidence": check.evidence} for check in self.checks
        ]
        parts = {"holds": self.holds, "checks": checks, "tables": tables, "text": self.text}
        return _plain({**parts, "data": self.data})


@dataclass(frozen=True)
class Lab:
    """A classic experiment: its question, its claim, and ``run(seeds, budget)``, which checks the claim.

    The budget scales training: 1 is the whole experiment, for which the claim is made, and less is a try.
    """

    name: str
    title: str
    claim: str
    run: Callable[[Sequence[int], float], Result]


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if math.isfinite(value) else MISSING


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
