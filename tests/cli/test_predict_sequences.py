"""recurra predict and evaluate with models of labelled sequences: what the library says, in every form."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

import recurra
from recurra.data import read_clips, resample


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.txt"
    path.write_text('a good film\na "bad", dull tree\n')
    return path


def test_texts_as_csv(run, sentiment, reviews: Path) -> None:
    result = run("predict", sentiment.model, reviews)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == ["label", "probability", "text"]
    texts = ["a good film", 'a "bad", dull tree']
    assert [row["text"] for row in rows] == texts
    odds = recurra.load(sentiment.model).predict_proba(texts)
    assert [float(row["probability"]) for row in rows] == odds.max(axis=1).tolist()
    assert [row["label"] for row in rows] == [str(code) for code in odds.argmax(axis=1)]


def test_texts_as_one_object(run, sentiment, reviews: Path) -> None:
    result = run("predict", sentiment.model, reviews, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    assert (printed["model"], printed["data"]) == (str(sentiment.model), str(reviews))
    assert (len(printed["predictions"]), printed["notes"]) == (2, [])
    first = printed["predictions"][0]
    odds = recurra.load(sentiment.model).predict_proba(["a good film"])[0].tolist()
    assert first == {
        "name": "reviews.txt, line 1",
        "text": "a good film",
        "label": str(int(np.argmax(odds))),
        "probability": max(odds),
        "probabilities": {"0": odds[0], "1": odds[1]},
    }


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_predictions_as_a_file(run, sentiment, reviews: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out{ending}"
    result = run("predict", sentiment.model, reviews, "-o", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    read = {
        ".csv": lambda: pl.read_csv(out).to_dicts(),
        ".parquet": lambda: pl.read_parquet(out).to_dicts(),
        ".jsonl": lambda: [json.loads(line) for line in out.read_text().splitlines()],
    }
    odds = recurra.load(sentiment.model).predict_proba(reviews).max(axis=1)
    assert [row["probability"] for row in read[ending]()] == odds.tolist()


def test_tags_stand_beside_their_words(run, tagger, tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("the cat sees a dog\na film\n")
    words = [["the", "cat", "sees", "a", "dog"], ["a", "film"]]
    tags = recurra.load(tagger.model).predict(words)
    columns = ["".join(f"{word}\t{tag}\n" for word, tag in zip(*pair)) for pair in zip(words, tags)]
    for output in ([], ["-o", tmp_path / "out.tsv"]):
        result = run("predict", tagger.model, tmp_path / "plain.txt", *output)
        assert (result.exit_code, result.stderr) == (0, "")
        assert (result.stdout if not output else output[1].read_text()) == "\n".join(columns)
    printed = json.loads(run("predict", tagger.model, tmp_path / "plain.txt", "--json").stdout)
    assert printed["predictions"][1] == {
        "name": "plain.txt, line 2", "tokens": ["a", "film"], "tags": tags[1]
    }  # fmt: skip


def test_tags_of_series_with_their_odds(run, fitted, corpus: Path, tmp_path: Path) -> None:
    words = ["--series", "id", "--time", "t", "--label", "side", "--column", "x"]
    trained = fitted("tag", corpus / "series.csv", *words)
    result = run("predict", trained.model, corpus / "series.csv", "-o", tmp_path / "out.csv")
    assert result.exit_code == 0
    frame = pl.read_csv(tmp_path / "out.csv")
    assert frame.columns == ["name", "step", "tag", "probability"]
    assert frame["step"].to_list() == [1, 2, 3, 4, 5, 6] * 40
    odds = np.concatenate(recurra.load(trained.model).predict_proba(corpus / "series.csv"))
    assert frame["probability"].to_list() == odds.max(axis=1).tolist()


def test_numbers_with_their_quantiles(run, fitted, corpus: Path) -> None:
    words = ["--series", "id", "--time", "t", "--label", "slope", "--column", "x"]
    trained = fitted("regress", corpus / "series.csv", *words)
    rows = list(csv.DictReader(io.StringIO(run("predict", trained.model, corpus / "series.csv").stdout)))
    assert list(rows[0]) == ["point", "q0.1", "q0.5", "q0.9", "name"]
    quantiles = recurra.load(trained.model).predict_quantiles(corpus / "series.csv")
    assert [[float(row[name]) for name in ("q0.1", "q0.5", "q0.9")] for row in rows] == quantiles.tolist()
    assert [row["point"] for row in rows] == [row["q0.5"] for row in rows]
    assert rows[0]["name"] == "series.csv, series s0"


def test_a_single_clip_of_another_rate_is_said(run, listener, corpus: Path, tmp_path: Path) -> None:
    clips = {clip.name: clip for clip in read_clips(corpus / "sounds.zip")}
    soundfile.write(tmp_path / "low.wav", resample(clips["low_eve_1.wav"], 16000).samples, 16000)
    result = run("predict", listener.model, tmp_path / "low.wav")
    assert result.exit_code == 0
    assert result.stderr == "1 of 1 clips resampled from 16,000 to 8,000 samples a second.\n"
    row = next(csv.DictReader(io.StringIO(result.stdout)))
    assert (row["label"], row["name"]) == ("low", "low.wav")


def test_a_forecast_as_one_object(run, trained) -> None:
    printed = json.loads(run("predict", trained.model, trained.data, "--json").stdout)
    forecast = recurra.load(trained.model).predict(trained.data)
    assert [row["point"] for row in printed["predictions"]] == forecast.point.tolist()
    assert printed["predictions"][0]["time"] == "2025-05-15"
    assert printed["notes"] == list(forecast.gaps.lines())


def test_evaluate_prints_one_object(run, sentiment, corpus: Path) -> None:
    result = run("evaluate", sentiment.model, corpus / "texts.test.tsv", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    expected = recurra.load(sentiment.model).evaluate(corpus / "texts.test.tsv").to_dict()
    assert {name: printed[name] for name in expected} == expected
    assert printed["metrics"] == sentiment.printed["metrics"]
    assert list(printed["baselines"]) == ["majority class"]
    assert set(printed) - set(expected) == {"model", "data", "seconds"}


def test_evaluate_prints_a_table_for_people(run, tagger, corpus: Path) -> None:
    result = run("evaluate", tagger.model, corpus / "words.test.conllu")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == "One of 3 labels for each word: DET, NOUN, VERB"
    assert any(line.startswith("Accuracy ") for line in lines)
    assert any(line.startswith("Of 100 tags, ") for line in lines)
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_what_does_not_suit_is_refused(refused, sentiment, tagger, reviews: Path, tmp_path: Path) -> None:
    assert refused("predict", sentiment.model, reviews, "-o", tmp_path / "o.tsv") == (
        "error: -o must end in .csv, .jsonl or .parquet, got TMP/o.tsv"
    )
    assert refused("predict", tagger.model, reviews, "-o", tmp_path / "o.xlsx") == (
        "error: -o must end in .tsv, .csv, .jsonl or .parquet, got TMP/o.xlsx"
    )
    (tmp_path / "empty.txt").write_text("\n")
    assert refused("predict", sentiment.model, tmp_path / "empty.txt") == (
        "error: TMP/empty.txt is empty; it needs a row on each line"
    )
    assert refused("evaluate", sentiment.model, reviews) == (
        "error: TMP/reviews.txt has a text on each line and no label; give a .csv, .tsv, .jsonl or .parquet "
        "file"
    )


def test_words_in_columns_are_read_as_in_training(run, fitted, tmp_path: Path) -> None:
    data = tmp_path / "names.txt"
    data.write_text("Ada B-who\nLee I-who\nleft O\n\nBo B-who\nsang O\n\n" * 10)
    trained = fitted("tag", data, "--tag", "2")
    (tmp_path / "plain.txt").write_text("Ada\nleft\n\nBo\n")
    for path, words in (
        (data, [["Ada", "Lee", "left"], ["Bo", "sang"]] * 10),
        (tmp_path / "plain.txt", [["Ada", "left"], ["Bo"]]),
    ):
        result = run("predict", trained.model, path, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        assert [one["tokens"] for one in json.loads(result.stdout)["predictions"]] == words


def test_data_that_is_a_folder(refused, sentiment, tmp_path: Path) -> None:
    assert refused("predict", sentiment.model, tmp_path) == "error: TMP is a folder; name a file in it"
