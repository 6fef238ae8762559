"""The page on formats tells the true columns, keys and limits of what is read and written."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from recurra.data import archive, audio, matlab, midi, piano_roll, vectors
from recurra.training.csv_log import COLUMNS
from tests.docs.small import CLIPS, MODELS, execute, small

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
LOAD, REVIEWS = MODELS["load.safetensors"], MODELS["reviews.safetensors"]
PLAYS = "fit language-model plays.txt"
CHORALES = "fit language-model chorales.mat --music"
ANSWERS = "fit translate train.de train.en"
HEARD = "fit transcribe clips.csv --audio path --text words"
PREDICTED = {
    "forecast": (LOAD, "load.csv"),
    "class of texts": (REVIEWS, "new-reviews.txt"),
    "class of series or clips": (CLIPS, "clip.wav"),
    "number of series or clips": (
        "fit regress wear.csv --series machine --time minute --label hours_left",
        "wear.csv",
    ),
    "tags of words": ("fit tag train.conllu --tag upos", "test.conllu"),
    "tags of series": (
        "fit tag frames.csv --series recording --time frame --label doing",
        "frames.csv",
    ),
    "language model": ("fit language-model names.txt --lines", "names.txt"),
    "the same with `--tokens`": (PLAYS, "plays.txt --tokens"),
    "music": (CHORALES, "chorales.mat"),
    "answers": (ANSWERS, "new.de"),
    "the same with `--n-best`": (ANSWERS, "new.de --n-best 2"),
    "transcripts": (HEARD, "clip.wav"),
    "the same with `--n-best`, of clips": (HEARD, "clip.wav --n-best 2 --beam 2"),
}


def rows(heading: str) -> list[tuple[str, list[str]]]:
    """The first cell of each row of the table that ``heading`` begins, and the code in the second."""
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return [(first, re.findall(r"`([^`]+)`", second)) for first, second in cells]


def test_the_columns_of_predictions(folder, trained):
    for what, columns in rows("| model | columns |"):
        if what == "the same with `--n-best`" and columns[0] == "name":
            what += ", of clips"
        model, data = PREDICTED[what]
        execute(["predict", str(trained(model)), *data.split(), "-o", "out.csv"])
        assert next(csv.reader(io.StringIO(Path("out.csv").read_text()))) == columns, what


def test_the_columns_of_the_log():
    listed = PAGE[PAGE.index("(`--metrics`) has the columns") :].split(";")[0]
    assert tuple(re.findall(r"`(\w+)`", listed)) == COLUMNS


def test_the_keys_of_json(folder, trained):
    load, plays = str(trained(LOAD)), str(trained(PLAYS))
    asked = {
        "`recurra fit`": [*small(REVIEWS), "-o", "reviews.safetensors"],
        "`recurra evaluate`": ["evaluate", load, "load.csv"],
        "`recurra predict`": ["predict", load, "load.csv"],
        "`recurra generate`": ["generate", plays, "--length", "3"],
        "`recurra inspect`": ["inspect", load, "load.csv"],
        "`recurra describe`": ["describe", "load.csv"],
        "`recurra lab`": ["lab", "gates"],
    }
    listed = dict(rows("| command | keys |"))
    assert set(listed) == set(asked)
    for command, words in asked.items():
        keys = list(json.loads(execute([*words, "--json"])))
        assert keys[: len(listed[command])] == listed[command], command


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{:,} samples in all channels", audio._MOST_SAMPLES),
        ("{:,} to 384,000 a second", audio._LOWEST_RATE),
        ("1,000 to {:,} a second", audio._HIGHEST_RATE),
        ("{:,} files", archive._MOST_FILES),
        ("{} MiB a clip", audio._SOUND.largest_file // 2**20),
        ("{} GiB together, unpacked; deflate", audio._SOUND.largest_total // 2**30),
        ("at most {:,} steps", piano_roll.MOST_STEPS),
        ("{} MiB |\n| a folder or `.zip`", midi.LARGEST_MIDI // 2**20),
        ("{} GiB unpacked |\n| `.npz`", matlab._LARGEST // 2**30),
        ("1 to {:,} numbers", vectors._MOST_NUMBERS),
    ],
)
def test_the_limits(text, value):
    assert text.format(value) in PAGE
