"""What a lab found, as one page that fetches nothing."""

import inspect

from recurra._base.wording import count
from recurra.inspection.page import sections_page
from recurra.inspection.section import Section
from recurra.labs.lab import Lab, Result
from recurra.labs.registry import module


def lab_page(lab: Lab, result: Result, *, seeds: int, budget: float) -> str:
    """One self-contained HTML page: the claim and its checks, pictures, tables, and the script itself.

    Raises MissingExtraError without plotly and jinja2.
    """
    held = sum(check.holds for check in result.checks)
    verdict = f"{held} of {count(len(result.checks), 'check')} hold."
    if budget != 1:
        verdict += f" This was a run with {budget:g} of the training; the claim is made for all of it."
    return sections_page(
        _sections(lab, result, f"recurra lab {lab.name} --seeds {seeds} --budget {budget:g}"),
        title=lab.title,
        data=f"lab {lab.name}",
        verdict=[lab.claim, verdict],
        headline=[],
    )


def _sections(lab: Lab, result: Result, command: str) -> list[Section]:
    figures = {f"picture-{place}": picture.figure for place, picture in enumerate(result.pictures)}
    pictures = [
        (place, picture.title, picture.note) for place, picture in zip(figures, result.pictures, strict=True)
    ]
    tables = [
        (table.title, {"columns": table.columns, "rows": table.texts()}, table.note)
        for table in result.tables
    ]
    script = inspect.getsource(module(lab.name))
    sections = [
        Section("checks", "Does the claim hold?", "lab_checks.html", {"checks": result.checks}),
        Section("pictures", "What it looks like", "lab_pictures.html", {"pictures": pictures}, figures),
        Section("numbers", "The numbers", "lab_tables.html", {"tables": tables}),
        Section("words", "In words", "lab_text.html", {"paragraphs": result.text}),
        Section("again", "Do it yourself", "lab_script.html", {"command": command, "script": script}),
    ]
    shown = {"pictures": pictures, "numbers": tables, "words": result.text}
    return [section for section in sections if shown.get(section.id, True)]
