"""What the estimators of labelled sequences learn, and the rules by which they do."""

from itertools import pairwise

import numpy as np
import pytest

from recurra.tasks import SequenceClassifier, SequenceRegressor, SequenceTagger
from recurra.tasks.sequence_defaults import BY_KIND
from recurra.tasks.targets import TagTargets
from recurra.tasks.training_settings import training_settings


@pytest.mark.parametrize(
    ("sequences", "epochs"),
    [(10, 200), (96, 167), (400, 40), (10_000, 40)],  # batches of 32, and 40 epochs for series
)
def test_few_sequences_are_gone_through_more_often(sequences, epochs):
    defaults = BY_KIND["series"]
    assert (defaults.epochs, defaults.batch_size) == (40, 32)
    arguments = SequenceClassifier().get_params()
    assert training_settings(arguments, defaults, sequences).epochs == epochs
    assert training_settings({**arguments, "epochs": 7}, defaults, sequences).epochs == 7


def test_patience_waits_for_the_end_of_a_schedule():
    defaults = BY_KIND["text"]
    arguments = SequenceClassifier(epochs=30).get_params()
    assert training_settings(arguments, defaults, 100).patience == 30
    assert training_settings({**arguments, "schedule": "constant"}, defaults, 100).patience == 5
    assert training_settings({**arguments, "patience": 2}, defaults, 100).patience == 2


def test_what_the_first_step_says_is_kept_to_the_end():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(rng.integers(5, 12), 1)).astype(np.float32) for _ in range(200)]
    y = [bool(x[0, 0] > 0) for x in X]
    fitted = SequenceClassifier(hidden_size=16, pool="last", bidirectional=False).fit(
        X[:150], y[:150], test=(X[150:], y[150:])
    )
    assert fitted.metrics_["accuracy"] > 0.9
    assert fitted.classes_.tolist() == [False, True]
    assert fitted.predict(X[150:]).dtype == bool


def test_quantiles_hold_what_they_promise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6, 1)).astype(np.float32)
    y = 1000 + 100 * X[:, -1, 0] + 20 * rng.normal(size=300)
    fitted = SequenceRegressor(hidden_size=16).fit(X[:200], y[:200], test=(X[200:], y[200:]))
    assert fitted.metrics_["mae"] < 0.5 * fitted.baselines_["mean"]["mae"]
    assert 0.6 < fitted.metrics_["coverage_80"] < 0.95


def test_a_crf_keeps_the_rules_that_the_training_part_keeps():
    rng = np.random.default_rng(0)
    X = [[str(word) for word in rng.choice(list("abcd"), 6)] for _ in range(60)]
    y = [
        ["B-x" if word == "a" else "I-x" if t and "a" in x[t - 1] else "O" for t, word in enumerate(x)]
        for x in X
    ]
    fitted = SequenceTagger(hidden_size=8, crf=True).fit(X, y, test=(X, y))
    rules = TagTargets.of(y, 0.0).allowed
    assert rules is not None
    assert not rules.start[fitted.classes_.tolist().index("I-x")]
    found = fitted.predict([[str(word) for word in rng.choice(list("abcd"), 9)] for _ in range(50)])
    assert all(row[0] != "I-x" for row in found)
    assert all(tag != "I-x" or before != "O" for row in found for before, tag in pairwise(row))
    assert fitted.metrics_["span_f1"] > 0.8


def test_rules_that_the_training_part_breaks_are_given_up():
    kept = TagTargets.of([["B-x", "I-x", "O"], ["O", "B-x", "O"]], 0.0).allowed
    broken = TagTargets.of([["B-x", "I-x", "O"], ["O", "I-x", "O"]], 0.0).allowed
    assert kept is not None
    assert broken is not None
    assert not kept.transitions[2, 1]  # O to I-x, in the order B-x, I-x, O
    assert broken.transitions[2, 1]
    assert not broken.start[1]


def test_class_weights_move_the_odds():
    X = np.random.default_rng(0).normal(size=(100, 4, 1)).astype(np.float32)  # nothing to be learnt from
    y = np.array([0] * 90 + [1] * 10)
    settings = {"hidden_size": 4, "epochs": 10, "learning_rate": 0.02}
    plain = SequenceClassifier(**settings).fit(X, y).predict_proba(X)[:, 1].mean()
    heavy = SequenceClassifier(**settings, class_weight={0: 1, 1: 30}).fit(X, y)
    assert plain < 0.3
    assert heavy.predict_proba(X)[:, 1].mean() > 0.5


def test_a_dict_of_class_weights_comes_back_with_its_names(tmp_path):
    X, y = np.random.default_rng(0).normal(size=(20, 4, 1)), np.arange(20) % 2
    fitted = SequenceClassifier(hidden_size=4, epochs=1, class_weight={0: 1.0, 1: 2.0}).fit(X, y)
    fitted.save(tmp_path / "m")
    loaded = SequenceClassifier.load(tmp_path / "m")
    assert loaded.get_params() == fitted.get_params()
    assert loaded.fit(X, y).model_.fingerprint == fitted.model_.fingerprint


def test_labels_are_the_same_if_they_are_equal():
    """Classes that were given as numbers with a point are found by whole numbers, and by their text."""
    X, y = np.random.default_rng(0).normal(size=(20, 4, 1)), np.arange(20) % 2
    fitted = SequenceClassifier(hidden_size=4, epochs=1).fit(X, y.astype(float))
    expected = fitted.evaluate(X, y.astype(float)).metrics
    assert fitted.evaluate(X, y).metrics == expected
    assert fitted.evaluate(X, y.astype(bool)).metrics == expected
    assert fitted.evaluate(X, [f"{label:.1f}" for label in y]).metrics == expected


def test_time_is_up():
    X, y = np.random.default_rng(0).normal(size=(40, 4, 1)), np.arange(40) % 2
    fitted = SequenceClassifier(hidden_size=4, epochs=10**6, max_time=0.2).fit(X, y)
    assert fitted.history_["stopped"] == "time"
    assert fitted.predict(X).shape == (40,)
