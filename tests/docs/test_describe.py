"""The page on data: its examples run and print what they say, and its commands have their options."""

import doctest
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recurra.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "describe.md"
COMMANDS = re.findall(r"^recurra describe .*$", PAGE.read_text("utf-8"), flags=re.MULTILINE)


def test_examples_of_the_page(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("line", COMMANDS)
def test_its_commands_have_their_options(line: str) -> None:
    shown = CliRunner().invoke(app, ["describe", "--help"], env={"COLUMNS": "200"}).stdout
    options = [word for word in line.split() if word.startswith("-")]
    assert [option for option in options if not re.search(rf"{option}\b", shown)] == []
