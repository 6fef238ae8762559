"""recurra predict and evaluate with encoder-decoders: files, n-best lists, lines that are typed."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import recurra
from recurra.cli.app import app
from recurra.decoding import Beam
from tests.cli.pairs import write_pairs


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write_pairs(folder)
    (folder / "new.de").write_text("eins zwei\n\nhund \x1b[31m unbekannt\n")
    return folder


@pytest.fixture(scope="module")
def translator(fitted, folder):
    words = ["--level", "word", "--embedding-size", 8, "--hidden-size", 16, "--epochs", 20]
    return fitted("translate", folder / "train.de", folder / "train.en", *words)


@pytest.fixture
def typed(translator):
    """Answer lines; what is printed."""

    def typed(lines: str, *words: object) -> str:
        command = ["predict", str(translator.model), "--interactive", *map(str, words)]
        result = CliRunner().invoke(app, command, input=lines, catch_exceptions=False)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    return typed


def test_a_line_a_source(run, translator, folder, tmp_path) -> None:
    model = recurra.load(translator.model)
    lines = "".join(f"{text}\n" for text in model.predict(folder / "new.de"))
    assert lines.split("\n")[1] == ""
    result = run("predict", translator.model, folder / "new.de")
    assert (result.exit_code, result.stdout, result.stderr) == (0, lines, "")
    written = run("predict", translator.model, folder / "new.de", "--beam", 5, "-o", tmp_path / "new.en")
    assert (written.exit_code, written.stdout) == (0, "")
    assert (tmp_path / "new.en").read_text() == lines


def test_a_beam_and_the_n_best(run, translator, folder, tmp_path) -> None:
    best = recurra.load(translator.model).translate(folder / "new.de", beam=Beam(3, 2))
    result = run("predict", translator.model, folder / "new.de", "--beam", 3, "--n-best", 2)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == ["source", "rank", "text", "score", "log_probability"]
    told = [own for texts in best for own in texts]
    assert [row["text"] for row in rows] == [own.text for own in told]
    assert [float(row["score"]) for row in rows] == [own.score for own in told]
    assert [row["rank"] for row in rows] == ["1", "2", "1", "1", "2"]
    printed = json.loads(
        run("predict", translator.model, folder / "new.de", "--beam", 3, "--n-best", 2, "--json").stdout
    )
    first = printed["predictions"][0]
    assert list(first) == ["name", "source", "text", "score", "log_probability", "n_best"]
    assert (first["name"], [own["text"] for own in first["n_best"]]) == (
        "new.de, line 1",
        [own.text for own in best[0]],
    )
    run("predict", translator.model, folder / "new.de", "-o", tmp_path / "new.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "new.jsonl").read_text().splitlines()]
    assert [row["source"] for row in rows] == ["eins zwei", "", "hund \x1b[31m unbekannt"]


def test_lines_that_are_typed(typed, translator) -> None:
    model = recurra.load(translator.model)
    answers = [*model.predict(["eins zwei", "", "hund"])]
    assert typed("eins zwei\n\nhund") == "".join(f"{text}\n" for text in answers)
    two = model.translate(["drei"], beam=Beam(n_best=2))[0]
    assert typed("drei\n", "--n-best", 2) == "".join(f"{own.score:.3f}\t{own.text}\n" for own in two)
    said = json.loads(typed("drei\n", "--json"))
    assert said["source"] == "drei"
    assert [own["text"] for own in said["answers"]] == [two[0].text]
    assert typed("") == ""


def test_scores_of_two_files_and_of_a_table(run, translator, folder) -> None:
    model = recurra.load(translator.model)
    files = run("evaluate", translator.model, folder / "test.de", folder / "test.en", "--json")
    printed = json.loads(files.stdout)
    assert printed["metrics"] == model.evaluate(folder / "test.de", folder / "test.en").metrics
    assert (printed["data"], printed["targets"]) == (str(folder / "test.de"), str(folder / "test.en"))
    told = run("evaluate", translator.model, folder / "test.de", folder / "test.en")
    assert "What each text becomes: a text of 5 words that training saw" in told.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["DATA", "--beam", "0"], "--beam must be a whole number of at least 1, got 0"),
        (
            ["DATA", "--n-best", "7"],
            "--n-best must be at most the beam's size, 5, got 7; widen the beam or ask for fewer",
        ),
        (
            ["DATA", "--n-best", "2", "-o", "OUT.en"],
            "-o must end in .csv, .jsonl or .parquet, got TMP/OUT.en",
        ),
        (["DATA", "-o", "DATA"], "-o names the data itself, FOLDER/new.de; give another file name"),
        (
            ["DATA", "--tokens"],
            "--tokens is for language models, and the task of this one is translate; leave it out",
        ),
        (
            ["DATA", "--interactive"],
            "--interactive reads what is typed and prints the answers; leave DATA and -o out",
        ),
        ([], "DATA is missing; name a file, or give --interactive"),
    ],
    ids=range(7),
)
def test_bad_predictions(refused, translator, folder, tmp_path, words, message) -> None:
    places = {"DATA": folder / "new.de", "OUT.en": tmp_path / "OUT.en"}
    got = refused("predict", translator.model, *(places.get(word, word) for word in words))
    assert got.replace(str(folder), "FOLDER") == f"error: {message}"


def test_a_table_for_a_model_of_two_files(refused, translator, folder) -> None:
    table = folder / "all.csv"
    assert refused("predict", translator.model, table) == (
        f"error: {table} is a table with the columns id, deutsch, english, and the model was not fitted on a "
        "table; give a file with a source on each line, or a table of one column"
    )
    assert refused("evaluate", translator.model, table) == (
        f"error: {table} is a table, and the model was not fitted on one; give a file with a source on "
        "each line, and one of their targets"
    )


def test_other_models_write_no_texts(refused, sentiment, trained, corpus) -> None:
    data = corpus / "texts.test.tsv"
    assert refused("predict", sentiment.model, data, "--beam", 3) == (
        "error: --beam is for models that write texts from a source or a clip, and the task of this one is "
        "classify; leave it out"
    )
    assert refused("predict", sentiment.model, "--interactive") == (
        "error: --interactive is for models of recurra fit translate, and the task of this one is classify; "
        "give DATA"
    )
    assert refused("evaluate", sentiment.model, data, data) == (
        "error: TARGETS are for models of recurra fit translate, and the task of this one is classify; "
        "leave them out"
    )
    assert refused("evaluate", trained.model, trained.data, trained.data).startswith("error: TARGETS are for")
