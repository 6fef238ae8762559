"""Every bad input of a fit: one line that names the fix in the user's words, exit code 2, nothing written."""

import zipfile
from pathlib import Path

import pytest

TEXTS = ["--no-header", "--text", "1", "--label", "2"]
SOUNDS = ["--label-pattern", "^(?P<label>[a-z]+)_(?P<group>[a-z]+)_"]


@pytest.fixture
def fit(refused, corpus: Path, tmp_path: Path):
    """Fit on a file of the corpus, which must be refused; give the message."""

    def fit(task: str, data: str | Path, *words: object) -> str:
        path = data if isinstance(data, Path) else corpus / data
        got = refused("fit", task, path, *words, "-o", tmp_path / "m.safetensors")
        return got.replace(str(corpus), "CORPUS").removeprefix("error: ")

    return fit


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--max-time", "0"],
            "--max-time must be a time above 0 such as 90s, 10m or 1h, got '0'",
        ),
        (
            ["--max-time", "ten"],
            "--max-time must be a time above 0 such as 90s, 10m or 1h, got 'ten'",
        ),
        (["--batch-size", "0"], "--batch-size must be a whole number of at least 1, got 0"),
        (["--hidden-size", "0"], "--hidden-size must be a whole number of at least 1, got 0"),
        (["--dropout", "2"], "--dropout must be a number between 0 and 1, got 2.0"),
        (["--cell", "lstn"], "--cell must be one of rnn, lstm, gru, got 'lstn'; did you mean 'lstm'?"),
        (["--pool", "sum"], "--pool must be one of last, mean, max, mean_max, attention, got 'sum'"),
        (
            ["--schedule", "cosin"],
            "--schedule must be one of constant, one-cycle, cosine, got 'cosin'; did you mean 'cosine'?",
        ),
        (["--class-weight", "even"], "--class-weight must be balanced or left out, got 'even'"),
        (["--validation", "0"], "--validation must be a share of DATA, above 0 and below 1, got 0"),
        (["--test", "20"], "--test must be a share of DATA, above 0 and below 1, got 20"),
        (
            ["--validation", "0.5", "--test", "0.5"],
            "--validation 0.5 and --test 0.5 leave nothing to train on; they must be below 1 together",
        ),
        (
            ["--test", "0.95"],
            "--validation 0.1 by default and --test 0.95 leave nothing to train on; they must be below 1 "
            "together",
        ),
        (["--seed", "-1"], "--seed must be a whole number from 0 to 2**63 - 1, got -1"),
        (
            ["--test", "0.2", "--test-file", "x.tsv"],
            "--test and --test-file exclude one another; give one of them",
        ),
        (
            ["--test-group", "ann", "--test-pattern", "x"],
            "--test-pattern and --test-group exclude one another; give one of them",
        ),
        (
            ["--test-group", "ann"],
            "--test-group needs groups: name their column by --group, or capture them by (?P<group>…) in "
            "--label-pattern",
        ),
        (
            ["--test-pattern", "nothing"],
            "--test-pattern: the pattern 'nothing' matches none of the 60 names, such as "
            "'texts.train.tsv, line 1'",
        ),
        (["--test-file", "nothing.tsv"], "nothing.tsv does not exist"),
        (["--series", "1"], "--text means nothing beside --series; leave one of them out"),
        (["--time", "1"], "--time needs --series, the column that says which series a row belongs to"),
        (["--audio", "1"], "--text means nothing beside --audio; leave one of them out"),
        (SOUNDS, "--label means nothing beside --label-pattern; leave one of them out"),
        (["--column", "1"], "--column means nothing beside --text; leave one of them out"),
    ],
)
def test_settings(fit, words: list[str], message: str) -> None:
    assert fit("classify", "texts.train.tsv", *TEXTS, *words) == message


@pytest.mark.parametrize(
    ("data", "words", "message"),
    [
        (
            "texts.train.tsv",
            [],
            "--label must name the column of labels, by its name or its number from 1",
        ),
        (
            "texts.train.tsv",
            ["--no-header", "--label", "5"],
            "--label must be a column's name or a number from 1 to 2, the columns of "
            "CORPUS/texts.train.tsv; got '5'",
        ),
        (
            "texts.train.tsv",
            ["--no-header", "--label", "2"],
            "--text must name the column of CORPUS/texts.train.tsv that holds the texts: 1, 2",
        ),
        (
            "texts.train.tsv",
            ["--no-header", "--text", "2", "--label", "2"],
            "--text must be another column than label, got '2' for both",
        ),
        (
            "texts.train.tsv",
            ["--no-header", "--audio", "2", "--label", "2"],
            "--audio must be another column than label, got '2' for both",
        ),
        (
            "texts.train.tsv",
            ["--text", "text", "--label", "2"],
            "CORPUS/texts.train.tsv has no column 'text'; its columns are TITLE, 1",
        ),
        (
            "sounds.zip",
            [],
            "CORPUS/sounds.zip is a zip archive; say how its files are labelled, such as --label-pattern "
            "'^(?P<label>[^_]+)_'",
        ),
        (
            "sounds.zip",
            ["--label-pattern", "^[a-z]+_"],
            "--label-pattern '^[a-z]+_' must capture the label with (?P<label>…), as "
            "'^(?P<label>\\d+)_' does",
        ),
        (
            "sounds.zip",
            [*SOUNDS, "--test-group", "dan"],
            "--test-group: there is no group 'dan'; the groups are ann, bob, eve",
        ),
        (
            "sounds.zip",
            ["--label-pattern", "^(?P<label>[a-z]+)_", "--level", "char"],
            "--level is for text, got 'char' with sequences of kind 'audio'; leave it out",
        ),
        (
            "series.csv",
            ["--series", "id", "--time", "t", "--label", "way", "--column", "z"],
            "CORPUS/series.csv has no column 'z'; its columns are id, t, x, y, way, slope, side",
        ),
        (
            "series.csv",
            ["--series", "id", "--time", "t", "--label", "side"],
            "CORPUS/series.csv, line 2: the value of way must be a finite number, got 'down'",
        ),
        (
            "series.csv",
            ["--series", "id", "--time", "t", "--label", "side", "--column", "x"],
            "series 's0' of CORPUS/series.csv has the labels 'above' and 'below'; give it one, or use "
            "recurra fit tag where each step has its own",
        ),
        (
            "series.csv",
            ["--series", "id", "--time", "t", "--label", "way", "--column", "x", "--no-bag"],
            "--no-bag is for text and tokens, got sequences of kind 'series'; leave it out",
        ),
        (
            "series.csv",
            ["--series", "id", "--time", "t", "--label", "way", "--column", "x", "--word-dropout", "0.1"],
            "--word-dropout is for text and tokens, got 0.1 with sequences of kind 'series'; leave it out",
        ),
        (
            "series.csv",
            ["--series", "id", "--label", "way"],
            "--time must name the column that orders the rows of each --series id",
        ),
    ],
)
def test_data_and_how_it_is_read(fit, corpus: Path, data: str, words: list[str], message: str) -> None:
    title = (corpus / "texts.train.tsv").read_text().split("\t")[0]
    assert fit("classify", data, *words) == message.replace("TITLE", title)


@pytest.mark.parametrize(
    ("data", "words", "message"),
    [
        (
            "words.train.conllu",
            [],
            "--tag must say what to learn, such as upos in a .conllu file or 2, a column's number, in "
            "another; for numbers measured over time give --series, --time and --label",
        ),
        (
            "words.train.conllu",
            ["--tag", "ner"],
            "--tag must be one of lemma, upos, xpos, feats, deprel for CORPUS/words.train.conllu, got 'ner'",
        ),
        (
            "words.train.conllu",
            ["--tag", "upos", "--token", "1"],
            "--token means nothing beside a .conllu file; leave one of them out",
        ),
        (
            "words.train.tsv",
            ["--tag", "upos"],
            "--tag must be the number of a column, such as 2, unless the file is a .conllu, got 'upos'",
        ),
        (
            "words.train.tsv",
            ["--tag", "1"],
            "--token and --tag must be different columns, got 1 for both",
        ),
        (
            "words.train.tsv",
            ["--tag", "2", "--token", "0"],
            "--token must be a whole number of at least 1, got 0",
        ),
        (
            "words.train.conllu",
            ["--tag", "upos", "--crf", "--label-smoothing", "0.1"],
            "--label-smoothing must be 0 or None with --crf, got 0.1",
        ),
        (
            "series.csv",
            ["--series", "id", "--time", "t"],
            "--label must name the column of labels, by its name or its number from 1",
        ),
    ],
)
def test_taggers(fit, data: str, words: list[str], message: str) -> None:
    assert fit("tag", data, *words) == message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["a film\t1"] * 9,
            "the labels must have at least two classes, got one class, '1'; give sequences of others, too",
        ),
        (
            ["a film\t1", "a tree\t"],
            "TMP/texts.tsv, line 2 has no label: column '2' is empty; fill it in, or leave the row out",
        ),
        (
            ["a film\t1", "\t0"],
            "TMP/texts.tsv, line 2 has no text: column '1' is empty; fill it in, or leave the row out",
        ),
        (
            ["a film\t1", "a\tb\tc"],
            "TMP/texts.tsv, line 2 has 3 values, line 1 has 2; a tab ends a value, even within quotes",
        ),
        ([], "TMP/texts.tsv is empty; it needs a row on each line"),
    ],
)
def test_labels_and_texts(fit, tmp_path: Path, lines: list[str], message: str) -> None:
    (tmp_path / "texts.tsv").write_text("\n".join(lines))
    assert fit("classify", tmp_path / "texts.tsv", *TEXTS) == message


def test_a_label_that_training_never_has(fit, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("a good film\t1\na tree\t2\n")
    got = fit("classify", "texts.train.tsv", *TEXTS, "--validation-file", tmp_path / "dev.tsv")
    assert got == (
        "the validation part has the label '2', which the training part never has; leave it out, or move "
        "some of its sequences there"
    )


def test_text_that_is_not_utf8(fit, tmp_path: Path) -> None:
    (tmp_path / "texts.tsv").write_bytes(b"caf\xe9\t1\n")
    assert fit("classify", tmp_path / "texts.tsv", *TEXTS) == (
        "TMP/texts.tsv is not UTF-8 text (at byte 3); save it as UTF-8"
    )


def test_a_hostile_archive(fit, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sounds.zip", "w") as archive:
        archive.writestr("../low_ann_1.wav", b"RIFF")
    assert fit("classify", tmp_path / "sounds.zip", *SOUNDS) == (
        "TMP/sounds.zip has the entry '../low_ann_1.wav', which leads out of it; it is not read"
    )


def test_a_table_that_names_no_file(fit, tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("file,word\na\0.wav,low\n")
    assert fit("classify", tmp_path / "clips.csv", "--audio", "file", "--label", "word") == (
        "TMP/clips.csv, line 2: 'TMP/a\\x00.wav' is not the name of a file: embedded null byte"
    )


def test_outputs_are_not_the_data_or_each_other(refused, corpus: Path, tmp_path: Path) -> None:
    data, other = corpus / "texts.train.tsv", corpus / "texts.test.tsv"

    def fit(*words: object) -> str:
        return refused("fit", "classify", data, *TEXTS, "--test-file", other, *words).removeprefix("error: ")

    assert fit("-o", data) == f"-o names the data itself, {data}; give another file name"
    assert fit("-o", tmp_path / "m", "--metrics", other) == (
        f"--metrics names the data itself, {other}; give another file name"
    )
    assert fit("-o", tmp_path / "m", "--metrics", tmp_path / "m") == (
        "-o and --metrics name the same file, TMP/m; give each its own"
    )
    assert fit("-o", tmp_path / "m.checkpoint") == (
        "-o and the checkpoint name the same file, TMP/m.checkpoint; give each its own"
    )
    assert fit("-o", tmp_path / "m", "--report", tmp_path / "m.checkpoint") == (
        "--report and the checkpoint name the same file, TMP/m.checkpoint; give each its own"
    )
    assert fit("-o", tmp_path / "no" / "m") == (
        "TMP/no/m cannot be written: the folder TMP/no does not exist; create it first"
    )
