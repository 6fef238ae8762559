"""recurra fit translate: from two files or a table to a scored model and its report."""

from pathlib import Path

import pytest

import recurra
from recurra.data import hold_out_pairs, read_pairs
from tests.cli.pairs import write_pairs

QUICK = ["--embedding-size", 4, "--level", "word"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write_pairs(folder)
    return folder


@pytest.fixture(scope="module")
def translator(fitted, pairs):
    files = ["--validation-files", pairs / "val.de", pairs / "val.en"]
    files += ["--test-files", pairs / "test.de", pairs / "test.en"]
    return fitted("translate", pairs / "train.de", pairs / "train.en", *QUICK, *files)


def test_files_of_lines(translator, pairs) -> None:
    printed = translator.printed
    assert printed["split"] == {"train": {"pairs": 60}, "validation": {"pairs": 10}, "test": {"pairs": 12}}
    assert list(printed["metrics"]) == ["bleu", "chrf", "exact", "token_accuracy"]
    assert list(printed["baselines"]) == ["copy", "dictionary", "nearest"]
    assert printed["baselines"]["dictionary"]["exact"] > 0.9
    assert printed["signatures"]["bleu"].startswith("nrefs:1|")
    assert translator.report.read_text().startswith("<!")
    model = recurra.load(translator.model)
    assert model.evaluate(pairs / "test.de", pairs / "test.en").metrics == printed["metrics"]
    assert model.columns is None


def test_the_same_model_as_in_python(translator, pairs) -> None:
    train, val, test = (
        read_pairs(pairs / f"{name}.de", pairs / f"{name}.en") for name in ("train", "val", "test")
    )
    fitted = recurra.Seq2Seq(level="word", embedding_size=4, hidden_size=4, epochs=2)
    fitted.fit(train, validation=val, test=test)
    assert fitted.model_.fingerprint == translator.printed["fingerprint"]
    assert fitted.metrics_ == translator.printed["metrics"]


def test_a_table_whose_parts_are_shares(fitted, pairs, run) -> None:
    columns = ["--source", "deutsch", "--target", "english"]
    trained = fitted("translate", pairs / "all.csv", *columns, *QUICK, "--test", 0.25, "--validation", 0.1)
    whole = read_pairs(pairs / "all.csv", source="deutsch", target="english")
    rest, held = hold_out_pairs(whole, 0.25, name="test", seed=0)
    learnt, chosen = hold_out_pairs(rest, 0.1, name="validation", seed=0)
    assert trained.printed["split"] == {
        "train": {"pairs": len(learnt)}, "validation": {"pairs": len(chosen)}, "test": {"pairs": len(held)},
    }  # fmt: skip
    model = recurra.load(trained.model)
    assert model.columns == {"source": "deutsch", "target": "english", "header": True}
    assert len(model.predict(pairs / "all.csv")) == len(whole)
    scored = run("evaluate", trained.model, pairs / "all.csv", "--json")
    assert (scored.exit_code, scored.stderr) == (0, "")


def test_files_that_are_given_twice_are_noted(fitted, pairs) -> None:
    files = ["--test-files", pairs / "train.de", pairs / "train.en"]
    printed = fitted("translate", pairs / "train.de", pairs / "train.de", *QUICK, *files).printed
    known = int(printed["notes"][1].split()[0])
    assert printed["notes"][:2] == [
        f"All {printed['split']['train']['pairs']} targets are the same as their sources.",
        f"{known} of 60 test sources are in the training part, too; scores of sources that are new may be "
        "worse.",
    ]
    assert known > 50


def test_what_is_told_people(run, pairs, tmp_path) -> None:
    files = [pairs / "train.de", pairs / "train.en"]
    result = run(
        "fit",
        "translate",
        *files,
        *QUICK,
        "--hidden-size",
        4,
        "--epochs",
        1,
        "-o",
        tmp_path / "m.safetensors",
    )
    assert result.exit_code == 0
    assert "What each text becomes: a text of 5 words that training saw" in result.stdout
    assert " (right: " in result.stdout
    assert "BLEU: nrefs:1|" in result.stdout.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["train.de"],
            "TMP/train.de has sources and no targets; give the file of their targets, too, or a .csv, "
            ".tsv, .jsonl or .parquet file with both",
        ),
        (
            ["train.de", "val.en"],
            "TMP/train.de has 60 lines and TMP/val.en 10; each line of the one must stand beside its line"
            " of the other",
        ),
        (
            ["train.de", "train.en", "val.en"],
            "DATA must be a table, or a file of sources and one of targets, got 3 files",
        ),
        (
            ["train.de", "train.en", "--source", "a"],
            "--source is for a table, got TMP/train.de and TMP/train.en; leave it out",
        ),
        (
            ["train.de", "train.en", "--no-header"],
            "--no-header is for a table, got TMP/train.de and TMP/train.en; leave it out",
        ),
        (
            ["train.de", "train.en", "--test-file", "all.csv"],
            "--test-file is for tables, and DATA is two files; give --test-files SOURCES TARGETS",
        ),
        (
            ["train.de", "train.en", "--test", "0.1", "--test-files", "test.de", "test.en"],
            "--test and --test-files exclude one another; give one of them",
        ),
        (
            ["all.csv", "--source", "deutsch"],
            "--target must name the column of TMP/all.csv that holds the targets: id, deutsch, english",
        ),
        (
            ["train.de", "train.en", "--attention", "aditive"],
            "--attention must be one of additive, general, dot, none, got 'aditive'; did you mean "
            "'additive'?",
        ),
        (
            ["train.de", "train.en", "--level", "words"],
            "--level must be one of char, word, bpe, got 'words'; did you mean 'word'?",
        ),
        (
            ["train.de", "train.en", "--hidden-size", "5"],
            "--hidden-size must be even, as both directions of the encoder share it, got 5; give an even "
            "one or --no-bidirectional",
        ),
        (
            ["train.de", "train.en", "--teacher-forcing", "2"],
            "--teacher-forcing must be a number between 0 and 1, got 2.0",
        ),
        (
            ["train.de", "train.en", "--test", "0"],
            "--test must be a share of DATA, above 0 and below 1, got 0",
        ),
        (
            ["empty.de", "train.en"],
            "TMP/empty.de has 1 line and TMP/train.en 60; each line of the one must stand beside its line"
            " of the other",
        ),
        (["train.de", "blank.en"], "TMP/blank.en has nothing but empty lines; give a file with texts in it"),
    ],
    ids=range(15),
)
def test_bad_input(refused, tmp_path, words, message) -> None:
    write_pairs(tmp_path)
    (tmp_path / "empty.de").write_text("eins\n")
    (tmp_path / "blank.en").write_text("\n" * 60)
    paths = [tmp_path / word if (tmp_path / word).exists() else word for word in words]
    got = refused("fit", "translate", *paths, "-o", tmp_path / "m.safetensors")
    assert got == f"error: {message}"
