"""The command of the benchmarks."""

import json
import re

import pytest

from benchmarks import __main__ as command
from benchmarks import ceilings, timing
from benchmarks.contest import Contest, Contestant
from benchmarks.suites import SUITES


@pytest.fixture
def short(monkeypatch):
    """One suite, of one contest, and no ceilings."""
    contest = Contest(
        "Adding", {"N": 1}, lambda: {"ours": Contestant(lambda: 1.0)}, lambda times: {"× peer": 2.0}
    )
    monkeypatch.setattr(timing, "PAUSE", 0)
    monkeypatch.setitem(SUITES, "layers", lambda settings: [contest])
    found = {"product": {"1": 100.0}, "multiply-adds": None, "read": None}
    monkeypatch.setattr(ceilings, "measure", lambda settings: found)


def test_a_run_is_printed_written_and_made_a_page(short, tmp_path, capsys):
    path = tmp_path / "runs" / "run.json"
    command.main(["layers", "--quick", "--threads", "1", "--json", str(path)])
    printed = capsys.readouterr().out
    assert re.search(r"Adding\s.*ours.*× peer", printed, flags=re.DOTALL)
    assert "kernels: " in printed
    run = json.loads(path.read_text("utf-8"))
    assert run["settings"] == {"quick": True, "rounds": 5, "block": 0.01, "threads": 1, "peers": True}
    (result,) = run["results"]
    assert result["figures"] == {"× peer": 2.0}
    assert len(result["seconds"]["ours"]) == 5
    command.main(["page", str(path)])
    page = capsys.readouterr().out
    assert page.startswith("# Benchmarks\n")
    assert "### Adding\n" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speed"], "no suite 'speed'; there are layers, ragged, options, streaming, step, scaling"),
        (["--rounds", "4"], "--rounds must be at least 5"),
        (["page"], "page needs the JSON of a run"),
    ],
)
def test_wrong_use_is_refused(arguments, message, capsys):
    with pytest.raises(SystemExit) as error:
        command.main(arguments)
    assert error.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: {message}\n")
