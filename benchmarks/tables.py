"""Results as tables, for a terminal and for the page."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Results = Sequence[Mapping[str, Any]]
"""`timing.Result.to_dict` of each."""


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean; NaN where a value is not positive, which noise can make of a small cost."""
    return statistics.geometric_mean(values) if min(values) > 0 else math.nan


SUMMARIES = {"geometric mean": geometric_mean, "least": min, "greatest": max}


def by_table(results: Results) -> dict[str, list[Mapping[str, Any]]]:
    """The results of each table, in the order of their first appearance."""
    tables: dict[str, list[Mapping[str, Any]]] = {}
    for result in results:
        tables.setdefault(result["table"], []).append(result)
    return tables


def columns(results: Results) -> tuple[list[str], list[str], list[str]]:
    """The columns of a table: of the case, of times by contestant, of figures."""
    case, seconds, figures = (
        list(dict.fromkeys(name for result in results for name in result[part]))
        for part in ("case", "seconds", "figures")
    )
    return case, seconds, figures


def grid(results: Results) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a table, the summaries of its figures last."""
    case, seconds, figures = columns(results)
    rows = [
        [
            *(str(result["case"].get(name, "")) for name in case),
            *(duration(result["seconds"].get(name)) for name in seconds),
            *(number(result["figures"].get(name)) for name in figures),
        ]
        for result in results
    ]
    if len(results) > 1 and figures:
        for label, summary in SUMMARIES.items():
            values = [summary(present(results, name)) for name in figures]
            blanks = [""] * (len(case) + len(seconds) - 1)
            rows.append([label, *blanks, *(number(value) for value in values)])
    return [*case, *seconds, *figures], rows


def present(results: Iterable[Mapping[str, Any]], figure: str) -> list[float]:
    """The figure of every result that has it."""
    return [result["figures"][figure] for result in results if figure in result["figures"]]


def duration(seconds: Sequence[float] | None) -> str:
    """The median, with a unit."""
    if not seconds:
        return ""
    median = statistics.median(seconds)
    unit, factor = next(
        ((unit, factor) for unit, factor in (("s", 1.0), ("ms", 1e3)) if median * factor >= 1), ("µs", 1e6)
    )
    return f"{number(median * factor)} {unit}"


def number(value: float | None) -> str:
    """Three digits, as many as a reader can use."""
    if value is None or math.isnan(value):
        return ""
    if value == 0:
        return "0"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def show(console: Console, title: str, results: Results) -> None:
    """Print one table."""
    head, rows = grid(results)
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in head:
        table.add_column(name, justify="right")
    for k, row in enumerate(rows):
        table.add_row(*row, end_section=k == len(results) - 1)
    console.print(table)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]], text: int = 0) -> str:
    """A table in Markdown, with so many columns of text before those of numbers."""
    rules = ["---" if k < text else "---:" for k in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rules, *rows))
