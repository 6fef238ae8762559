"""How a file was read, kept as plain values: other files are read alike, with labels and without."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recurra.data import Source

TEXTS = Source("texts", {"text": "2", "label": "1", "header": False})


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder of two clips and a table that names one of them."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for i, name in enumerate(("yes_1.wav", "no_1.wav")):
        soundfile.write(folder / name, np.full(80, 0.25 * i), 8000)
    (folder / "table.csv").write_text("file,word\nno_1.wav,no\n")
    return folder


def test_a_source_comes_back_from_json():
    assert Source.from_dict(json.loads(json.dumps(TEXTS.to_dict()))) == TEXTS


def test_labels_are_read_or_not(tmp_path: Path):
    (tmp_path / "a.tsv").write_text("good\tfine film\nbad\tdull\n")
    labelled = TEXTS.read(tmp_path / "a.tsv", labelled=True)
    assert (labelled.sequences.items, labelled.labels) == (["fine film", "dull"], ["good", "bad"])
    (tmp_path / "b.tsv").write_text("\tfine film\n")  # whose label is not known
    alone = TEXTS.read(tmp_path / "b.tsv", labelled=False)
    assert (alone.sequences.items, alone.labels) == (["fine film"], None)


def test_lines_of_texts_and_of_words(tmp_path: Path):
    (tmp_path / "a.txt").write_text("a fine film\ndull\n")
    for kind, items in (("text", ["a fine film", "dull"]), ("tokens", [["a", "fine", "film"], ["dull"]])):
        read = Source.lines(kind).read(tmp_path / "a.txt", labelled=False)
        assert (read.sequences.kind, read.sequences.items) == (kind, items)
        assert read.names == ["a.txt, line 1", "a.txt, line 2"]


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [
        (Source("conllu", {"tag": "NER"}), "a.conllu", "1\tA\ta\tX\tX\t_\t0\troot\t_\t_\n"),
        (Source("tagged", {"token": 1, "tag": 2, "separator": "whitespace"}), "a.conll", "A\n"),
    ],
)
def test_words_without_tags(tmp_path: Path, source: Source, name: str, text: str):
    (tmp_path / name).write_text(text)
    read = source.read(tmp_path / name, labelled=False)
    assert (read.sequences.items, read.labels) == ([["A"]], None)


def test_clips_of_a_folder_and_a_single_one(sounds: Path):
    source = Source("audio", {"label_pattern": "^(?P<label>[a-z]+)_", "numeric": False})
    assert source.read(sounds, labelled=True).labels == ["no", "yes"]
    assert source.read(sounds, labelled=False).labels is None
    (sounds / "odd.wav").write_bytes((sounds / "yes_1.wav").read_bytes())
    assert source.read(sounds, labelled=False).names == ["no_1.wav", "odd.wav", "yes_1.wav"]
    one = source.read(sounds / "no_1.wav", labelled=False)
    assert (one.names, one.labels) == (["no_1.wav"], None)
    np.testing.assert_array_equal(one.sequences.items[0].samples, np.full(80, 0.25, np.float32))


def test_clips_of_a_table_and_those_without_one(sounds: Path):
    source = Source("audio table", {"audio": "file", "label": "word"})
    assert source.read(sounds / "table.csv", labelled=True).labels == ["no"]
    assert source.read(sounds / "table.csv", labelled=False).names == ["no_1.wav"]
    assert source.read(sounds / "no_1.wav", labelled=False).names == ["no_1.wav"]
    assert source.read(sounds, labelled=False).names == ["no_1.wav", "yes_1.wav"]


def test_clips_and_what_is_said_in_them(sounds: Path):
    source = Source("transcripts", {"audio": "file", "text": "word"})
    assert source.read(sounds / "table.csv", labelled=True).labels == ["no"]
    (sounds / "new.csv").write_text("file\nyes_1.wav\n")
    new = source.read(sounds / "new.csv", labelled=False)
    assert (new.names, new.labels) == (["yes_1.wav"], None)
    assert source.read(sounds / "no_1.wav", labelled=False).names == ["no_1.wav"]
    assert source.read(sounds, labelled=False).names == ["no_1.wav", "yes_1.wav"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["texts"], "source must be an object with reader and options"),
        ({"reader": "texts"}, "source must be an object with reader and options"),
        (
            {"reader": ["texts"], "options": {}},
            "source must have a reader (text) and options (an object)",
        ),
        (
            {"reader": "conlu", "options": {}},
            "source.reader must be one of texts, words, long, audio, audio table, transcripts, conllu, "
            "tagged, got 'conlu'; did you mean 'conllu'?",
        ),
        (
            {"reader": "conllu", "options": {"path": "/etc/passwd"}},
            "an option of conllu must be one of tag, got 'path'",
        ),
        (
            {"reader": "texts", "options": {"text": {"a": 1}}},
            "source.options.text must be text or a whole number, got {'a': 1}",
        ),
        (
            {"reader": "texts", "options": {"text": True}},
            "source.options.text must be text or a whole number, got True",
        ),
        (
            {"reader": "texts", "options": {"header": "no"}},
            "source.options.header must be True or False, got 'no'",
        ),
        (
            {"reader": "long", "options": {"columns": ["x", None]}},
            "source.options.columns must be a list of columns, got ['x', None]",
        ),
    ],
)
def test_what_is_no_source(refusal, fields, message: str):
    assert refusal(Source.from_dict, fields) == message
