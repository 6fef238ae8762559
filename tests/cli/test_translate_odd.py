"""Encoder-decoders on the command line, with what few ask of them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import recurra
from recurra.cli import console
from recurra.cli.app import app
from recurra.runtime.translation import TranslationModel

QUICK = ["--level", "char", "--embedding-size", 4, "--epochs", 1]


@pytest.fixture(scope="module")
def escaping(fitted, tmp_path_factory):
    """A model whose alphabet could steer a terminal, of a table with a column that is called by a number."""
    data = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    data.write_text("2024,said\n" + "".join(f"a{i},\x1b\x1b\x1b\n" for i in range(40)))
    return fitted("translate", data, "--source", "2024", "--target", 2, *QUICK)


def test_a_column_that_is_called_by_a_number(escaping) -> None:
    model = recurra.load(escaping.model)
    assert isinstance(model, TranslationModel)
    assert model.columns == {"source": "2024", "target": "2", "header": True}


def test_answers_cannot_steer_a_terminal(escaping, monkeypatch) -> None:
    def printed() -> str:
        command = ["predict", str(escaping.model), str(escaping.data), "--n-best", "2"]
        return CliRunner().invoke(app, command, catch_exceptions=False).stdout

    plain = printed()
    assert "\x1b" in plain
    monkeypatch.setattr(type(console.out), "is_terminal", True)
    assert printed() == plain.replace("\x1b", "\N{REPLACEMENT CHARACTER}")


def test_no_steps_of_lines_that_are_typed(refused, escaping) -> None:
    assert refused("predict", escaping.model, "--interactive", "--tokens") == (
        "error: --tokens is for language models, and --interactive for others; leave one out"
    )


def test_an_answer_is_no_stream(refused, escaping) -> None:
    assert refused("stream", escaping.model, escaping.data) == (
        f"error: {escaping.model} writes an answer once the whole source is in; use recurra predict, with "
        "--interactive to answer line by line"
    )


def test_lines_that_are_typed_are_utf_8(escaping) -> None:
    command = [sys.executable, "-m", "recurra.cli", "predict", escaping.model, "--interactive"]
    done = subprocess.run(command, input=b"a1\n\xff\n", capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode() == "error: line 2 of the standard input is not UTF-8; give text that is\n"
