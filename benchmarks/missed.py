"""Why goals were missed: the prose of benchmarks/missed.md, for the goals that a run did miss."""

import re
from collections.abc import Collection
from pathlib import Path

TEXT = Path(__file__).with_suffix(".md")


def sections(text: str) -> list[tuple[list[str], str]]:
    """The goals that each section's headings name, and its prose; what stands before them is left out."""
    found = re.findall(r"((?:^## .+\n+)+)((?:(?!## ).*(?:\n|\Z))*)", text, flags=re.MULTILINE)
    return [(re.findall(r"^## (.+)", heads, flags=re.MULTILINE), prose.strip()) for heads, prose in found]


def reasons(text: str, missed: Collection[str]) -> str:
    """The sections about goals that were missed, under the names of these; empty if there are none."""
    shown = [([goal for goal in goals if goal in missed], prose) for goals, prose in sections(text)]
    return "\n".join(
        "".join(f"### {goal}\n\n" for goal in goals) + f"{prose}\n" for goals, prose in shown if goals
    )
