import json
import math

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.evaluation import BaselineOutputs, Tagging, evaluate_tags

CLASSES = ("D", "N", "V")
NAMES = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def test_by_hand():
    tags = [["D", "N"], ["N", "V", "N"]]
    found = evaluate_tags(tags, Tagging([["D", "N"], ["N", "N", "V"]]), CLASSES)
    assert found.metrics == pytest.approx(
        {
            "accuracy": 3 / 5,
            "macro_f1": (1 + 2 / 3 + 0) / 3,
            "sentence_accuracy": 0.5,
            "log_loss": float("nan"),
        },
        nan_ok=True,
    )
    assert (found.count, found.sequences) == (5, 2)
    assert found.confusion.tolist() == [[1, 0, 0], [0, 2, 1], [0, 1, 0]]
    assert found.spans is None
    assert [metric.key for metric in found.table] == list(found.metrics)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["metrics"]["log_loss"] is None
    assert plain["by_class"][0] == {"label": "D", "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}


def test_the_log_loss_is_over_steps():
    rows = [np.array([[0.8, 0.1, 0.1]]), np.array([[0.2, 0.5, 0.3], [0.25, 0.25, 0.5]])]
    found = evaluate_tags([["D"], ["N", "D"]], Tagging([["D"], ["N", "V"]], rows), CLASSES)
    assert found.metrics["log_loss"] == pytest.approx(-np.log([0.8, 0.5, 0.25]).mean())


def test_the_standard_error_knows_sequences():
    tags = [["D"], ["N"], ["V"], ["N"]]
    single = evaluate_tags(tags, Tagging([["D"], ["N"], ["V"], ["D"]]), CLASSES)
    assert single.accuracy_standard_error == pytest.approx(math.sqrt(0.75 * 0.25 / 4))
    # Ten steps that are all right or all wrong say no more than one.
    repeated = [row * 10 for row in tags]
    found = evaluate_tags(repeated, Tagging([["D"] * 10, ["N"] * 10, ["V"] * 10, ["D"] * 10]), CLASSES)
    assert found.accuracy_standard_error == pytest.approx(single.accuracy_standard_error)


def test_spans_must_be_whole():
    tags = [
        ["B-PER", "I-PER", "O", "B-LOC"],
        ["B-LOC", "I-LOC", "O", "O"],
    ]
    predicted = [
        ["B-PER", "I-PER", "O", "B-PER"],  # one right, one of the wrong type
        ["B-LOC", "O", "O", "B-PER"],  # one that ends too early, one that is none
    ]
    found = evaluate_tags(tags, Tagging(predicted), NAMES)
    assert found.metrics["span_f1"] == pytest.approx(2 * 1 / (4 + 3))
    assert found.spans is not None
    total, (loc, per) = found.spans.total, found.spans.by_type
    assert (total.precision, total.recall, total.support) == (1 / 4, 1 / 3, 3)
    assert (loc.label, loc.precision, loc.recall, loc.f1, loc.support) == ("LOC", 0.0, 0.0, 0.0, 2)
    assert (per.label, per.precision, per.recall, per.support) == ("PER", 1 / 3, 1.0, 1)
    assert [metric.key for metric in found.table] == [
        "accuracy",
        "macro_f1",
        "span_f1",
        "sentence_accuracy",
        "log_loss",
    ]


def test_an_inside_tag_after_outside_begins_a_span_as_in_conlleval():
    tags = [["O", "B-PER", "I-PER"], ["B-LOC", "B-LOC", "O"]]
    predicted = [["O", "I-PER", "I-PER"], ["B-LOC", "I-LOC", "O"]]
    found = evaluate_tags(tags, Tagging(predicted), NAMES)
    assert found.spans is not None
    assert [(s.label, s.precision, s.recall) for s in found.spans.by_type] == [
        ("LOC", 0.0, 0.0),
        ("PER", 1.0, 1.0),
    ]


def test_bioes():
    classes = ("O", "S-PER", "B-PER", "I-PER", "E-PER")
    tags = [["S-PER", "O", "B-PER", "E-PER"]]
    found = evaluate_tags(tags, Tagging([["S-PER", "O", "B-PER", "O"]]), classes)
    assert found.metrics["span_f1"] == pytest.approx(0.5)


def test_no_spans_at_all():
    found = evaluate_tags([["O", "O"]], Tagging([["O", "O"]]), NAMES)
    assert math.isnan(found.metrics["span_f1"])
    assert found.metrics["accuracy"] == 1.0
    assert found.notes == ("Every label is 'O', so the accuracy says nothing about the other classes.",)
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_tag_that_training_never_saw_counts_as_wrong():
    rows = [np.full((2, 3), 1 / 3)]
    found = evaluate_tags([["X", "D"]], Tagging([["D", "D"]], rows), CLASSES)
    assert found.metrics["accuracy"] == 0.5
    assert math.isnan(found.metrics["log_loss"])
    assert found.notes == (
        "1 of 2 labels never occur in training ('X'): they count as wrong, and the log-loss is not defined.",
    )


def test_sequences_without_steps_are_not_scored():
    found = evaluate_tags([[], ["D"]], Tagging([[], ["N"]], [np.empty((0, 3)), np.eye(3)[[1]]]), CLASSES)
    assert (found.metrics["sentence_accuracy"], found.metrics["accuracy"], found.count) == (0.0, 0.0, 1)


def test_baselines_are_scored_on_the_same_tags():
    tags = [["D", "N"], ["N"]]
    baseline = Tagging([["N", "N"], ["N"]], [np.tile([0.2, 0.6, 0.2], (n, 1)) for n in (2, 1)])
    outputs = BaselineOutputs({"most frequent tag": baseline}, {}, {"most frequent tag": "'N' at every step"})
    found = evaluate_tags(tags, Tagging(tags), CLASSES, baselines=outputs)
    assert found.metrics["accuracy"] == 1.0
    assert found.baselines == {"most frequent tag": evaluate_tags(tags, baseline, CLASSES).metrics}
    assert found.baseline_notes == {"most frequent tag": "'N' at every step"}


@pytest.mark.parametrize(
    ("tags", "tagging", "message"),
    [
        ([], Tagging([]), "tags is empty, expected at least one; give a part that has labels"),
        ([[]], Tagging([[]]), "tags is empty, expected at least one; give a part that has labels"),
        ([["D"]], Tagging([]), "the tags of the model are for 0 sequences, expected 1"),
        (
            [["D"], ["N", "V"]],
            Tagging([["D"], ["N"]]),
            "the tags of the model for sequence 1 are 1, expected 2",
        ),
        (
            [["D"]],
            Tagging([["X"]]),
            "the tags of the model for sequence 0 have 'X', which is not in classes",
        ),
        (
            [["D"]],
            Tagging([["D"]], []),
            "the probabilities of the model are for 0 sequences, expected 1",
        ),
        (
            [["D"], ["N", "V"]],
            Tagging([["D"], ["N", "V"]], [np.eye(3)[:1], np.eye(3)]),
            "the probabilities of the model for sequence 1 must have shape (2, 3) (rows, classes), "
            "got (3, 3)",
        ),
        (
            [["D"]],
            Tagging([["D"]], [np.ones((1, 3))]),
            "row 0 of the probabilities of the model for sequence 0 adds up to 3, expected 1; give the "
            "softmax of the logits",
        ),
    ],
)
def test_refusals(tags, tagging, message):
    with pytest.raises(InputError) as caught:
        evaluate_tags(tags, tagging, CLASSES)
    assert str(caught.value) == message
