"""Pages on tasks: their examples run and print what they say, and their links lead somewhere."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
NAMES = (
    "describe",
    "first-steps",
    "formats",
    "forecasting",
    "labels",
    "language-models",
    "transcription",
    "translation",
    "inspection",
    "labs/index",
)
PAGES = [DOCS / f"{name}.md" for name in NAMES]


def samples(text):
    """Files that a page shows: a line with nothing but the name, and a block with the content."""
    return re.findall(r"^`([\w.-]+)`\n\n```\w+\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of_the_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, content in samples(page.read_text("utf-8")):
        Path(name).write_text(content)
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target
