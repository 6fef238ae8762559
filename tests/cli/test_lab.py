import dataclasses
import json
import re
from pathlib import Path

import pytest

from recurra.labs import LABS, Check, gates


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab whose second check does not hold."""

    def run(seeds, budget):
        found = gates.run(seeds, budget)
        return dataclasses.replace(found, checks=[found.checks[0], Check("pigs fly", False, "none seen")])

    monkeypatch.setattr(gates, "LAB", dataclasses.replace(gates.LAB, run=run))


def test_without_a_name_they_are_listed(run) -> None:
    result = run("lab")
    assert (result.exit_code, result.stderr) == (0, "")
    starts = [line[:25].strip() for line in result.stdout.splitlines()]
    assert [name for name in starts if name in LABS] == list(LABS)
    assert re.search(
        r"^ gates +What does one step of an LSTM compute, by hand\?", result.stdout, re.MULTILINE
    )
    assert json.loads(run("lab", "--json").stdout) == {"labs": LABS}


def test_a_run_prints_its_tables_and_checks_and_writes_two_files(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("lab", "gates", "--seeds", 2)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("holds ") == 4
    assert "c = f·c + i·g      0.1     -0.07" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab-gates.html", "lab-gates.json"]
    assert str(tmp_path / "lab-gates.html") in result.stdout
    values = json.loads((tmp_path / "lab-gates.json").read_text())
    assert list(values) == [
        "lab", "title", "claim", "seeds", "budget", "seconds", "holds", "checks", "tables", "text", "data",
    ]  # fmt: skip
    assert (values["lab"], values["seeds"], values["holds"]) == ("gates", 2, True)
    assert list(values["data"]["differences"]) == ["0", "1"]


def test_json_is_one_object(run, tmp_path: Path) -> None:
    result = run("lab", "gates", "-o", tmp_path / "g.html", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    values = json.loads(result.stdout)
    assert values["files"] == [str(tmp_path / "g.html"), str(tmp_path / "g.json")]
    del values["files"]
    assert values == json.loads((tmp_path / "g.json").read_text())


def test_a_claim_that_does_not_hold_is_a_failure(run, failing, tmp_path: Path) -> None:
    result = run("lab", "gates", "-o", tmp_path / "g.html")
    assert (result.exit_code, result.stderr) == (1, "error: lab gates: 1 of 2 checks failed\n")
    assert "does not hold   pigs fly" in result.stdout
    assert json.loads((tmp_path / "g.json").read_text())["holds"] is False
    result = run("lab", "gates", "--budget", 0.5, "-o", tmp_path / "g.html")
    assert result.stderr == (
        "error: lab gates: 1 of 2 checks failed; this was 0.5 of the training, the claim is made for 1\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gate"], f"lab must be one of {', '.join(LABS)}, got 'gate'; did you mean 'gates'?"),
        (["gates", "--seeds", 0], "--seeds must be a whole number of at least 1, got 0"),
        (["gates", "--budget", 0], "--budget must be a finite number above 0, got 0.0"),
        (["gates", "-o", "page.txt"], "-o must end in .html or .htm, got page.txt"),
        (
            ["gates", "-o", "no/page.html"],
            "no/page.html cannot be written: the folder no does not exist; create it first",
        ),
    ],
)
def test_wrong_use(refused, tmp_path: Path, monkeypatch, words: list, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused("lab", *words) == f"error: {message}"
