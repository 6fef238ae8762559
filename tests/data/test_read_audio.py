import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from recurra.data import Labelled, read_audio, read_audio_table, read_transcripts

soundfile = pytest.importorskip("soundfile")
PATTERN = r"^(?P<label>\d)_(?P<group>[a-z]+)_"
NAMES = ["0_theo_0.wav", "1_ann_0.wav", "more/7_theo_0.wav", "0_ann_1.wav"]


@pytest.fixture(autouse=True)
def _clips():
    """A folder and an archive of the same clips, of 1, 2, 3 and 4 hundredths of a second."""
    Path("clips/more").mkdir(parents=True)
    with zipfile.ZipFile("clips.zip", "w") as archive:
        for length, name in enumerate(NAMES, start=1):
            soundfile.write(f"clips/{name}", np.full(80 * length, 0.25), 8000)
            archive.write(f"clips/{name}", name)


def seconds(read: Labelled) -> list[float]:
    return (read.sequences.lengths() / 8000).tolist()


@pytest.mark.parametrize("source", ["clips", "clips.zip", Path("clips")])
def test_labels_and_groups_in_the_names(source):
    read = read_audio(source, label_pattern=PATTERN)
    assert read.sequences.kind == "audio"
    assert read.names == ["0_ann_1.wav", "0_theo_0.wav", "1_ann_0.wav"]
    assert read.labels == ["0", "0", "1"]
    assert read.groups == ["ann", "theo", "ann"]
    assert seconds(read) == [0.04, 0.01, 0.02]
    assert read.notes == ("1 clip does not match the label pattern and was left out: more/7_theo_0.wav.",)


def test_the_pattern_sees_folders():
    read = read_audio("clips", label_pattern=r"^(?P<label>[^/]+)/")
    assert (read.names, read.labels, read.groups) == (["more/7_theo_0.wav"], ["more"], None)
    assert read.notes == ("3 clips do not match the label pattern and were left out, such as 0_ann_1.wav.",)


def test_clips_alone():
    read = read_audio("clips.zip")
    assert (read.labels, read.groups, read.notes) == (None, None, ())
    assert read.names == sorted(NAMES)


def test_numbers_as_labels():
    labels = read_audio("clips", label_pattern=r"(?P<label>\d+)_[a-z]", numeric=True).labels
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == [0, 0, 1, 7]


@pytest.mark.parametrize(
    ("pattern", "options", "message"),
    [
        (
            "(?P<label>x)",
            {},
            "label_pattern '(?P<label>x)' matches none of the 4 clips of clips, such as '0_ann_1.wav'",
        ),
        (
            r"^(\d)_",
            {},
            r"label_pattern '^(\\d)_' must capture the label with (?P<label>…), as '^(?P<label>\d+)_' does",
        ),
        (
            "(?P<label>x",
            {},
            "label_pattern '(?P<label>x' is not a regular expression: "
            "missing ), unterminated subpattern at position 0",
        ),
        (
            "(?P<label>x*)",
            {},
            "label_pattern '(?P<label>x*)' captures an empty label in '0_ann_1.wav'",
        ),
        (
            "^(?P<label>.)(?P<group>_theo)?",
            {},
            "label_pattern '^(?P<label>.)(?P<group>_theo)?' captures an empty group in '0_ann_1.wav'",
        ),
        (
            "_(?P<label>[a-z]+)_",
            {"numeric": True},
            "0_ann_1.wav: the label must be a finite number, got 'ann'",
        ),
    ],
)
def test_wrong_patterns(refusal, pattern, options, message):
    assert refusal(read_audio, "clips", label_pattern=pattern, **options) == message


def test_clips_named_in_a_table():
    Path("clips/labels.tsv").write_text("1_ann_0.wav\tone\tann\nmore/7_theo_0.wav \tseven\ttheo\n")
    read = read_audio_table("clips/labels.tsv", audio=1, label=2, group=3, header=False)
    assert read.sequences.kind == "audio"
    assert read.names == ["1_ann_0.wav", "more/7_theo_0.wav"]
    assert (read.labels, read.groups) == (["one", "seven"], ["ann", "theo"])
    assert seconds(read) == [0.02, 0.03]
    assert [clip.name for clip in read.sequences.items] == read.names
    Path("list.txt").write_text(str(Path("clips/0_ann_1.wav").absolute()))
    assert seconds(read_audio_table("list.txt", audio=1)) == [0.04]
    Path("life.csv").write_text("file,life\nclips/0_ann_1.wav,2.5\n")
    labels = read_audio_table("life.csv", audio="file", label="life", numeric=True).labels
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == [2.5]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "clips/no.wav,1\n",
            "a.csv, line 2: clips/no.wav cannot be read: No such file or directory",
        ),
        ("a.csv,1\n", "a.csv, line 2: "),
        (
            "clips/0_ann_1.wav,1\n ,2\n",
            "a.csv, line 3 has no audio: column 'file' is empty; fill it in, or leave the row out",
        ),
        (
            "clips/0_ann_1.wav,\n",
            "a.csv, line 2 has no label: column 'label' is empty; fill it in, or leave the row out",
        ),
    ],
)
def test_wrong_tables(refusal, rows, message):
    Path("a.csv").write_text("file,label\n" + rows)
    found = refusal(read_audio_table, "a.csv", audio="file", label="label")
    assert found == message or (message.endswith(": ") and found.startswith(message + "a.csv"))


def test_clips_with_what_is_said_in_them():
    Path("clips/said.csv").write_text(
        "who,file,said\nann,1_ann_0.wav,one\ntheo,more/7_theo_0.wav, seven up \nann,0_ann_1.wav, \n"
    )
    read = read_transcripts("clips/said.csv", audio="file", text="said", group="who")
    assert (read.names, read.labels) == (
        ["1_ann_0.wav", "more/7_theo_0.wav", "0_ann_1.wav"],
        ["one", "seven up", ""],
    )
    assert (read.groups, seconds(read)) == (["ann", "theo", "ann"], [0.02, 0.03, 0.04])
    alone = read_transcripts("clips/said.csv", audio=2)
    assert (alone.names, alone.labels, alone.groups) == (read.names, None, None)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (
            "clips/0_ann_1.wav,nought\nclips/no.wav,one\n",
            {},
            "a.csv, line 3: clips/no.wav cannot be read: No such file or directory",
        ),
        ("clips/0_ann_1.wav,nought\nclips,one\n", {}, "a.csv, line 3: clips cannot be read: Is a directory"),
        (
            "clips/0_ann_1.wav,nought\ncut.wav,one\n",
            {},
            "a.csv, line 3: cut.wav is cut short: 16 of 640 bytes of sound are there",
        ),
        (
            "clips/0_ann_1.wav,nought\n",
            {"text": 1},
            "audio must be another column than text, got 'file' for both",
        ),
        (
            "clips/0_ann_1.wav,nought\n",
            {"text": "sad"},
            "a.csv has no column 'sad'; its columns are file, said; did you mean 'said'?",
        ),
    ],
)
def test_wrong_tables_of_what_is_said(refusal, rows, columns, message):
    Path("a.csv").write_text("file,said\n" + rows)
    Path("cut.wav").write_bytes(Path("clips/0_ann_1.wav").read_bytes()[:60])
    assert refusal(read_transcripts, "a.csv", **{"audio": "file", "text": "said", **columns}) == message


def test_spoken_digits(real_data):
    read = read_audio(real_data / "audio" / "free-spoken-digits.zip", label_pattern=PATTERN)
    assert (len(read), read.notes) == (3000, ())
    assert Counter(read.labels) == {str(digit): 300 for digit in range(10)}
    assert set(Counter(read.groups).values()) == {500}
