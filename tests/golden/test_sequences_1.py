"""Models of labelled sequences as format 1 first wrote them: their exact bytes, and what they still say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurra import artifact as artifacts
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import SeriesFeatures, Source, TextFeatures
from recurra.data.vocabulary import UNKNOWN
from recurra.runtime import AttentionPool, Crf, Embedding, Linear, Part, Pool, Recurrent, load
from recurra.runtime.features import Features
from recurra.runtime.sequence_model import sequence_artifact
from tests.golden.test_format_1 import numbers

HERE = Path(__file__).parent
SERIES = SeriesFeatures(np.array([0.25, -1.5]), np.array([2.5, 0.125]))
CHARACTERS = TextFeatures("char", False, (UNKNOWN, "a", "b", " ", "é"))


def _parts(task: str) -> tuple[list[Part], Features, dict[str, Any], Source | None]:
    def stack(name: str, inputs: int, *, layers: int = 1, both: bool = False) -> Stack:
        return Stack(cell(name, input_size=inputs, hidden_size=3), layers, bidirectional=both)

    match task:
        case "classify":
            encoder = stack("lstm", 2, both=True)
            parts = [
                Embedding("embedding", 5, 2),
                Recurrent("encoder", encoder),
                AttentionPool("pool", 6, 2),
                Linear("head", 6, 3),
            ]
            source = Source("texts", {"text": 1, "label": "Ä", "header": False})
            fields = {"classes": ["no", "yes", "ä"], "counts": [3, 2, 1], "temperature": 1.5}
            return parts, CHARACTERS, fields, source
        case "regress":
            parts = [Recurrent("encoder", stack("gru", 2, layers=2)), Pool("mean"), Linear("head", 3, 3)]
            return parts, SERIES, {"levels": [0.1, 0.5, 0.9], "mean": 100.5, "deviation": 20.25}, None
        case _:
            parts = [Recurrent("encoder", stack("rnn", 2, both=True)), Linear("head", 6, 3), Crf("crf", 3)]
            return parts, SERIES, {"classes": [-1, 0, 7], "counts": [5, 1, 9]}, None


def made_now(task: str) -> Artifact:
    parts, features, fields, source = _parts(task)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    return sequence_artifact(
        task,
        parts,
        {name: 2 * numbers(shape, 100 * i) for i, (name, shape) in enumerate(shapes.items())},
        features,
        fields,
        source=source,
        history={"epochs": [{"epoch": 1, "loss": 0.5}], "best_epoch": 1, "stopped": "epochs"},
        card={"seed": 7, "metrics": {"accuracy": 0.5}, "notes": ["µ"]},
    )


def inputs(task: str) -> Any:
    """Three sequences of different lengths."""
    if task == "classify":
        return ["ab é", "b", "éb x ba"]
    return [3 * numbers((length, 2), 9000 + length) for length in (4, 1, 7)]


def said(model: Any, task: str) -> list[Any]:
    """What a model says of `inputs`, as JSON has it."""
    if task == "tag":
        return model.predict(inputs(task))
    answer = model.predict_proba if task == "classify" else model.predict_quantiles
    return answer(inputs(task)).tolist()


@pytest.mark.parametrize("task", ["classify", "regress", "tag"])
def test_exact_bytes(task, tmp_path):
    artifacts.save(made_now(task), tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == (HERE / f"{task}-1.safetensors").read_bytes()


@pytest.mark.parametrize("task", ["classify", "regress", "tag"])
def test_an_old_file_loads_and_says_what_it_said(task):
    """The expected answers were computed by torch.nn in float64, and the tags by trying them all."""
    model = load(HERE / f"{task}-1.safetensors")
    expected = json.loads((HERE / "sequences-1.json").read_text())[task]
    assert model.fingerprint == expected["fingerprint"]
    if task == "tag":
        assert said(model, task) == expected["said"]
    else:
        np.testing.assert_allclose(said(model, task), expected["said"], rtol=1e-5)
