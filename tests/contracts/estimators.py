"""Every estimator with small data of every kind that it takes; learnt in a second or less."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra.data import Clip
from recurra.tasks import (
    Forecaster,
    LanguageModel,
    Seq2Seq,
    SequenceClassifier,
    SequenceRegressor,
    SequenceTagger,
    Transcriber,
)

N = 24
_SIZES = {"hidden_size": 8, "epochs": 2, "batch_size": 8, "seed": 3}
_WORDS = ["good", "fine", "bad", "poor", "the", "film", "’twas", "naïve", "ε"]


@dataclass(frozen=True, eq=False)
class Case:
    """An estimator before it is fitted, and what to fit it on."""

    make: Callable[..., Any]
    X: Any
    y: Any = None
    validation: Any = None
    test: Any = None

    @property
    def answered(self) -> bool:
        """Whether the data has what the model is to say, beside the sequences."""
        return self.y is not None

    def fit(self, **settings: Any) -> Any:
        """A fitted estimator, scored on a test part."""
        return self.refit(self.make(**settings))

    def refit(self, estimator: Any) -> Any:
        """That estimator, fitted like any other of the case."""
        parts = {"validation": self.validation, "test": self.test}
        given = {name: part for name, part in parts.items() if part is not None}
        return estimator.fit(*([self.X, self.y] if self.answered else [self.X]), **given)


def _rows(kind: str, seed: int, count: int = N) -> list[Any]:
    """Sequences of 3 to 9 steps."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 10, count)
    match kind:
        case "text":
            return [" ".join(rng.choice(_WORDS, length)) for length in lengths]
        case "tokens":
            return [rng.choice(_WORDS, length).tolist() for length in lengths]
        case "series":
            return [rng.normal(size=(length, 2)).astype(np.float32) for length in lengths]
        case "music":
            return [rng.random((length, 88)) < 0.1 for length in lengths]
        case _:
            samples = [rng.normal(0, 0.1, 400 * int(length)).astype(np.float32) for length in lengths]
            return [Clip(own, 8000, f"clip {i}") for i, own in enumerate(samples)]


def _classes(count: int) -> list[str]:
    return [("no", "yes", "ä")[i % 3] for i in range(count)]


def _labelled(kind: str, label: Callable[[list[Any]], Any]) -> dict[str, Any]:
    X = _rows(kind, 0)
    held_out, test = _rows(kind, 1, 6), _rows(kind, 2, 6)
    return {"X": X, "y": label(X), "validation": (held_out, label(held_out)), "test": (test, label(test))}


def _steps(items: list[Any]) -> list[int]:
    return [len(item) for item in items]


def _cases() -> dict[str, Case]:
    def maker(kind: type, **settings: Any) -> Callable[..., Any]:
        return lambda **more: kind(**{**_SIZES, **settings, **more})

    def classes(items: list[Any]) -> list[str]:
        return _classes(len(items))

    def values(items: list[Any]) -> np.ndarray:
        return np.linspace(-3, 400, len(items))

    def bio(items: list[Any]) -> list[list[str]]:
        return [["O", "B-x", "I-x"] + ["O"] * (n - 3) for n in _steps(items)]

    def texts(items: list[Any]) -> list[str]:
        return [("ab", "b", "äb")[i % 3] for i in range(len(items))]

    def codes(items: list[Any]) -> list[list[int]]:
        return [[t % 3 for t in range(n)] for n in _steps(items)]

    wave = np.sin(np.arange(160) * 2 * np.pi / 12) + np.arange(160) / 50
    found = {
        "forecast": Case(maker(Forecaster, target="y", horizon=3, context=12), wave),
        "classify words of texts": Case(maker(SequenceClassifier), **_labelled("text", classes)),
        "classify characters": Case(maker(SequenceClassifier, level="char"), **_labelled("text", classes)),
        "classify byte pairs": Case(
            maker(SequenceClassifier, level="bpe", max_vocabulary=300, pool="attention"),
            **_labelled("text", classes),
        ),
        "classify tokens": Case(maker(SequenceClassifier, cell="gru"), **_labelled("tokens", classes)),
        "classify series": Case(
            maker(SequenceClassifier, cell="rnn", num_layers=2, pool="last"), **_labelled("series", classes)
        ),
        "classify audio": Case(maker(SequenceClassifier), **_labelled("audio", classes)),
        "regress texts": Case(maker(SequenceRegressor), **_labelled("text", values)),
        "regress tokens": Case(maker(SequenceRegressor), **_labelled("tokens", values)),
        "regress series": Case(maker(SequenceRegressor, pool="mean"), **_labelled("series", values)),
        "regress audio": Case(maker(SequenceRegressor), **_labelled("audio", values)),
        "tag tokens": Case(maker(SequenceTagger), **_labelled("tokens", bio)),
        "tag tokens, crf": Case(maker(SequenceTagger, crf=True), **_labelled("tokens", bio)),
        "tag series": Case(maker(SequenceTagger), **_labelled("series", codes)),
        "tag series, crf": Case(maker(SequenceTagger, crf=True), **_labelled("series", codes)),
        "transcribe series": Case(maker(Transcriber, level="word"), **_labelled("series", texts)),
        "transcribe audio": Case(maker(Transcriber), **_labelled("audio", texts)),
    }
    for of, settings in (
        ("characters", {}),
        ("words", {"level": "word", "cell": "gru"}),
        ("byte pairs", {"level": "bpe", "max_vocabulary": 300, "num_layers": 2}),
        ("music", {}),
    ):
        read = "music" if of == "music" else "text"
        make = maker(LanguageModel, bptt=8, **settings)
        found[f"write {of}"] = Case(make, _rows(read, 0), test=_rows(read, 2, 6))
    for task, kind in (("classify", SequenceClassifier), ("regress", SequenceRegressor)):
        for of, settings in (
            ("texts", {}),
            ("characters", {"level": "char"}),
            ("tokens", {}),
            ("series", {}),
            ("audio", {}),
        ):
            read = "text" if of in ("texts", "characters") else of
            label = classes if task == "classify" else values
            found[f"{task} {of}, causal"] = Case(
                maker(kind, bidirectional=False, **settings), **_labelled(read, label)
            )
    for of, label in (("tokens", bio), ("series", codes)):
        found[f"tag {of}, causal"] = Case(maker(SequenceTagger, bidirectional=False), **_labelled(of, label))
    for of, settings in (
        ("characters", {"level": "char"}),
        ("words", {"level": "word", "shared": True, "attention": "general", "cell": "lstm"}),
        ("byte pairs", {"max_vocabulary": 300, "attention": "dot", "num_layers": 2, "tied": False}),
        ("series", {"input_feeding": False, "teacher_forcing": 0.5}),
        ("series, no attention", {"attention": "none", "bidirectional": False, "cell": "rnn"}),
    ):
        read = "series" if of.startswith("series") else "text"
        make = maker(Seq2Seq, embedding_size=6, **settings)
        found[f"translate {of}"] = Case(make, **_labelled(read, texts))
    for of in ("series", "audio"):
        causal = maker(Transcriber, bidirectional=False)
        found[f"transcribe {of}, causal"] = Case(causal, **_labelled(of, texts))
    return found


CASES = _cases()
ANSWERED = [name for name, case in CASES.items() if case.answered]
LABELLED = [name for name in ANSWERED if not name.startswith("translate")]
CAUSAL = [name for name in CASES if name.endswith("causal")]
