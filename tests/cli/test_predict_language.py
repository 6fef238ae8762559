"""recurra predict and evaluate with language models; recurra stream, which they do not have."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import recurra


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.txt"
    path.write_text("anel\n\nmiroé\n")
    return path


def test_a_row_a_document(run, namer, names: Path) -> None:
    result = run("predict", namer.model, names)
    assert (result.exit_code, result.stderr) == (0, "1 of 3 lines is empty and left out.\n")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == ["document", "log_probability", "tokens", "unknown", "nats", "bits", "text"]
    assert [(row["document"], row["text"], row["unknown"]) for row in rows] == [
        ("1", "anel", "0"),
        ("2", "miroé", "1"),
    ]
    for row, score in zip(rows, recurra.load(namer.model).predict(["anel", "miroé"])):
        assert float(row["log_probability"]) == score.log_probability
        assert int(row["tokens"]) == len(row["text"]) + 1  # with the end of the line
        assert float(row["nats"]) == pytest.approx(-score.log_probabilities.mean())
        assert float(row["bits"]) == pytest.approx(float(row["nats"]) / math.log(2))


def test_bits_are_those_of_the_evaluation(run, playwright, corpus: Path) -> None:
    predicted = json.loads(run("predict", playwright.model, corpus / "play.txt", "--json").stdout)
    evaluated = json.loads(run("evaluate", playwright.model, corpus / "play.txt", "--json").stdout)
    (row,) = predicted["predictions"]
    assert list(row) == ["document", "log_probability", "tokens", "unknown", "nats", "bits"]
    assert {name: row[name] for name in ("nats", "bits")} == pytest.approx(
        {name: evaluated["metrics"][name] for name in ("nats", "bits")}
    )
    assert row["tokens"] == evaluated["count"]


def test_a_row_a_token(run, namer, names: Path, tmp_path: Path) -> None:
    result = run("predict", namer.model, names, "--tokens", "-o", tmp_path / "out.jsonl")
    assert (result.exit_code, result.stdout) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    scores = recurra.load(namer.model).predict(["anel", "miroé"])
    assert rows == [
        {"document": document, "step": step, "token": token, "log_probability": float(value)}
        for document, score in enumerate(scores, start=1)
        for step, (token, value) in enumerate(zip(score.tokens, score.log_probabilities), start=1)
    ]
    assert [row["token"] for row in rows if row["document"] == 1] == ["a", "n", "e", "l", ""]


def test_a_row_a_piece(run, composer, corpus: Path, tmp_path: Path) -> None:
    result = run("predict", composer.model, corpus / "loose.json", "-o", tmp_path / "out.parquet")
    assert result.exit_code == 0
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame.columns == ["name", "log_probability", "steps", "nll"]
    assert frame["steps"].to_list() == [40] * 12
    model = recurra.load(composer.model)
    rows = [row[1:] for row in model.predict(corpus / "loose.json")]
    assert frame["nll"].to_list() == pytest.approx([-row.mean() for row in rows])
    evaluation = model.evaluate(corpus / "loose.json")
    assert -frame["log_probability"].sum() / (12 * 39) == pytest.approx(evaluation.metrics["nll"])


def test_a_row_a_step(run, composer, corpus: Path) -> None:
    printed = json.loads(run("predict", composer.model, corpus / "tunes.json", "--tokens", "--json").stdout)
    rows = printed["predictions"]
    assert [row["step"] for row in rows] == [*range(2, 41)] * 2  # of the test part
    expected = recurra.load(composer.model).predict(corpus / "tunes.json")
    assert [row["log_probability"] for row in rows] == [*expected[0][1:], *expected[1][1:]]
    assert rows[0]["name"] == f"{corpus / 'tunes.json'}: test[0]"


def test_which_part_of_music_is_read_is_said(run, composer, corpus: Path) -> None:
    note = "Of the parts of tunes.json, only the test part is read."
    result = run("predict", composer.model, corpus / "tunes.json")
    assert (result.stderr, len(result.stdout.splitlines())) == (f"{note}\n", 3)
    assert note in run("evaluate", composer.model, corpus / "tunes.json").stdout
    for command in ("predict", "evaluate"):
        printed = json.loads(run(command, composer.model, corpus / "tunes.json", "--json").stdout)
        assert printed["notes"][0] == note


def test_a_piece_of_one_step(run, composer, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text("[[[60]]]")
    rows = csv.DictReader(io.StringIO(run("predict", composer.model, tmp_path / "one.json").stdout))
    assert [(row["log_probability"], row["steps"], row["nll"]) for row in rows] == [("0", "1", "")]
    assert run("predict", composer.model, tmp_path / "one.json", "--tokens").stdout == "\n"


def test_evaluate_texts(run, namer, names: Path) -> None:
    result = run("evaluate", namer.model, names, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    expected = recurra.load(namer.model).evaluate(["anel", "miroé"]).to_dict()
    assert printed["metrics"] == expected["metrics"]
    assert printed["notes"] == ["1 of 3 lines is empty and left out.", *expected["notes"]]
    assert set(printed) - set(expected) == {"model", "data", "seconds"}


def test_evaluate_for_people(run, composer, playwright, corpus: Path) -> None:
    titles = {
        composer.model: (
            "tunes.json",
            "The next step of a piece: which of 88 keys sound, with 2 steps a beat",
        ),
        playwright.model: ("play.txt", f"The next word of a text: one of {words(corpus)} that training saw"),
    }
    for model, (data, title) in titles.items():
        lines = run("evaluate", model, corpus / data).stdout.splitlines()
        assert lines[0] == title
        assert " ".join(" ".join(lines).split()).endswith("; there is no baseline.")
        assert max(map(len, lines)) <= 80


def words(corpus: Path) -> int:
    from recurra.data import TextFeatures, hold_out, read_corpus

    rest, _ = hold_out(read_corpus(corpus / "play.txt"), 0.1, name="test", seed=0)
    training, _ = hold_out(rest, 0.05, name="validation", seed=0, spread=True)
    return TextFeatures.fit(training.texts, level="word", lowercase=False).size - 1


def test_what_does_not_suit_is_refused(refused, namer, composer, sentiment, names: Path, corpus) -> None:
    assert refused("predict", sentiment.model, names, "--tokens") == (
        "error: --tokens is for language models, and the task of this one is classify; leave it out"
    )
    for model in (namer.model, composer.model):
        assert refused("stream", model, names) == (
            f"error: {model} is a language model, which labels nothing; use recurra generate to write with "
            "it, or recurra predict --tokens to score each step"
        )
    assert refused("predict", composer.model, names) == (
        f"error: {names} is not known as music by its name; give a .mat, .npz, .json, .mid or .midi file, or "
        "a folder or .zip archive of MIDI files".replace(str(names.parent), "TMP")
    )


def test_binary_data_is_refused(refused, namer, tmp_path: Path) -> None:
    (tmp_path / "names.bin").write_bytes(b"anna\0")
    (tmp_path / "names.txt").write_bytes(b"ann\xe9\n")
    (tmp_path / "empty.txt").write_bytes(b"")
    messages = {
        "names.bin": "is binary or UTF-16, with a zero at byte 4; give a text that is saved as UTF-8",
        "names.txt": "is not UTF-8 text (at byte 3); save it as UTF-8",
        "empty.txt": "is empty; give a file with text in it",
    }
    for name, message in messages.items():
        assert refused("predict", namer.model, tmp_path / name) == f"error: TMP/{name} {message}"


def test_steps_add_up(run, namer, names: Path) -> None:
    found = [
        json.loads(run("predict", namer.model, names, "--json", *words).stdout)["predictions"]
        for words in ([], ["--tokens"])
    ]
    for row in found[0]:
        steps = [step["log_probability"] for step in found[1] if step["document"] == row["document"]]
        assert row["log_probability"] == pytest.approx(np.sum(steps), rel=1e-12)
