"""Small models of every task with weights that are merely random, and three inputs of each."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from recurra.cells import Stack, cell
from recurra.data import SeriesFeatures
from recurra.runtime import Linear, Part, Pool, Recurrent, RegressionModel, load
from recurra.runtime.encoder_decoder import DecoderSpec, EncoderDecoderSpec, EncoderSpec, Table
from recurra.runtime.sequence_model import sequence_artifact
from recurra.runtime.translation import TranslationModel, translation_artifact
from tests.golden import test_language_1, test_sequences_1, test_transcription_1, test_translation_1
from tests.golden.test_format_1 import numbers

GOLDEN = Path(__file__).parents[2] / "golden"
SEQUENCES = ("classify", "regress", "tag")
WORDS = ("classify-words", "tag-words")
LANGUAGE = ("language-char", "language-word", "language-bpe")
PAIRS = ("translate", "translate-series")
FORECASTS = ("forecast-rnn", "forecast-lstm", "forecast-gru", "forecast-autoregression", "forecast-transform")
NAMES = (*FORECASTS, *SEQUENCES, *WORDS, *LANGUAGE, "music", *PAIRS, "transcribe")
"""Of the files of old models, which have cells of each kind, one direction and both, one layer and two."""


@functools.cache
def model_of(name: str) -> Any:
    return load(GOLDEN / f"{name}-1.safetensors")


def inputs_of(name: str) -> Any:
    """Three inputs of different lengths; of a forecaster a table of three windows."""
    if name in FORECASTS:
        return 300 + 5 * numbers((7, 2), 9000).astype(np.float64)
    if name in SEQUENCES:
        return test_sequences_1.inputs(name)
    if name in PAIRS:
        return test_translation_1.inputs(name)
    return test_transcription_1.clips() if name == "transcribe" else test_language_1.inputs(name)


def regressor(
    kind: str, *, columns: int = 2, layers: int = 1, both: bool = False, **options: Any
) -> RegressionModel:
    """Of any cell, with three quantiles, weights and biases being random."""
    stack = Stack(cell(kind, input_size=columns, hidden_size=4, **options), layers, both)
    return regressor_of(Recurrent("encoder", stack), Pool(), Linear("head", stack.output_size, 3))


def regressor_of(*parts: Part) -> RegressionModel:
    columns = parts[0].stack.cell.input_size  # pyright: ignore[reportAttributeAccessIssue]
    rng = np.random.default_rng(2)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes.items()}
    scales = SeriesFeatures(np.full(columns, 0.5), np.full(columns, 2.0))
    fields = {"levels": [0.1, 0.5, 0.9], "mean": 10.0, "deviation": 3.0}
    made = sequence_artifact("regress", parts, tensors, scales, fields, source=None, history={}, card={})
    return RegressionModel(made)


def translator_without_attention() -> TranslationModel:
    reader = Stack(cell("lstm", input_size=3, hidden_size=2))
    writer = Stack(cell("lstm", input_size=3 + 2, hidden_size=4))
    decoder = DecoderSpec(Table(6, 3), writer, None, input_feeding=False, tied=False)
    spec = EncoderDecoderSpec(EncoderSpec(Table(5, 3), reader), decoder, shared=True)
    tensors = {key: 2 * numbers(shape, 100 * i) for i, (key, shape) in enumerate(spec.shapes().items())}
    return TranslationModel(
        translation_artifact(
            spec.to_dict(),
            tensors,
            test_translation_1.SOURCE,
            test_translation_1.TARGET,
            longest=4,
            columns=None,
            history={},
        )
    )
