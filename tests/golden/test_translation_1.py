"""Models of sequence to sequence as format 1 first wrote them: their exact bytes, and what they still say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurra import artifact as artifacts
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import SeriesFeatures, TextFeatures
from recurra.data.vocabulary import UNKNOWN
from recurra.decoding import Beam
from recurra.runtime import load
from recurra.runtime.encoder_decoder import (
    Additive,
    DecoderSpec,
    EncoderDecoderSpec,
    EncoderSpec,
    General,
    Table,
)
from recurra.runtime.translation import translation_artifact
from tests.golden.test_format_1 import numbers

HERE = Path(__file__).parent
NAMES = ("translate", "translate-series")
SOURCE = TextFeatures("char", False, (UNKNOWN, "a", "b", " ", "é"))
TARGET = TextFeatures("char", False, (UNKNOWN, "x", "ß", " ", "ö"))
SERIES = SeriesFeatures(np.array([0.25, -1.5]), np.array([2.5, 0.125]))
WIDEST = Beam(size=400, n_best=3, max_length=3)  # more than hypotheses that there are


def _spec(name: str) -> EncoderDecoderSpec:
    """Texts by an LSTM in both directions, series by a GRU in one; as many other things as go differ, too."""
    if name == "translate":
        reader = Stack(cell("lstm", input_size=3, hidden_size=2), 2, bidirectional=True)
        writer = Stack(cell("lstm", input_size=3 + 4, hidden_size=4), 2)
        decoder = DecoderSpec(Table(6, 3), writer, Additive(3), input_feeding=True, tied=False)
        return EncoderDecoderSpec(EncoderSpec(Table(5, 3), reader), decoder, shared=False)
    reader = Stack(cell("gru", input_size=2, hidden_size=3))
    writer = Stack(cell("gru", input_size=2, hidden_size=4))
    decoder = DecoderSpec(Table(6, 2), writer, General(), input_feeding=False, tied=True)
    return EncoderDecoderSpec(EncoderSpec(None, reader), decoder, shared=False)


def made_now(name: str) -> Artifact:
    spec, texts = _spec(name), name == "translate"
    return translation_artifact(
        spec.to_dict(),
        {key: 4 * numbers(shape, 315 + 100 * i) for i, (key, shape) in enumerate(spec.shapes().items())},
        SOURCE if texts else SERIES,
        TARGET,
        longest=7,
        columns={"source": 1, "target": "Ä", "header": False} if texts else None,
        history={"epochs": [{"epoch": 1, "loss": 0.5}], "best_epoch": 1, "stopped": "epochs"},
    )


def inputs(name: str) -> Any:
    """Three sources of different lengths."""
    if name == "translate":
        return ["ab é", "b", "éb x ba"]
    return [3 * numbers((length, 2), 9000 + length) for length in (4, 1, 7)]


@pytest.mark.parametrize("name", NAMES)
def test_exact_bytes(name, tmp_path):
    artifacts.save(made_now(name), tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == (HERE / f"{name}-1.safetensors").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_an_old_file_loads_and_says_what_it_said(name):
    """The expected texts were found by trying all of up to three tokens with torch.nn in float64."""
    model = load(HERE / f"{name}-1.safetensors")
    expected = json.loads((HERE / "translations-1.json").read_text())[name]
    assert model.fingerprint == expected["fingerprint"]
    for own, wanted in zip(model.translate(inputs(name), beam=WIDEST), expected["said"], strict=True):
        assert [one.text for one in own] == [text for text, _ in wanted]
        scores = [one.log_probability for one in own]
        np.testing.assert_allclose(scores, [score for _, score in wanted], rtol=1e-5)
        assert all(one.ended for one in own)
    for own, wanted in zip(model.attention(inputs(name), ["xß"] * 3), expected["attention"], strict=True):
        np.testing.assert_allclose(own, wanted, rtol=0, atol=1e-5)
