import json
from pathlib import Path

import pytest

from recurra.cli import console


def test_names_are_printed_as_they_are_but_cannot_steer_the_terminal(capsys: pytest.CaptureFixture) -> None:
    console.say("[bold]x[/bold] \x1b[2J\x07\x9b1m\r:smile:")
    console.say_table(["[red]name", "n"], [["a\x1b]0;t\x07", "1"]])
    console.fail("\x1b[31mtwo\nlines")
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0] == "[bold]x[/bold] �[2J��1m�:smile:"
    assert "[red]name" in captured.out
    assert "\x1b" not in captured.out + captured.err
    assert captured.err == "error: �[31mtwo lines\n"


def test_long_paths_stay_in_one_piece(capsys: pytest.CaptureFixture) -> None:
    console.say_files({"Model": Path("/" + "x" * 200)}, 61.4)
    assert capsys.readouterr().out == f"Model     /{'x' * 200}\nTook      61 s\n"


def test_json_is_one_line_without_nan(capsys: pytest.CaptureFixture) -> None:
    console.say_json({"é": float("nan"), "nested": [{"x": float("inf")}, (1, 2.5)], "none": None})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"é": None, "nested": [{"x": None}, [1, 2.5]], "none": None}
