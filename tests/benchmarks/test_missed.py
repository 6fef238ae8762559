"""Reasons are shown for the goals that were missed, and for no others."""

from benchmarks.missed import reasons, sections

TEXT = """What stands here is for writers.

## Speed
## Size

Both for one reason,

in two paragraphs.

## Colour
None.
"""


def test_sections_may_share_their_prose():
    assert sections(TEXT) == [
        (["Speed", "Size"], "Both for one reason,\n\nin two paragraphs."),
        (["Colour"], "None."),
    ]
    assert sections("nothing yet\n") == []


def test_reasons_of_what_was_missed():
    both = "Both for one reason,\n\nin two paragraphs.\n"
    assert reasons(TEXT, ["Size"]) == f"### Size\n\n{both}"
    assert reasons(TEXT, ["Colour", "Size", "Speed", "Weight"]) == (
        f"### Speed\n\n### Size\n\n{both}\n### Colour\n\nNone.\n"
    )
    assert reasons(TEXT, ["Weight"]) == ""
