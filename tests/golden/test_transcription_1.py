"""A transcriber as format 1 first wrote it: its exact bytes, and what it still says."""

import json
from pathlib import Path

import numpy as np

from recurra import artifact as artifacts
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import AudioFeatures, Clip, SeriesFeatures, Source, TextFeatures
from recurra.data.vocabulary import UNKNOWN
from recurra.runtime import Linear, Recurrent, load
from recurra.runtime.sequence_model import sequence_artifact
from tests.golden.test_format_1 import numbers

HERE = Path(__file__).parent
SOUND = AudioFeatures(8000, SeriesFeatures(np.array([-3.0, -4.0, -4.0]), np.array([4.0, 3.0, 2.0])), stack=2)


def made_now() -> Artifact:
    stack = Stack(cell("lstm", input_size=6, hidden_size=3), 2)
    parts = [Recurrent("encoder", stack), Linear("head", 3, 4)]
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    return sequence_artifact(
        "transcribe",
        parts,
        {name: 4 * numbers(shape, 100 * i) for i, (name, shape) in enumerate(shapes.items())},
        SOUND,
        {"symbols": TextFeatures("char", False, (UNKNOWN, "é", " ", "b")).to_dict(), "commonest": "b é"},
        source=Source("transcripts", {"audio": "Ä", "text": 2, "header": False}),
        history={"epochs": [{"epoch": 1, "loss": 0.5}], "best_epoch": 1, "stopped": "epochs"},
        card={"seed": 7, "metrics": {"word_error_rate": 0.5}, "notes": ["µ"]},
    )


def clips() -> list[Clip]:
    """Three of different lengths, loud and soft by turns."""
    loudness = np.repeat(np.array([0.5, 0.001, 0.05, 0.0001, 0.3], np.float32), 320)
    return [Clip(np.resize(loudness, n) * numbers((n,), 9000 + n), 8000) for n in (900, 1200, 2500)]


def test_exact_bytes(tmp_path):
    artifacts.save(made_now(), tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == (HERE / "transcribe-1.safetensors").read_bytes()


def test_an_old_file_loads_and_says_what_it_said():
    """The expected probabilities were computed by torch.nn in float64, the text by trying every alignment."""
    model = load(HERE / "transcribe-1.safetensors")
    expected = json.loads((HERE / "transcriptions-1.json").read_text())
    assert model.fingerprint == expected["fingerprint"]
    for own, probabilities in zip(model.transcribe(clips()), expected["probabilities"], strict=True):
        np.testing.assert_allclose(own.probabilities, probabilities, rtol=1e-4)
    (short,) = model.transcribe(clips()[1:2], beam=2000)
    best = short.transcripts[0]
    assert (best.text, list(best.symbols)) == (expected["text"], list(expected["text"]))
    assert abs(best.log_probability - expected["log_probability"]) < 1e-5
