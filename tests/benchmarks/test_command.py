"""The command of the benchmarks."""

import json
import re

import pytest

from benchmarks import __main__ as command
from benchmarks import ceilings
from benchmarks.contest import Contest, Contestant
from benchmarks.suites import SUITES


@pytest.fixture
def short(monkeypatch):
    """One suite, of one contest, and no ceilings."""
    contest = Contest(
        "Adding",
        {"N": 1},
        lambda: {"ours": Contestant(lambda: 1.0)},
        lambda times: {"× peer": 2.0},
        pause=0.0,
    )
    monkeypatch.setitem(SUITES, "layers", lambda settings: [contest])
    found = {"product": {"1": 100.0}, "multiply-adds": None, "read": None}
    monkeypatch.setattr(ceilings, "measure", lambda settings: found)


def test_a_run_is_printed_written_and_made_a_page(short, tmp_path, capsys):
    path = tmp_path / "runs" / "run.json"
    command.main(["layers", "--quick", "--threads", "1", "--json", str(path)])
    printed = capsys.readouterr().out
    assert re.search(r"Adding\s.*ours.*× peer", printed, flags=re.DOTALL)
    assert "kernels: " in printed
    assert re.search(r"^1 of 1 rows in \d+ s$", printed, flags=re.MULTILINE)
    run = json.loads(path.read_text("utf-8"))
    assert run["settings"] == {
        "quick": True,
        "rounds": 5,
        "budget": 0.6,
        "block": 0.01,
        "threads": 1,
        "peers": True,
    }
    (result,) = run["results"]
    assert result["figures"] == {"× peer": 2.0}
    assert len(result["seconds"]["ours"]) == 5
    command.main(["page", str(path)])
    page = capsys.readouterr().out
    assert page.startswith("# Benchmarks\n")
    assert "### Adding\n" in page


def test_a_run_of_one_suite_goes_into_an_earlier_run(short, tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    arguments = ["layers", "--quick", "--threads", "1", "--merge", "--json", str(path)]
    command.main(arguments)
    run = json.loads(path.read_text("utf-8"))
    assert run["runs"] == 1
    other = run["results"][0] | {"table": "LSTM training along T"}
    path.write_text(json.dumps(run | {"results": [other, *run["results"]]}), "utf-8")
    command.main(arguments)
    again = json.loads(path.read_text("utf-8"))
    assert again["runs"] == 2
    assert [result["table"] for result in again["results"]] == ["Adding", "LSTM training along T"]
    before = path.read_text("utf-8")
    with pytest.raises(SystemExit) as error:
        command.main([*arguments, "--rounds", "6"])
    assert str(error.value) == f"{path}: rounds was 5 and is 6 now; run every suite"
    assert path.read_text("utf-8") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speed"], "no suite 'speed'; there are layers, ragged, options, streaming, step, scaling"),
        (["--rounds", "4"], "--rounds must be at least 5"),
        (["page"], "page needs the JSON of a run"),
        (["--merge"], "--merge needs --json, and goes without --against"),
        (["--merge", "--json", "x", "--against", "y"], "--merge needs --json, and goes without --against"),
    ],
)
def test_wrong_use_is_refused(arguments, message, capsys):
    with pytest.raises(SystemExit) as error:
        command.main(arguments)
    assert error.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: {message}\n")
