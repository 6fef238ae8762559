"""Sections of a description: what was found, the data as they are, suspects, and how to have it again."""

import shlex
from typing import Any

from recurra._base.wording import count
from recurra.data.frequency import Frequency
from recurra.diagnosis import Clock, Description
from recurra.diagnosis.words import figure, share
from recurra.inspection.describe_columns import columns_table
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import MISSING

_LEAKS = {
    "copy": "a copy",
    "function": "a function of it",
    "ahead": "shifted, ahead",
    "behind": "shifted, behind",
    "counter": "counts rows",
    "class": "gives it away",
}


def findings_section(description: Description) -> Section:
    """What was found, the most important first, each with what to do."""
    content = {"findings": description.findings, "verdict": description.verdict()}
    return Section("findings", "What was found", "describe_findings.html", content)


def data_section(description: Description) -> Section:
    """How much there is of what, how it was read, and every column."""
    facts = [(name.capitalize(), _amount(value)) for name, value in description.size.items()]
    facts += [] if description.target is None else [("Target", description.target)]
    facts += [] if description.clock is None else _clock_facts(description.clock)
    content = {
        "facts": facts,
        "notes": description.notes,
        "table": columns_table(description.columns) if description.columns else None,
        "gaps": None if description.clock is None or not description.clock.gaps else _gaps(description.clock),
    }
    return Section("data", "The data", "describe_data.html", content)


def leaks_section(description: Description) -> Section | None:
    """Which columns may give the target away; None where there is no target, or nothing beside it."""
    if description.target is None or len(description.columns) < 2:
        return None
    rows = [[leak.column, _LEAKS[leak.kind], f"{leak.strength:.3f}", leak.why] for leak in description.leaks]
    content = {
        "target": description.target,
        "others": count(len(description.columns) - 1, "other column"),
        "rows": rows,
    }
    return Section("leaks", "Does a column give the target away?", "describe_leaks.html", content)


def use_section(description: Description, path: str) -> Section:
    """How to have the same again."""
    shell = f"recurra describe {shlex.quote(path)} -o page.html"
    target = f", target={description.target!r}" if description.target is not None else ""
    python = "\n".join(
        [
            "from recurra.diagnosis import describe",
            "",
            f"description = describe({path!r}{target})",
            "for finding in description.findings:",
            "    print(finding.level, finding.what, finding.advice)",
            "# everything but the pictures, as plain JSON values",
            "description.to_dict()",
        ]
    )
    return Section("use", "Have it again", "describe_use.html", {"shell": shell, "python": python})


def _amount(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _clock_facts(clock: Clock) -> list[tuple[str, str]]:
    zone = ", in UTC" if clock.utc else ""
    facts = [("Times", f"{clock.column}, from {clock.first} to {clock.last}{zone}")]
    step = "none: they lie on no grid" if clock.frequency is None else clock.step
    facts.append(("Step", step))
    if clock.frequency is not None:
        total = clock.rows - clock.repeated + clock.missing
        there = f"none of {total:,}" if not clock.missing else f"{clock.missing:,} of {total:,}"
        facts.append(("Rows missing between them", f"{there}{_in_gaps(clock)}"))
    facts.append(("Rows whose time came before", f"{clock.repeated:,}"))
    return facts


def _in_gaps(clock: Clock) -> str:
    if not clock.gaps:
        return ""
    lacking = share(clock.missing, clock.rows + clock.missing)
    return f" ({lacking}), in {count(clock.gaps, 'gap')}"


def _gaps(clock: Clock) -> Table:
    return Table(["Longest gaps, from", "Rows"], [[gap.first, f"{gap.rows:,}"] for gap in clock.longest])


def headline(description: Description) -> list[tuple[str, str, str]]:
    """The figures to read first: name, value, note."""
    size, shown = description.size, []
    first = next(iter(size))
    shown.append((first.capitalize(), _amount(size[first]), ""))
    if description.kind in ("table", "series") and "columns" in size:
        numeric = sum(column.kind == "numbers" for column in description.columns)
        shown.append(("Columns", f"{size['columns']:,}", f"{numeric:,} of numbers"))
        values = sum(column.rows for column in description.columns)
        missing = sum(column.missing for column in description.columns)
        shown.append(
            ("Missing values", share(missing, values) if values else MISSING, f"{missing:,} of {values:,}")
        )
        if description.clock is not None and description.clock.frequency is not None:
            shown.append(("Step", _step(description.clock.frequency), f"from {description.clock.first}"))
        return shown
    name, lengths = next(iter(description.lengths.items()))
    note = f"at most {figure(lengths.quantiles['highest'])}"
    shown.append((f"Median length in {name}", figure(lengths.quantiles["median"]), note))
    if description.vocabularies:
        name, found = next(iter(description.vocabularies.items()))
        shown.append((f"Different {name}", f"{found.distinct:,}", f"of {found.total:,}"))
    if description.balances:
        found = description.balances[0]
        shown.append((f"Different {found.what}s", f"{found.distinct:,}", ""))
    if description.repeats is not None and len(shown) < 4:
        shown.append(("Repeated", share(description.repeats.repeated, description.repeats.total), "of them"))
    return shown[:4]


def _step(frequency: str) -> str:
    step = Frequency.parse(frequency)
    units: dict[str, Any] = {"h": "hour", "d": "day", "w": "week", "mo": "month", "q": "quarter", "y": "year"}
    noun = {"m": "minute", "s": "second", "ms": "ms", "us": "µs", "i": "", **units}[step.unit]
    return f"{step.count} {noun}".strip() if step.count > 1 or not noun else f"1 {noun}"
