"""Language models, and models of words, as format 1 first wrote them: their bytes, and what they say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurra import artifact as artifacts
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import TextFeatures, TextWords, WordFeatures
from recurra.data.byte_pairs import byte_alphabet
from recurra.data.vocabulary import UNKNOWN
from recurra.decoding import Sampling
from recurra.runtime import Bag, Crf, Embedding, Linear, Part, Pool, Recurrent, Words, load
from recurra.runtime.network_artifact import network_artifact
from recurra.runtime.network_parts import Tied
from recurra.runtime.network_parts.spelling import affix_keys
from recurra.runtime.sequence_model import sequence_artifact
from tests.golden.test_format_1 import numbers

HERE = Path(__file__).parent
LANGUAGE = ("language-char", "language-word", "language-bpe", "music")
LABELLED = ("classify-words", "tag-words")

TEXTS = {
    "language-char": TextFeatures("char", False, (UNKNOWN, "a", "b", " ", "é")),
    "language-word": TextFeatures("word", False, (UNKNOWN, "the", "cat", "ä")),
    "language-bpe": TextFeatures(
        "bpe",
        False,
        (UNKNOWN, *sorted(byte_alphabet()), "th", "the"),
        (("t", "h"), ("th", "e")),
    ),
}
WORDS = WordFeatures((UNKNOWN, "to", "be", "or"), (UNKNOWN, "t", "o", "b", "e", "r", "T", "é"))
FOLD = np.array([0, 1, 2, 3, 4, 5, 1, 7])  # T is t
KEYS = np.setdiff1d(affix_keys(np.array([[1, 2], [3, 4], [2, 5]])), -1)
PAIRS = np.array([[1, 2], [2, 1], [3, 3]])


def _stack(name: str, inputs: int, *, layers: int = 1, both: bool = False) -> Recurrent:
    return Recurrent(
        "encoder", Stack(cell(name, input_size=inputs, hidden_size=3), layers, bidirectional=both)
    )


def _parts(name: str) -> list[Part]:
    characters = Stack(cell("gru", input_size=2, hidden_size=2), bidirectional=True)
    symbols = TEXTS[name].size + 1 if name in TEXTS else 0
    match name:
        case "language-char":
            return [Embedding("embedding", symbols, 2), _stack("lstm", 2), Linear("head", 3, symbols)]
        case "language-word":
            return [
                Embedding("embedding", symbols, 3),
                _stack("gru", 3, layers=2),
                Tied("head", 3, symbols, "embedding"),
            ]
        case "language-bpe":
            return [Embedding("embedding", symbols, 2), _stack("rnn", 2), Linear("head", 3, symbols)]
        case "music":
            return [_stack("lstm", 88), Linear("head", 3, 88)]
        case "classify-words":
            return [
                Words("words", 4, 3, 8, len(KEYS), 2, characters),
                _stack("gru", 9, both=True),
                Pool("max"),
                Linear("head", 6, 3),
                Bag("bag", 4, len(PAIRS), 3),
            ]
        case _:
            return [
                Words("words", 4, 3, 8, len(KEYS), 2, characters),
                _stack("lstm", 9, both=True),
                Linear("head", 6, 3),
                Crf("crf", 3),
            ]


def _tensors(parts: list[Part]) -> dict[str, np.ndarray]:
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    own = {"words.affix.keys": KEYS, "words.affix.fold": FOLD, "bag.pairs": PAIRS}
    found = {
        name: own.get(name, 2 * numbers(shape, 100 * i)) for i, (name, shape) in enumerate(shapes.items())
    }
    return {name: array.astype(np.float32) for name, array in found.items()}


def made_now(name: str) -> Artifact:
    parts = _parts(name)
    tensors = _tensors(parts)
    history = {"epochs": [{"epoch": 1, "loss": 0.5}], "best_epoch": 1, "stopped": "time"}
    card = {"seed": 7, "metrics": {"nats": 1.5}, "notes": ["µ"]}
    if name in LABELLED:
        task = name.removesuffix("-words")
        fields: dict[str, Any] = {"classes": ["O", "B-x", "I-x"], "counts": [3, 2, 1]}
        features = TextWords(False, WORDS) if task == "classify" else WORDS
        fields |= {"temperature": 2.0} if task == "classify" else {}
        return sequence_artifact(
            task, parts, tensors, features, fields, source=None, history=history, card=card
        )
    if name == "music":
        fields = {"steps_per_beat": 4.0, "beats_per_minute": 72.5}
        task = "music"
    else:
        column = "text" if name == "language-bpe" else None
        reading = {"ends": name != "language-word", "lines": name == "language-char", "column": column}
        fields, task = {"features": TEXTS[name].to_dict(), **reading}, "language-model"
    return network_artifact(task, parts, tensors, fields, output="logits", history=history, card=card)


def inputs(name: str) -> Any:
    """Three sequences of different lengths."""
    match name:
        case "language-char":
            return ["ab é", "b", "éb x ba"]
        case "language-word":
            return ["the cat", "ä", "the dog ä cat the"]
        case "language-bpe":
            return ["the é", "t", "then 😀"]
        case "music":
            return [numbers((length, 88), 50 * length) > 0.8 for length in (4, 1, 7)]
        case "classify-words":
            return ["To be or", "be", "to be rob to be éé or or"]
        case _:
            return [["To", "be", "or"], ["be"], ["to", "be", "rob", "", "éé", "or", "or"]]


def said(model: Any, name: str) -> list[Any]:
    """What a model says of `inputs`, as JSON has it."""
    match name:
        case "classify-words":
            return model.predict_proba(inputs(name)).tolist()
        case "tag-words":
            return model.predict(inputs(name))
        case "music":
            return [own.tolist() for own in model.predict(inputs(name))]
        case _:
            return [own.log_probabilities.tolist() for own in model.predict(inputs(name))]


def written(model: Any, name: str) -> Any:
    """What a model writes greedily after the first of `inputs`."""
    (prompt, *_) = inputs(name)
    if name == "music":
        (piece,) = model.generate(prompt, length=8, temperature=0)
        return [np.flatnonzero(step).tolist() for step in piece.roll]
    (one,) = model.generate(prompt, length=8, sampling=Sampling(temperature=0))
    return [one.text, one.stopped]


@pytest.mark.parametrize("name", [*LANGUAGE, *LABELLED])
def test_exact_bytes(name, tmp_path):
    artifacts.save(made_now(name), tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == (HERE / f"{name}-1.safetensors").read_bytes()


@pytest.mark.parametrize("name", [*LANGUAGE, *LABELLED])
def test_an_old_file_loads_and_says_what_it_said(name):
    """The expected numbers were computed by torch.nn in float64, and the tags by trying them all."""
    model = load(HERE / f"{name}-1.safetensors")
    expected = json.loads((HERE / "language-1.json").read_text())[name]
    assert model.fingerprint == expected["fingerprint"]
    if name == "tag-words":
        assert said(model, name) == expected["said"]
        return
    for own, wanted in zip(said(model, name), expected["said"], strict=True):
        np.testing.assert_allclose(own, wanted, rtol=2e-5)
    if name in LANGUAGE:
        assert written(model, name) == expected["written"]
