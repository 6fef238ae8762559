"""Pages on tasks: their examples run and print what they say; their commands and links lead somewhere."""

import doctest
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recurra.cli.app import app

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("labels", "language-models", "transcription", "translation", "inspection")
PAGES = [DOCS / f"{name}.md" for name in NAMES]
COMMANDS = [
    line
    for page in PAGES
    for language, block in re.findall(
        r"^```(\w*)\n(.*?)^```$", page.read_text(), flags=re.DOTALL | re.MULTILINE
    )
    for line in block.splitlines()
    if not language
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of_the_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("line", COMMANDS)
def test_its_commands_have_their_options(line):
    words = line.removeprefix("recurra ").split()
    verb = words[:2] if words[0] == "fit" else words[:1]
    result = CliRunner().invoke(app, [*verb, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for option in (word for word in words if word.startswith("-")):
        assert re.search(rf"{option}\b", result.stdout), option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target
