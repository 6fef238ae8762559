"""recurra inspect: pages, figures for machines, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_process import imported
from tests.inspection.html_page import Page


def test_a_sentence_is_looked_at(run, sentiment, tmp_path: Path) -> None:
    page = tmp_path / "inside.html"
    result = run("inspect", sentiment.model, "--text", "a good film", "-o", page)
    assert (result.exit_code, result.stderr) == (0, "")
    first, second, *_ = result.stdout.splitlines()
    assert first == "Inside m.safetensors"
    assert second.startswith("It says “")
    assert f"Page      {page}" in result.stdout
    html = Page(page.read_text("utf-8"))
    assert html.titles == [
        "The prediction as it forms", "Which steps mattered", "Gates over time", "Memory", "Training",
        "The model and its weights",
    ]  # fmt: skip
    assert "“a good film”, 3 words" in html.text


def test_figures_are_one_object_for_machines(run, trained) -> None:
    result = run("inspect", trained.model, trained.data, "--row", 3, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    told: dict[str, Any] = json.loads(result.stdout)
    assert list(told) == [
        "model", "page", "name", "task", "fingerprint", "parameters", "history", "warnings", "matrices",
        "given", "layers", "forming", "attended", "posteriors", "memory", "spectra", "attributions", "notes",
    ]  # fmt: skip
    assert (told["model"], told["page"], told["task"]) == (str(trained.model), None, "forecast")
    assert len(told["given"]["steps"]) == len(told["attributions"][0]["by_step"]) == 24
    assert told["given"]["inputs"][0] == "load"
    assert {one["gate"] for one in told["layers"][0]["saturation"]} == {
        "input",
        "forget",
        "candidate",
        "output",
        "h",
    }
    earlier = json.loads(run("inspect", trained.model, trained.data, "--json").stdout)["given"]["steps"]
    assert told["given"]["steps"][-1] == earlier[-4]


def test_without_an_input_the_page_shows_training_and_weights(run, sentiment, tmp_path: Path) -> None:
    page = tmp_path / "inside.html"
    result = run("inspect", sentiment.model, "-o", page, "--json")
    assert json.loads(result.stdout)["page"] == str(page)
    assert json.loads(result.stdout)["given"] is None
    assert Page(page.read_text("utf-8")).titles == ["Training", "The model and its weights"]


def test_two_models_are_shown_side_by_side(run, trained, tmp_path: Path) -> None:
    page, other = tmp_path / "both.html", tmp_path / "other.safetensors"
    other.write_bytes(trained.model.read_bytes())
    result = run("inspect", trained.model, trained.data, "--against", other, "-o", page)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line for line in result.stdout.splitlines() if line.startswith("Inside")] == [
        "Inside load.safetensors", "Inside other.safetensors"
    ]  # fmt: skip
    assert "Beside other.safetensors" in Page(page.read_text("utf-8")).titles
    told = json.loads(run("inspect", trained.model, trained.data, "--against", other, "--json").stdout)
    assert told["against"]["name"] == "other.safetensors"
    assert set(told["moved"].values()) == {0.0}


def test_models_whose_files_have_one_name_are_told_apart_by_their_paths(
    run, sentiment, tmp_path: Path
) -> None:
    other = tmp_path / sentiment.model.name
    other.write_bytes(sentiment.model.read_bytes())
    told = json.loads(run("inspect", sentiment.model, "--against", other, "--json").stdout)
    assert (told["name"], told["against"]["name"]) == (str(sentiment.model), str(other))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "-o is missing; name a page to write, such as inside.html, or give --json"),
        (["-o", "TMP/a.txt"], "-o must end in .html or .htm, got TMP/a.txt"),
        (
            ["-o", "TMP/no/a.html"],
            "TMP/no/a.html cannot be written: the folder TMP/no does not exist; create it first",
        ),
        (["DATA", "--text", "a", "--json"], "--text stands in place of INPUT; leave one of them out"),
        (["--row", "1", "--json"], "--row is for the items of INPUT; name a file, or leave it out"),
        (["TMP/no.csv", "--json"], "TMP/no.csv does not exist"),
        (
            ["DATA", "--row", "477", "--json"],
            "--row must be a whole number from 0 to 476, as the data has 477 windows, got 477",
        ),
        (
            ["--text", "a good film", "--json"],
            "--text is a sentence, but the model reads tables of numbers and has no vocabulary; "
            "give INPUT in its place",
        ),
        (
            ["--against", "OTHER", "--json"],
            "--against must be a model for the same task, forecast, got one for classify",
        ),
        (
            ["--against", "TMP/no.safetensors", "--json"],
            "TMP/no.safetensors: there is no such file; check the path",
        ),
    ],
)
def test_what_is_refused(refused, trained, sentiment, tmp_path: Path, words: list[str], message: str) -> None:
    places = {"DATA": trained.data, "OTHER": sentiment.model}
    given = [places.get(word, word.replace("TMP", str(tmp_path))) for word in words]
    assert refused("inspect", trained.model, *given) == f"error: {message}"


def test_an_input_must_fit_the_model(
    refused, trained, sentiment, listener, corpus: Path, tmp_path: Path
) -> None:
    assert refused("inspect", listener.model, "--text", "a", "--json") == (
        "error: --text is a sentence, but the model reads clips and has no vocabulary; "
        "give INPUT in its place"
    )
    assert refused("inspect", sentiment.model, "--text", "a", "--against", listener.model, "--json") == (
        "error: --against must read this input, too: --text is a sentence, but the model reads clips "
        "and has no vocabulary; give INPUT in its place"
    )
    assert refused("inspect", sentiment.model, "--text", " ", "--json") == (
        "error: --text has no word that the model could read; give an item with at least one"
    )
    assert refused("inspect", sentiment.model, corpus / "texts.test.tsv", "--row", "20", "--json") == (
        "error: --row must be a whole number from 0 to 19, as INPUT has 20 items, got 20"
    )
    short = tmp_path / "short.csv"
    short.write_text("time,load,weekday\n2024-01-01,1,1\n2024-01-02,2,2\n")
    said = refused("inspect", trained.model, short, "--json")
    assert said == "error: the data has 2 rows, but a forecast needs the last 24; give more"


def test_figures_need_neither_pytorch_nor_plotly(trained, tmp_path: Path) -> None:
    assert imported("inspect", "--help") == []
    assert imported("inspect", trained.model, trained.data, "--json") == []
    assert imported("inspect", trained.model, trained.data, "-o", tmp_path / "a.html") == ["jinja2", "plotly"]


def test_a_page_without_plotly_names_the_extra(trained, tmp_path: Path) -> None:
    code = "import sys; sys.modules['plotly'] = None; from recurra.cli.app import app; app(sys.argv[1:])"
    words = ["inspect", str(trained.model), "-o", str(tmp_path / "a.html")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.stderr == "error: plotly is not installed; install it with: pip install 'recurra[report]'\n"
    assert done.returncode == 1
