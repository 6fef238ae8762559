import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from recurra._base.errors import InputError
from recurra.evaluation import BaselineOutputs, evaluate_labels

CLASSES = ("cat", "dog", "owl")


def sure(*predicted: str, confidence: float = 0.8) -> np.ndarray:
    """Probabilities of `CLASSES` that put ``confidence`` on each of ``predicted``."""
    rest = (1 - confidence) / (len(CLASSES) - 1)
    return np.array([[confidence if name == given else rest for name in CLASSES] for given in predicted])


def test_by_hand():
    labels = ["cat", "cat", "dog", "owl"]
    found = evaluate_labels(labels, sure("cat", "dog", "dog", "dog"), CLASSES)
    assert found.metrics == pytest.approx(
        {
            "accuracy": 0.5,
            "macro_f1": (2 / 3 + 1 / 2 + 0) / 3,
            "log_loss": -(2 * math.log(0.8) + 2 * math.log(0.1)) / 4,
        }
    )
    assert found.predicted == ["cat", "dog", "dog", "dog"]
    assert found.confusion.tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert [(s.label, s.precision, s.recall, s.support) for s in found.by_class[:2]] == [
        ("cat", 1.0, 0.5, 2),
        ("dog", 1 / 3, 1.0, 1),
    ]
    owl = found.by_class[2]
    assert math.isnan(owl.precision)
    assert (owl.recall, owl.f1, owl.support) == (0.0, 0.0, 1)
    assert found.accuracy_standard_error == pytest.approx(math.sqrt(0.5 * 0.5 / 4))
    assert (found.count, found.notes) == (4, ())


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40), classes=st.integers(2, 6))
def test_the_metrics_are_those_of_scikit_learn(seed, count, classes):
    rng = np.random.default_rng(seed)
    names = [f"c{i}" for i in range(classes)]
    codes = rng.integers(classes, size=count)
    probabilities = rng.dirichlet(np.ones(classes), size=count)
    found = evaluate_labels([names[code] for code in codes], probabilities.astype(np.float32), names)
    predicted = probabilities.argmax(axis=1)
    assert found.metrics["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(codes, predicted))
    assert found.metrics["macro_f1"] == pytest.approx(
        sklearn_metrics.f1_score(codes, predicted, average="macro", zero_division=0)
    )
    assert found.metrics["log_loss"] == pytest.approx(
        sklearn_metrics.log_loss(codes, probabilities, labels=range(classes)), rel=1e-4
    )
    assert np.array_equal(
        found.confusion, sklearn_metrics.confusion_matrix(codes, predicted, labels=range(classes))
    )


def test_a_label_that_training_never_saw_counts_as_wrong():
    labels = ["cat", "emu", "dog", "emu", "yak"]
    found = evaluate_labels(labels, sure("cat", "cat", "dog", "dog", "owl"), CLASSES)
    assert found.metrics["accuracy"] == pytest.approx(2 / 5)
    # cat 2/3, dog 2/3, and owl, emu and yak 0.
    assert found.metrics["macro_f1"] == pytest.approx(4 / 3 / 5)
    assert math.isnan(found.metrics["log_loss"])
    assert found.to_dict()["metrics"]["log_loss"] is None
    assert found.notes == (
        "3 of 5 labels never occur in training ('emu', 'yak'): they count as wrong, and the log-loss is not "
        "defined.",
    )
    assert [scores.label for scores in found.by_class] == ["cat", "dog", "owl", "emu", "yak"]
    assert found.confusion.sum() == 2


def test_of_many_labels_never_seen_three_are_named():
    found = evaluate_labels(["a", "b", "c", "d", "cat"], sure(*["cat"] * 5), CLASSES)
    assert found.notes == (
        "4 of 5 labels never occur in training ('a', 'b', 'c', …): they count as wrong, and the log-loss is "
        "not defined.",
    )


def test_one_class_only():
    found = evaluate_labels(["dog"] * 3, sure("dog", "cat", "dog"), CLASSES)
    assert found.metrics["accuracy"] == pytest.approx(2 / 3)
    # dog 0.8 and cat, which was predicted, 0; owl neither occurs nor was predicted.
    assert found.metrics["macro_f1"] == pytest.approx(0.4)
    assert found.notes == ("Every label is 'dog', so the accuracy says nothing about the other classes.",)
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_model_of_one_class():
    found = evaluate_labels(["cat", "cat"], np.ones((2, 1)), ["cat"])
    assert found.metrics == {"accuracy": 1.0, "macro_f1": 1.0, "log_loss": 0.0}
    assert (found.notes, found.accuracy_standard_error) == ((), 0.0)


def test_an_impossible_label_costs_much_but_not_everything():
    found = evaluate_labels(["cat"], np.array([[0.0, 1.0, 0.0]]), CLASSES)
    assert found.metrics["log_loss"] == pytest.approx(
        sklearn_metrics.log_loss([0], [[0, 1, 0]], labels=range(3))
    )
    assert 36 < found.metrics["log_loss"] < 37


def test_baselines_are_scored_on_the_same_labels():
    labels = ["cat", "cat", "dog", "owl"]
    outputs = {"majority class": sure(*["cat"] * 4, confidence=0.5)}
    baselines = BaselineOutputs(outputs, {"naive Bayes": "too large"}, {"majority class": "'cat' for all"})
    found = evaluate_labels(labels, sure(*labels), CLASSES, baselines=baselines)
    assert found.metrics["accuracy"] == 1.0
    assert (
        found.baselines["majority class"]
        == evaluate_labels(labels, outputs["majority class"], CLASSES).metrics
    )
    assert found.failed_baselines == {"naive Bayes": "too large"}
    assert found.baseline_notes == {"majority class": "'cat' for all"}


def test_to_dict_is_plain():
    found = evaluate_labels(["cat", "dog"], sure("cat", "owl"), CLASSES)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["classes"] == list(CLASSES)
    assert plain["confusion"] == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert plain["by_class"][2] == {"label": "owl", "precision": 0.0, "recall": None, "f1": 0.0, "support": 0}
    assert plain["reliability"]["count"] == [0] * 8 + [2, 0]
    assert [metric.key for metric in found.table] == list(plain["metrics"])


@pytest.mark.parametrize(
    ("labels", "probabilities", "classes", "message"),
    [
        ([], np.ones((0, 3)), CLASSES, "labels is empty, expected at least one; give a part that has labels"),
        (["cat"], np.ones((1, 0)), [], "classes is empty, expected the names of the model's classes"),
        (
            ["cat"],
            np.array([[0.5, 0.5]]),
            ["cat", "cat"],
            "classes has 'cat' more than once, expected distinct names",
        ),
        (
            ["cat"],
            np.array([0.5, 0.3, 0.2]),
            CLASSES,
            "probabilities must have shape (1, 3) (rows, classes), got (3,)",
        ),
        (
            ["cat", "dog"],
            np.array([[0.2, 0.2, 0.6], [0.5, 0.9, 0.3]]),
            CLASSES,
            "row 1 of probabilities adds up to 1.7, expected 1; give the softmax of the logits",
        ),
        (
            ["cat"],
            np.array([[1.5, -0.5, 0.0]]),
            CLASSES,
            "row 0 of probabilities has -0.5, expected probabilities from 0 to 1",
        ),
        (
            ["cat"],
            np.array([[np.nan, 0.5, 0.5]]),
            CLASSES,
            "row 0 of probabilities has nan, expected probabilities from 0 to 1",
        ),
    ],
)
def test_refusals(labels, probabilities, classes, message):
    with pytest.raises(InputError) as caught:
        evaluate_labels(labels, probabilities, classes)
    assert str(caught.value) == message
