"""Features that the training part teaches: vectors to begin with, and how often a symbol stands there."""

import numpy as np
import pytest

from recurra import SequenceClassifier, SequenceTagger
from recurra._base.errors import InputError
from recurra.tasks.sequence_features import fit_features, symbol_counts

TEXTS = ["a good film", "a bad film", "good , good", "bad and long"] * 4
LABELS = ["yes", "no", "yes", "no"] * 4
SMALL = {"hidden_size": 3, "epochs": 1, "batch_size": 16}


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("good 1 2 3\nfilm -1 0.5 0\nelsewhere 9 9 9\n")
    return str(path)


def arguments(**given):
    return {**SequenceClassifier().get_params(), **given}


@pytest.mark.parametrize(
    ("kind", "items", "level"),
    [
        ("text", TEXTS, None),
        ("text", TEXTS, "char"),
        ("tokens", [text.split() for text in TEXTS], None),
    ],
)
def test_symbols_are_counted_as_they_stand_in_the_inputs(kind, items, level):
    features = fit_features(items, kind, arguments(level=level))
    counts = symbol_counts(features, features(items))
    names = features.words if kind == "tokens" else features.vocabulary
    assert len(counts) == len(names)
    found = dict(zip(names, counts.tolist()))
    spelt = "".join(TEXTS) if level == "char" else " ".join(TEXTS).split()
    for name in names[1:]:
        assert found[name] == spelt.count(name)


def test_numbers_have_no_symbols_to_count():
    series = [np.ones((3, 2), np.float32)]
    features = fit_features(series, "series", arguments())
    assert symbol_counts(features, features(series)) is None


@pytest.mark.parametrize(
    ("estimator", "X", "y"),
    [
        (SequenceClassifier, TEXTS, LABELS),
        (SequenceTagger, [t.split() for t in TEXTS], [["x"] + ["y"] * (len(t.split()) - 1) for t in TEXTS]),
    ],
)
def test_a_network_begins_with_given_vectors(estimator, X, y, vectors):
    fitted = estimator(vectors=vectors, learning_rate=1e-12, weight_decay=0.0, **SMALL).fit(X, y)
    words = fitted.model_.features.words
    words = getattr(words, "words", words)
    table = fitted.artifact_.tensors["embedding.word.weight"]
    np.testing.assert_allclose(table[words.index("good")], [1, 2, 3], rtol=1e-6)
    np.testing.assert_allclose(table[words.index("film")], [-1, 0.5, 0], rtol=1e-6, atol=1e-9)
    assert fitted.notes_ == (f"2 of {len(words)} symbols begin with the vectors of {vectors}.",)


def test_vectors_of_another_size_are_refused(vectors):
    with pytest.raises(InputError) as caught:
        SequenceClassifier(vectors=vectors, embedding_size=5, **SMALL).fit(TEXTS, LABELS)
    assert str(caught.value) == (f"embedding_size must be 3, as in vectors {vectors}, or left out, got 5")


def test_vectors_of_other_words_are_refused(tmp_path):
    path = tmp_path / "other.txt"
    path.write_text("zebra 1 2\n")
    with pytest.raises(InputError) as caught:
        SequenceClassifier(vectors=str(path), **SMALL).fit(TEXTS, LABELS)
    assert str(caught.value) == f"vectors {path} has none of the 8 symbols of the training part"
