import os
from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Sequences, as_pairs, read_pairs
from recurra.evaluation import evaluate_translation, fit_translation_baselines
from recurra.evaluation.lexicon import Lexicon

SOURCES = ["das haus", "das buch", "ein buch", "ein haus klein"]
TARGETS = ["the house", "the book", "a book", "a small house"]


def probabilities(sources: list[list[str]], targets: list[list[str]], rounds: int) -> dict[tuple, float]:
    """IBM model 1 as it is written: P(t | s), where s may be "", which is no word."""
    p = {(s, t): 1.0 for ss, ts in zip(sources, targets) for s in ["", *ss] for t in ts}
    for _ in range(rounds):
        counts = dict.fromkeys(p, 0.0)
        for ss, ts in zip(sources, targets):
            for t in ts:
                total = sum(p[s, t] for s in ["", *ss])
                for s in ["", *ss]:
                    counts[s, t] += p[s, t] / total
        sums: dict[str, float] = {}
        for (s, _t), count in counts.items():
            sums[s] = sums.get(s, 0.0) + count
        p = {(s, t): count / sums[s] for (s, t), count in counts.items()}
    return p


def test_the_dictionary_is_that_of_ibm_model_1():
    rng = np.random.default_rng(0)
    sources = [rng.choice(list("abcdef"), size=rng.integers(1, 6)).tolist() for _ in range(40)]
    targets = [[{"a": "x", "b": "y"}.get(s, s) for s in ss] + ["."] for ss in sources]
    p = probabilities(sources, targets, 10)
    known = sorted({s for ss in sources for s in ss})
    best = {s: max((value, t) for (other, t), value in p.items() if other == s)[1] for s in known}
    lexicon = Lexicon.fit(sources, targets)
    assert lexicon.becomes == best == {"a": "x", "b": "y", "c": "c", "d": "d", "e": "e", "f": "f"}
    assert lexicon.pairs == 40
    assert lexicon(["b", "a", "?"]) == ["y", "x", "?"]


def test_of_equals_the_first_is_taken():
    assert Lexicon.fit([["s"]], [["t", "u"]]).becomes == {"s": "t"}


def test_very_many_pairs_are_thinned_out(monkeypatch):
    sources, targets = [["a"], ["b"], [], ["c"]] * 10, [["x"], ["y"], ["?"], ["z"]] * 10
    monkeypatch.setattr("recurra.evaluation.lexicon._MOST_CELLS", 30)
    lexicon = Lexicon.fit(sources, targets)
    # 60 cells of the 30 pairs that have both sides: every second.
    assert (lexicon.pairs, lexicon.becomes) == (15, {"a": "x", "b": "y", "c": "z"})


def test_texts():
    baselines = fit_translation_baselines(as_pairs([*SOURCES, ""], [*TARGETS, "nothing"]))
    assert (list(baselines.fitted), baselines.failed) == (["copy", "dictionary", "nearest"], {})
    found = baselines.on(Sequences("text", ["ein  Haus", "buch das neu", ""]))
    assert found.outputs == {
        "copy": ["ein  Haus", "buch das neu", ""],
        "dictionary": ["a Haus", "book the neu", ""],
        "nearest": ["a small house", "the book", ""],
    }
    assert found.notes == {
        "copy": "the source as it is",
        "dictionary": "word by word, each what it most probably becomes by IBM model 1",
        "nearest": "the target of the nearest training source, by the cosine of TF-IDF of 1–2-grams of words",
    }


def test_characters():
    pairs = as_pairs(["abc", "bca", "ca", "ab b"], ["xyz", "yzx", "zx", "xy y"])
    found = fit_translation_baselines(pairs, level="char").on(Sequences("text", ["cab!", "ab b"]))
    assert found.outputs["dictionary"] == ["zxy!", "xy y"]
    assert found.outputs["nearest"][1] == "xy y"
    assert found.notes["dictionary"] == (
        "character by character, each what it most probably becomes by IBM model 1"
    )
    assert found.notes["nearest"] == (
        "the target of the nearest training source, by the cosine of TF-IDF of 1–4-grams of characters"
    )


def test_vectors():
    # The second column has large values that say nothing: without standard deviations it would decide.
    vectors = np.array([[0.0, 1000.0], [1.0, -1000.0], [0.1, -900.0], [0.9, 900.0]])
    baselines = fit_translation_baselines(as_pairs(vectors, ["no", "yes", "no", "yes"]))
    assert list(baselines.fitted) == ["nearest"]
    found = baselines.on(as_pairs(np.array([[0.9, -500.0], [0.0, 0.0]])).sources)
    assert found.outputs["nearest"] == ["yes", "no"]
    assert found.notes == {
        "nearest": "the target of the nearest training source, "
        "by the distance of standardised means over time"
    }


def test_series_of_any_length():
    series = [np.full((length, 2), value) for length, value in ((3, 0.0), (5, 1.0), (0, 0.0))]
    baselines = fit_translation_baselines(as_pairs(series, ["low", "high", "empty"]))
    other = as_pairs([np.full((9, 2), 0.9), np.zeros((0, 2)), np.full((1, 2), 0.2)]).sources
    assert baselines.on(other).outputs == {"nearest": ["high", "", "low"]}
    assert baselines.on(other.take(slice(1, 2))).outputs == {"nearest": [""]}


@pytest.mark.parametrize(
    ("X", "y", "options", "message"),
    [
        (
            ["a"],
            None,
            {},
            "training needs targets, got sources alone; give the text that each becomes",
        ),
        (
            ["a"],
            ["b"],
            {"level": "bpe"},
            "level must be one of word, char, got 'bpe'",
        ),
    ],
)
def test_bad_arguments(X, y, options, message):
    with pytest.raises(InputError) as caught:
        fit_translation_baselines(as_pairs(X, y), **options)
    assert str(caught.value) == message


@pytest.mark.slow
def test_multi30k():
    folder = os.environ.get("RECURRA_DATA")
    if not folder:
        pytest.skip("RECURRA_DATA, the folder of the data sets, is not set")
    parts = Path(folder) / "translation"
    training = read_pairs(parts / "train.de", parts / "train.en")
    test = read_pairs(parts / "test2016.de", parts / "test2016.en")
    assert test.targets is not None
    outputs = fit_translation_baselines(training).on(test.sources)
    found = evaluate_translation(test.sources.items, test.targets, baselines=outputs)
    bleu = {name: metrics["bleu"] for name, metrics in found.baselines.items()}
    assert bleu["copy"] == found.metrics["bleu"] < 1
    assert bleu["dictionary"] == pytest.approx(28.2, abs=0.5)
    assert bleu["nearest"] == pytest.approx(12.4, abs=0.5)
