"""The example of a word language model learns the same on our layers as on torch.nn's."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "word_language_model.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("word_language_model", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def both(example, *arguments):
    """The losses of a run with torch.nn's layers and of one with ours."""
    return [
        list(example.losses(example.parse([*map(str, arguments), *accelerate])))
        for accelerate in ([], ["--accelerate"])
    ]


def assert_equal_and_learning(theirs, ours):
    assert len(ours) == len(theirs) == 50
    assert max(abs(a - b) for a, b in zip(ours, theirs)) < 1e-4
    assert ours[-1] < ours[0] - 0.5


@pytest.mark.parametrize("layers", [1, 2])
def test_a_small_text(example, layers):
    text = ROOT / "README.md"
    options = ["--size", 32, "--layers", layers, "--streams", 4, "--piece", 12, "--updates", 50]
    assert_equal_and_learning(*both(example, text, *options))


@pytest.mark.slow
@pytest.mark.skipif("RECURRA_DATA" not in os.environ, reason="RECURRA_DATA is not set")
def test_tiny_shakespeare(example):
    assert_equal_and_learning(*both(example, "--updates", 50))


def test_words(example):
    words, count = example.read_words("To be, or not\nto be?", 5)
    assert count == 5
    assert words.tolist() == [1, 2, 3, 4, 0, 0, 1, 2, 0]


def test_pieces_follow_one_another_in_every_stream(example):
    along = example.pieces(torch.arange(15), 2, 4)
    seen = [(given[:, 0].tolist(), wanted[:, 1].tolist()) for _, (given, wanted) in zip(range(3), along)]
    assert seen == [([0, 1, 2, 3], [8, 9, 10, 11]), ([4, 5], [12, 13]), ([0, 1, 2, 3], [8, 9, 10, 11])]
    with pytest.raises(ValueError, match="a text for 4 streams must have 8 words, got 5"):
        next(example.pieces(torch.arange(5), 4, 2))


def test_as_a_script(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("one two three four five six seven eight nine ten\n" * 20)
    options = ["--size", "8", "--updates", "3", "--piece", "5", "--accelerate"]
    command = [sys.executable, EXAMPLE, text, *options]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stderr == "swapped lstm: LSTM(8, 8, num_layers=2)\n"
    assert result.stdout.startswith("update     3  loss  2.")
    environment = {name: value for name, value in os.environ.items() if name != "RECURRA_DATA"}
    result = subprocess.run(
        [sys.executable, EXAMPLE], capture_output=True, text=True, check=False, env=environment
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].endswith("error: name a text file, or set RECURRA_DATA")
