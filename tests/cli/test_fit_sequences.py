"""recurra fit classify, regress and tag: what is printed, what is written, and that options arrive."""

import csv
import json
import os
from pathlib import Path

import pytest

import recurra

SOUNDS = ["--label-pattern", "^(?P<label>[a-z]+)_(?P<group>[a-z]+)_"]
SERIES = ["--series", "id", "--time", "t", "--column", "x", "--column", "y"]
QUICK = ["--hidden-size", 4, "--epochs", 2]


def test_a_classifier_of_texts(sentiment) -> None:
    printed = sentiment.printed
    assert list(printed["metrics"]) == ["accuracy", "macro_f1", "log_loss"]
    assert list(printed["baselines"]) == ["majority class", "naive Bayes", "logistic regression"]
    assert all(list(found) == list(printed["metrics"]) for found in printed["baselines"].values())
    assert (printed["failed_baselines"], printed["notes"]) == ({}, [])
    assert list(printed["baseline_notes"]) == list(printed["baselines"])
    assert printed["split"] == {
        "train": {"sequences": 60},
        "validation": {"sequences": 20},
        "test": {"sequences": 20},
    }
    assert printed["training"] == {"epochs": 2, "best_epoch": 2, "stopped": "epochs"}
    assert (printed["model"], printed["report"]) == (str(sentiment.model), str(sentiment.report))
    assert printed["seconds"] > 0
    model = recurra.load(sentiment.model)
    assert (model.task, model.classes.tolist()) == ("classify", ["0", "1"])
    assert model.fingerprint == printed["fingerprint"]
    assert sorted(path.name for path in sentiment.model.parent.iterdir()) == [
        "m.report.html",
        "m.safetensors",
    ]


def test_a_tagger_of_words(tagger) -> None:
    assert list(tagger.printed["metrics"]) == ["accuracy", "macro_f1", "sentence_accuracy", "log_loss"]
    assert tagger.printed["metrics"]["log_loss"] is None  # of a conditional random field
    assert list(tagger.printed["baselines"]) == ["most frequent tag"]
    assert recurra.load(tagger.model).classes.tolist() == ["DET", "NOUN", "VERB"]


def test_a_test_group_leaves_whole_groups_to_the_others(listener) -> None:
    assert listener.printed["split"] == {
        "train": {"sequences": 18, "groups": 1},
        "validation": {"sequences": 18, "groups": 1},
        "test": {"sequences": 18, "groups": 1},
    }
    assert listener.printed["metrics"]["accuracy"] == 1.0
    assert listener.printed["notes"] == []


def test_a_pattern_that_divides_groups_is_said(fitted, corpus: Path) -> None:
    printed = fitted("classify", corpus / "sounds.zip", *SOUNDS, "--test-pattern", r"_[0-1]\.wav$").printed
    assert printed["split"] == {
        "train": {"sequences": 31, "groups": 3},
        "validation": {"sequences": 5, "groups": 2},
        "test": {"sequences": 18, "groups": 3},
    }
    assert printed["notes"] == [
        "--test-pattern divides the groups ann, bob, eve: they are in more than one part."
    ]


@pytest.mark.parametrize(
    ("task", "words", "metrics"),
    [
        ("classify", ["--label", "way"], ["accuracy", "macro_f1", "log_loss"]),
        ("regress", ["--label", "slope"], ["mae", "rmse", "r2", "mean_pinball", "coverage_80"]),
        ("tag", ["--label", "side"], ["accuracy", "macro_f1", "sentence_accuracy", "log_loss"]),
    ],
)
def test_series_in_shares(fitted, corpus: Path, task: str, words: list[str], metrics: list[str]) -> None:
    trained = fitted(task, corpus / "series.csv", *SERIES, *words, "--test", 0.3, "--validation", 0.15)
    assert list(trained.printed["metrics"]) == metrics
    assert trained.printed["split"] == {
        "train": {"sequences": 22},
        "validation": {"sequences": 6},
        "test": {"sequences": 12},
    }


def test_all_columns_are_values_unless_named(run, fitted, corpus: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in (corpus / "series.csv").read_text().splitlines()]
    (tmp_path / "three.csv").write_text("\n".join(",".join(row[:5]) for row in rows))
    named = ["--series", "id", "--time", "t", "--label", "way"]
    trained = fitted("classify", tmp_path / "three.csv", *named)
    assert recurra.load(trained.model).source.options["columns"] == ["x", "y"]
    bare = tmp_path / "bare.csv"  # without labels, and with another column
    bare.write_text("\n".join(",".join([*row[:4], "7"]) for row in rows).replace("y,7", "y,z", 1))
    result = run("predict", trained.model, bare, "--json")
    assert len(json.loads(result.stdout)["predictions"]) == 40


def test_columns_of_words_and_tags(fitted, corpus: Path) -> None:
    trained = fitted("tag", corpus / "words.train.tsv", "--token", 1, "--tag", 2)
    assert trained.printed["split"]["test"] == {"sequences": 12}
    source = recurra.load(trained.model).source
    assert source.to_dict() == {
        "reader": "tagged",
        "options": {"token": 1, "tag": 2, "separator": "tab"},
    }


def test_people_are_told_what_was_done(run, corpus: Path, tmp_path: Path) -> None:
    result = run(
        "fit", "classify", corpus / "sounds.zip", *SOUNDS, "--test-group", "eve", *QUICK,
        "-o", tmp_path / "m.safetensors", "--report", tmp_path / "r.html",
    )  # fmt: skip
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == "One of 3 classes for each clip: high, low, noise"
    assert "test 18 3 1" in [" ".join(line.split()) for line in lines]
    assert "Trained for 2 epochs; epoch 2 was the best and is kept." in lines
    assert any(line.startswith("Accuracy") for line in lines)
    assert any(line.startswith("Of 18 labels, ") for line in lines)
    assert f"Model     {tmp_path / 'm.safetensors'}" in lines
    assert f"Report    {tmp_path / 'r.html'}" in lines
    wide = [line for line in result.stdout.splitlines() if len(line) > 80 and str(tmp_path) not in line]
    assert wide == []
    assert "Training" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors", "r.html"]


def test_a_classifier_begins_with_a_language_model(run, corpus: Path, playwright, tmp_path: Path) -> None:
    words = ["--no-header", "--text", "1", "--label", "2", "--pretrained", playwright.model, "-o"]
    model = tmp_path / "m.safetensors"
    done = run("fit", "classify", corpus / "texts.train.tsv", *words, model, "--epochs", 2, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    before, after = recurra.load(playwright.model), recurra.load(model)
    assert {word.lower() for word in before.features.vocabulary} <= set(after.features.vocabulary)
    note = f"The network begins with the language model {before.fingerprint[:12]}."
    assert note in json.loads(done.stdout)["notes"]
    refused = run("fit", "classify", corpus / "texts.train.tsv", *words, model, "--level", "char")
    assert refused.stderr == (
        "error: --level must be left out with a pretrained language model, whose own is used, got 'char'\n"
    )


def test_quiet_prints_nothing(run, corpus: Path, tmp_path: Path) -> None:
    data, out = corpus / "texts.train.tsv", tmp_path / "m.safetensors"
    words = ["--no-header", "--text", 1, "--label", 2, *QUICK, "--quiet"]
    result = run("fit", "classify", data, *words, "-o", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_figures_by_epoch(fitted, corpus: Path, tmp_path: Path) -> None:
    log = tmp_path / "m.csv"
    fitted("classify", corpus / "texts.train.tsv", "--no-header", "--text", 1, "--label", 2, "--metrics", log)
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row["validation_loss"]) > 0 for row in rows)


def test_every_option_reaches_the_estimator(fitted, corpus: Path) -> None:
    asked = {
        "cell": "gru", "num_layers": 2, "pool": "mean", "dropout": 0.1, "weight_dropout": 0.2,
        "level": "char", "max_vocabulary": 30, "min_count": 2, "embedding_size": 5, "word_dropout": 0.05,
        "max_time": 60.0, "epochs": 1, "batch_size": 16, "learning_rate": 0.01, "schedule": "cosine",
        "weight_decay": 0.02, "average": 0.5, "clip_norm": 0.5, "patience": 3, "seed": 7,
        "class_weight": "balanced", "label_smoothing": 0.1,
    }  # fmt: skip
    words = [word for name, value in asked.items() for word in (f"--{name.replace('_', '-')}", value)]
    data = corpus / "texts.train.tsv"
    words = ["--no-header", "--text", 1, "--label", 2, *words, "--no-bidirectional"]
    settings = recurra.load(fitted("classify", data, *words).model).card["settings"]
    assert {name: settings[name] for name in asked} == asked
    assert (settings["bidirectional"], settings["hidden_size"]) == (False, 4)


def test_time_that_is_up_is_said(run, corpus: Path, tmp_path: Path) -> None:
    result = run(
        "fit", "classify", corpus / "texts.train.tsv", "--no-header", "--text", 1, "--label", 2,
        "--epochs", 100_000, "--hidden-size", 4, "--max-time", "1s", "-o", tmp_path / "m.safetensors",
    )  # fmt: skip
    assert result.exit_code == 0
    assert ", when time was up; epoch " in " ".join(result.stdout.split())
    assert recurra.load(tmp_path / "m.safetensors").history["stopped"] == "time"


def test_a_run_goes_on_from_its_checkpoint(run, corpus: Path, tmp_path: Path, monkeypatch) -> None:
    def fit(name: str, *words: object):
        return run(
            "fit", "classify", corpus / "texts.train.tsv", "--no-header", "--text", 1, "--label", 2,
            "--hidden-size", 4, "--epochs", 3, "-o", tmp_path / f"{name}.safetensors", *words,
        )  # fmt: skip

    import recurra.training.csv_log

    class Interrupt(recurra.training.csv_log.CsvLog):
        def __call__(self, event: object) -> None:
            super().__call__(event)
            if getattr(event, "epoch", 0) == 3:
                raise KeyboardInterrupt

    assert fit("whole").exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(recurra.training.csv_log, "CsvLog", Interrupt)
        stopped = fit("cut", "--metrics", tmp_path / "m.csv")
    checkpoint = tmp_path / "cut.checkpoint"
    assert stopped.exit_code == 130
    kept = f"The run is kept in {checkpoint}; the same command with --resume goes on from it. interrupted"
    assert joined(stopped.stderr).endswith(joined(kept))
    assert not (tmp_path / "cut.safetensors").exists()
    going_on = fit("cut", "--resume")
    assert going_on.exit_code == 0
    assert joined(f"Going on from {checkpoint}.") in joined(going_on.stderr)
    assert not checkpoint.exists()
    fingerprints = [recurra.load(tmp_path / f"{name}.safetensors").fingerprint for name in ("whole", "cut")]
    assert fingerprints[0] == fingerprints[1]


def joined(text: str) -> str:
    """Without white space: a terminal breaks long paths anywhere."""
    return "".join(text.split())


def test_no_checkpoint_to_go_on_from(run, corpus: Path, tmp_path: Path) -> None:
    words = ["--no-header", "--text", 1, "--label", 2, *QUICK, "--resume"]
    result = run("fit", "classify", corpus / "texts.train.tsv", *words, "-o", tmp_path / "m.safetensors")
    assert result.exit_code == 0
    said = f"There is no {tmp_path / 'm.checkpoint'} to go on from; training begins at the start."
    assert joined(said) in joined(result.stderr)


DATA = Path(os.environ.get("RECURRA_DATA", ""))


@pytest.mark.slow
@pytest.mark.skipif("RECURRA_DATA" not in os.environ, reason="RECURRA_DATA is not set")
@pytest.mark.parametrize(
    "command",
    [
        "fit classify D/sentiment/sst2.train.tsv --no-header --text 1 --label 2 --validation-file "
        "D/sentiment/sst2.dev.tsv --test-file D/sentiment/sst2.test.tsv --max-time 5s -o m.safetensors",
        r"fit classify D/audio/free-spoken-digits.zip --label-pattern ^(?P<label>\d)_(?P<group>[a-z]+)_ "
        r"--test-pattern _[0-4]\.wav$ --max-time 5s -o m.safetensors",
        r"fit classify D/audio/free-spoken-digits.zip --label-pattern ^(?P<label>\d)_(?P<group>[a-z]+)_ "
        "--test-group theo --max-time 5s -o m.safetensors",
        "fit tag D/tagging/en_lines-ud-train.conllu --tag upos --crf --validation-file "
        "D/tagging/en_lines-ud-dev.conllu --test-file D/tagging/en_lines-ud-test.conllu --max-time 5s "
        "-o m.safetensors",
    ],
)
def test_real_data(run, tmp_path: Path, monkeypatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*[word.replace("D/", f"{DATA}/") for word in command.split()], "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    assert printed["training"]["stopped"] == "time"
    assert printed["metrics"]["accuracy"] > 0.3
    assert recurra.load("m.safetensors").fingerprint == printed["fingerprint"]
