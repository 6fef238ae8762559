"""The page of a description: what was found on top, then the data part by part."""

from recurra.diagnosis import Description
from recurra.inspection.describe_columns import course_section, distribution_section
from recurra.inspection.describe_sections import (
    data_section,
    findings_section,
    headline,
    leaks_section,
    use_section,
)
from recurra.inspection.describe_sequences import (
    labels_section,
    lengths_section,
    music_section,
    repeats_section,
    sounds_section,
    vocabulary_section,
)
from recurra.inspection.page import sections_page
from recurra.inspection.section import Section


def describe_page(description: Description) -> str:
    """One self-contained HTML page about data, as `recurra.diagnosis.describe` found them.

    Raises MissingExtraError without plotly and jinja2.
    """
    possible = [
        findings_section(description),
        data_section(description),
        leaks_section(description),
        lengths_section(description.lengths),
        labels_section(description),
        vocabulary_section(description.vocabularies),
        repeats_section(description),
        sounds_section(description),
        music_section(description),
        distribution_section(description),
        course_section(description),
        use_section(description, description.source),
    ]
    sections: list[Section] = [section for section in possible if section is not None]
    return sections_page(
        sections,
        title=_title(description),
        data=description.source,
        verdict=[description.verdict()],
        headline=headline(description),
        more=["describe"],
    )


def _title(description: Description) -> str:
    """``A table of 17,420 rows``, ``6,920 texts``."""
    what, amount = next(iter(description.size.items()))
    amounts = f"{amount:,} {what}" if amount != 1 else f"1 {what.removesuffix('s')}"
    match description.kind:
        case "table":
            return f"A table of {amounts}"
        case "series" if "series" in description.size:
            return f"{description.size['series']:,} series in {amounts}"
        case "music":
            return f"Music: {amounts}"
    return amounts
