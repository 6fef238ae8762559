"""Every bad input of recurra fit language-model: one line that names the fix in the user's words."""

import io
from pathlib import Path

import numpy as np
import pytest

from recurra.data import Piece, midi_bytes


@pytest.fixture
def fit(refused, corpus: Path, tmp_path: Path):
    """Fit on a file of the corpus, or of TMP, which must be refused; give the message."""

    def fit(data: str, *words: object) -> str:
        path = corpus / data if (corpus / data).exists() else tmp_path / data
        got = refused("fit", "language-model", path, *words, "-o", tmp_path / "m.safetensors")
        return got.replace(str(corpus), "CORPUS").removeprefix("error: ")

    return fit


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--level", "letter"], "--level must be one of char, word, bpe, got 'letter'"),
        (["--cell", "lstn"], "--cell must be one of rnn, lstm, gru, got 'lstn'; did you mean 'lstm'?"),
        (["--hidden-size", "0"], "--hidden-size must be a whole number of at least 1, got 0"),
        (["--bptt", "-1"], "--bptt must be a whole number of at least 1, got -1"),
        (["--batch-size", "-1"], "--batch-size must be a whole number of at least 1, got -1"),
        (
            ["--activation-penalty", "-1"],
            "--activation-penalty must be a finite number of at least 0, got -1.0",
        ),
        (
            ["--dropout", "1"],
            "--dropout must be below 1, as 1 leaves nothing to learn from, got 1.0",
        ),
        (
            ["--tied", "--embedding-size", "5", "--hidden-size", "4"],
            "--embedding-size must be --hidden-size, 4, where one table is tied to both ends, got 5; give "
            "--untied",
        ),
        (["--max-time", "0"], "--max-time must be a time above 0 such as 90s, 10m or 1h, got '0'"),
        (["--seed", "-1"], "--seed must be a whole number from 0 to 2**63 - 1, got -1"),
        (["--test", "1"], "--test must be a share of DATA, above 0 and below 1, got 1"),
        (["--validation", "0"], "--validation must be a share of DATA, above 0 and below 1, got 0"),
        (
            ["--validation", "0.1", "--validation-file", "x.txt"],
            "--validation and --validation-file exclude one another; give one of them",
        ),
        (
            ["--test", "0.1", "--test-file", "x.txt"],
            "--test and --test-file exclude one another; give one of them",
        ),
        (["--test-file", "no/test.txt"], "no/test.txt does not exist"),
        (["--steps-per-beat", "4"], "--steps-per-beat needs --music, as texts have no beats"),
        (
            ["--text", "name"],
            "--text names a column and CORPUS/play.txt is plain text, which has none; leave --text out",
        ),
        (
            ["--bptt", "5000"],
            "the training part has 1811 steps, fewer than the 5000 of one stretch; give more data or a "
            "smaller --bptt",
        ),
        (
            ["--max-vocabulary", "9", "--level", "bpe"],
            "--max-vocabulary must be at least 257 for bpe, the 256 bytes and the unknown token; got 9",
        ),
        (["--vectors", "no/words.vec"], "no/words.vec does not exist"),
    ],
)
def test_settings_and_parts(fit, words: list[str], message: str) -> None:
    assert fit("play.txt", *words) == message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lines"], "--lines means nothing beside --music; leave one of them out"),
        (["--text", "x"], "--text means nothing beside --music; leave one of them out"),
        (["--steps-per-beat", "0"], "--steps-per-beat must be a finite number above 0, got 0.0"),
        (["--level", "char"], "--level is for texts, got 'char' with music; leave it out"),
        (["--untied"], "--untied is for texts, got music; leave it out"),
        (["--tied"], "--tied is for texts, got True with music; leave it out"),
        (
            ["--embedding-dropout", "0.1"],
            "--embedding-dropout is for texts, got 0.1 with music; leave it out",
        ),
        (
            ["--test", "0.1"],
            "--test means nothing for CORPUS/tunes.json, which has a test part of its own; leave it out",
        ),
        (
            ["--validation-file", "x.json"],
            "--validation-file means nothing for CORPUS/tunes.json, which has a validation part of its own; "
            "leave it out",
        ),
    ],
)
def test_settings_of_music(fit, words: list[str], message: str) -> None:
    assert fit("tunes.json", "--music", *words) == message


def test_pieces_that_are_too_few_for_parts(fit, tmp_path: Path) -> None:
    (tmp_path / "few.json").write_text("[[[60], [62]], [[64], [65]], [[67], [69]]]")
    assert fit("few.json", "--music", "--test", "0.1") == (
        "--test 0.1 of 3 pieces is none; give a larger share or more pieces"
    )
    assert fit("few.json", "--music", "--test", "0.4", "--validation", "0.1") == (
        "--validation 0.1 of 2 pieces is none; give a larger share or more pieces"
    )
    (tmp_path / "one.json").write_text("[[[60], [62]]]")
    assert fit("one.json", "--music") == "--test 0.1 of 1 pieces is none; give a larger share or more pieces"


def test_texts_that_are_too_few_for_parts(fit, tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("ann\nbob\neve\n")
    assert fit("few.txt", "--lines", "--test", "0.1") == (
        "--test 0.1 of 3 documents is none; give a larger share or more documents"
    )
    assert fit("few.txt", "--lines", "--test", "0.4", "--validation", "0.1") == (
        "--validation 0.1 of 2 documents is none; give a larger share or more documents"
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "TMP/a.txt is empty; give a file with text in it"),
        ("a.txt", b" \n\n", "TMP/a.txt holds nothing but blanks; give a file with text in it"),
        ("a.txt", b"caf\xe9", "TMP/a.txt is not UTF-8 text (at byte 3); save it as UTF-8"),
        (
            "a.txt",
            b"ab\0c",
            "TMP/a.txt is binary or UTF-16, with a zero at byte 2; give a text that is saved as UTF-8",
        ),
        (
            "a.txt",
            b"short",
            "--test 0.1 of 5 characters is none; give a larger share or more characters",
        ),
        ("a.mid", b"MThd", "TMP/a.mid is no text; give --music if it holds music"),
        ("a.csv", b"name\nann\n", "TMP/a.csv has no column 'text'; its columns are name"),
    ],
)
def test_texts(fit, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert fit(name) == message


def test_lines_of_a_table(fit, tmp_path: Path) -> None:
    (tmp_path / "names.jsonl").write_text('{"text": "ann"}\n')
    assert fit("names.jsonl", "--lines") == (
        "--lines is for plain text and TMP/names.jsonl has a document in each row; leave --lines out"
    )


def test_folders(fit, tmp_path: Path) -> None:
    (tmp_path / "tunes").mkdir()
    assert fit("tunes") == "TMP/tunes is no text; give --music if it holds music"
    assert fit("tunes", "--music") == "TMP/tunes has no .mid or .midi files; it has no files"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.mid", b"", "a.mid is empty"),
        ("a.mid", b"ROMEO:", "a.mid is not a MIDI file; it begins with b'ROMEO:'"),
        (
            "a.mid",
            midi_bytes(Piece(np.eye(4, 88)), generated=False)[:-9],
            "a.mid is cut short; save it again",
        ),
        ("a.mid", midi_bytes(Piece(np.zeros((4, 88))), generated=False), "a.mid has no notes for a piano"),
        (
            "a.txt",
            b"la la",
            "TMP/a.txt is not known as music by its name; give a .mat, .npz, .json, .mid or .midi file, or a "
            "folder or .zip archive of MIDI files",
        ),
    ],
    ids=["empty", "text", "cut", "silent", "name"],
)
def test_music(fit, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert fit(name, "--music") == message


def test_rolls_of_another_instrument(fit, tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez(file, tune=np.zeros((4, 12)))
    (tmp_path / "a.npz").write_bytes(file.getvalue())
    assert fit("a.npz", "--music") == (
        "TMP/a.npz: tune must have shape (T, 88), a column for each key from A0 to C8, got (4, 12)"
    )


def test_outputs(refused, corpus: Path, tmp_path: Path) -> None:
    data = tmp_path / "names.txt"
    data.write_bytes((corpus / "names.txt").read_bytes())
    for words, message in (
        (["-o", data], "-o names the data itself, TMP/names.txt; give another file name"),
        (
            ["-o", tmp_path / "no" / "m"],
            "TMP/no/m cannot be written: the folder TMP/no does not exist; create it first",
        ),
        (
            ["-o", tmp_path / "m", "--report", tmp_path / "m"],
            "-o and --report name the same file, TMP/m; give each its own",
        ),
    ):
        assert refused("fit", "language-model", data, "--lines", *words) == f"error: {message}"
