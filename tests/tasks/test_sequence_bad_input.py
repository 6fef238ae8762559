"""Settings and data that no estimator of labelled sequences can learn from, each with its whole message."""

import os
from typing import Any

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Clip
from recurra.tasks import SequenceClassifier, SequenceRegressor, SequenceTagger

SMALL: dict[str, Any] = {"hidden_size": 4, "epochs": 1}
SERIES = [np.full((3, 2), i, np.float32) for i in range(8)]
TEXTS = ["one word", "two words", "three more words", "no"] * 2
CLASSES = list("abababab")
TAGS = [["x", "y", "x"]] * 8


def refusal(estimator: Any, *data: Any, **more: Any) -> str:
    events: list[Any] = []
    with pytest.raises(InputError) as raised:
        estimator.fit(*data, on_event=events.append, **more)
    assert events == []  # before training, however long that would take
    return str(raised.value)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (["a", "", *TEXTS[2:]], "X[1] is empty; give every sequence at least one step, or leave it out"),
        (["  "] * 8, "the texts hold no words; give texts to learn the vocabulary from"),
        (
            [np.zeros((0, 2)), *SERIES[1:]],
            "X[0] is empty; give every sequence at least one step, or leave it out",
        ),
        (
            [["a"], [], *[["b"]] * 6],
            "X[1] is empty; give every sequence at least one step, or leave it out",
        ),
        (
            [*SERIES[:7], np.full((3, 2), np.nan)],
            "X[7] has NaN at step 0, column 0 (both from 0); fill or remove such values",
        ),
        (
            [*SERIES[:7], np.ones((3, 3))],
            "X[7] has 3 columns and X[0] has 2; give every item the same columns",
        ),
    ],
)
def test_sequences(X, message):
    assert refusal(SequenceClassifier(**SMALL), X, CLASSES) == message


def test_a_clip_without_samples_and_one_that_is_too_short_for_a_step():
    with pytest.raises(InputError) as raised:
        Clip(np.zeros(0, np.float32), 8000, "nothing.wav")
    assert str(raised.value) == ("nothing.wav has no samples; give a clip with sound in it, or leave it out")
    short = Clip(np.zeros(9, np.float32), 8000, "short.wav")
    clips = [Clip(np.full(800, 0.1, np.float32), 8000)] * 7
    message = refusal(SequenceClassifier(**SMALL), [*clips, short], CLASSES)
    assert message.startswith("short.wav has 9 samples at 8000 a second, fewer than the ")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            None,
            "fit and scores need labels: it requires y to be passed, but the target y is None; give one "
            "label for each sequence",
        ),
        ("abababab", "y must have one entry for each sequence, got 'abababab'"),
        (CLASSES[:3], "y must have one entry for each of the 8 sequences of X, got 3"),
        ([*CLASSES[:7], None], "y[7] is missing (None); give every sequence a label"),
        ([*CLASSES[:7], float("nan")], "y[7] is missing (nan); give every sequence a label"),
        ([1.0, 2.0] * 3 + [1.0, float("nan")], "y[7] is nan: y must not have NaN or infinity"),
        (
            [*CLASSES[:7], 3],
            "y must be text, whole numbers or truth values, all of one kind, got int, str (Unknown label "
            "type)",
        ),
        (
            ["a"] * 8,
            "y must have at least two classes, got one class, 'a'; give sequences of others, too",
        ),
        (
            np.arange(8) / 2,
            "y must be classes, got numbers such as 0.5 (Unknown label type: continuous); for numbers use "
            "SequenceRegressor",
        ),
        (np.ones((8, 2), int), "y must have one label for each sequence, got shape (8, 2)"),
        (
            list("abcdefgh"),
            "every label has one row only, so none can be held out; give labels more rows",
        ),
    ],
)
def test_classes(y, message):
    assert refusal(SequenceClassifier(**SMALL), SERIES, y) == message


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (CLASSES, "y must be numbers, got 'a'"),
        ([1.0] * 7 + [np.nan], "y[7] is nan: y must not have NaN or infinity"),
        (
            [1e200] * 8,
            "y[0] is 1e+200, too large to compute with; give it in a larger unit, so that values stay below "
            "1e+150",
        ),
        ([1j] * 8, "Complex data not supported: y has dtype complex128; give real numbers"),
    ],
)
def test_numbers(y, message):
    assert refusal(SequenceRegressor(**SMALL), SERIES, y) == message


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (CLASSES, "y[0] must be a list of labels, one for each step, got 'a'"),
        (["xyx"] * 8, "y[0] must be a list of labels, one for each step, got 'xyx'"),
        ([*TAGS[:7], ["x"]], "X[7] must have a label for each of its 3 steps, got 1"),
        ([*TAGS[:7], ["x", None, "x"]], "y[7][1] is missing (None); give every step a label"),
        (
            [["x"] * 3] * 8,
            "y must have at least two classes, got one class, 'x'; give sequences of others, too",
        ),
    ],
)
def test_tags(y, message):
    assert refusal(SequenceTagger(**SMALL), SERIES, y) == message


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"validation": (SERIES[:2], ["a", "c"])},
            "the validation part has the label 'c', which the training part never has; leave it out, or move "
            "some of its sequences there",
        ),
        ({"validation": 3}, "validation: it must be labelled sequences or (X, y), got int"),
        (
            {"validation": (["x"], ["a"])},
            "validation: X must hold arrays, as the training part does, got texts",
        ),
        (
            {"validation": ([np.ones((3, 3))], ["a"])},
            "validation: X must hold arrays with 2 columns, as the training part does, got 3",
        ),
        ({"test": (SERIES[:2], ["a", None])}, "test: y[1] is missing (None); give every sequence a label"),
        (
            {"test": (SERIES[:2], ["a"])},
            "test: y must have one entry for each of the 2 sequences of X, got 1",
        ),
        ({"groups": ["g"]}, "groups must have one entry for each of the 8 sequences of X, got 1"),
        ({"sample_weight": [1, 2]}, "sample_weight must have shape (8,), got (2,)"),
        (
            {"sample_weight": [-1] * 8},
            "sample_weight must be finite, at least 0, and not zero for every sequence",
        ),
        (
            {"sample_weight": [0] * 8},
            "sample_weight must be finite, at least 0, and not zero for every sequence",
        ),
        (
            {"sample_weight": ["much"] * 8},
            "sample_weight must be numbers: could not convert string to float: 'much'",
        ),
        (
            {"sample_weight": [1, 0] * 4},
            "y must have at least two classes, got one class, 'a'; give sequences of others, too",
        ),
        ({"resume": True}, "resume needs a checkpoint to go on from; give its path as checkpoint"),
    ],
    ids=str,
)
def test_parts(parts, message):
    assert refusal(SequenceClassifier(**SMALL), SERIES, CLASSES, **parts) == message


def test_a_test_part_of_a_tagger_is_looked_at_before_training():
    message = refusal(SequenceTagger(**SMALL), SERIES, TAGS, test=(SERIES[:1], [["x"]]))
    assert message == "X[0] must have a label for each of its 3 steps, got 1"


def test_features_of_a_test_part_are_made_before_training():
    small, far = [x / 1000 for x in SERIES], [SERIES[0], np.full((3, 2), 3e38)]
    message = refusal(SequenceClassifier(**SMALL), small, CLASSES, test=(far, CLASSES[:2]))
    assert message == "series[1] is not finite or too far from the training series in column 0 (from 0)"
    short = [Clip(np.zeros(9, np.float32), 8000, "short.wav")]
    clips = [Clip(np.full(800, 0.1, np.float32), 8000)] * 8
    message = refusal(SequenceClassifier(**SMALL), clips, CLASSES, test=(short, CLASSES[:1]))
    assert message == (
        "short.wav has 9 samples at 8000 a second, fewer than the 80 of one step; leave it out or use a "
        "longer clip"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"max_time": 0}, "max_time must be a finite number above 0, got 0"),
        ({"max_time": "10m"}, "max_time must be a finite number above 0, got '10m'"),
        ({"patience": 0}, "patience must be a whole number of at least 1, got 0"),
        (
            {"schedule": "cos"},
            "schedule must be one of constant, one-cycle, cosine, got 'cos'; did you mean 'cosine'?",
        ),
        ({"average": 1}, "average must be a number from 0 to below 1, got 1"),
        ({"weight_decay": -1}, "weight_decay must be a finite number of at least 0, got -1"),
        ({"num_layers": 10**6}, "num_layers must be at most 1000, got 1000000"),
        ({"bidirectional": "no"}, "bidirectional must be True or False, got 'no'"),
        ({"dropout": 2}, "dropout must be a number between 0 and 1, got 2"),
        ({"word_dropout": -1}, "word_dropout must be a number between 0 and 1, got -1"),
        ({"weight_dropout": "x"}, "weight_dropout must be a number between 0 and 1, got 'x'"),
        ({"label_smoothing": 1.5}, "label_smoothing must be a number between 0 and 1, got 1.5"),
        ({"class_weight": "even"}, "class_weight must be None, 'balanced' or a dict by class, got 'even'"),
        (
            {"class_weight": {"a": 1}},
            "class_weight has no weight for the class 'b'; give one for every class",
        ),
        (
            {"class_weight": {"a": 1, "b": 1, "c": 2}},
            "class_weight has 'c', which is no class; the classes are 'a', 'b'",
        ),
        (
            {"class_weight": {"a": 0, "b": 1}},
            "class_weight['a'] must be a finite number above 0, got 0",
        ),
        ({"validation_share": 0}, "validation_share must be above 0 and below 1, got 0"),
        (
            {"level": "char"},
            "level is for text, got 'char' with sequences of kind 'series'; leave it out",
        ),
    ],
    ids=str,
)
def test_settings(setting, message):
    assert refusal(SequenceClassifier(**SMALL, **setting), SERIES, CLASSES) == message


def test_settings_of_texts_and_tags():
    assert refusal(SequenceClassifier(**SMALL, level="chars"), TEXTS, CLASSES) == (
        "level must be one of char, word, bpe, got 'chars'; did you mean 'char'?"
    )
    assert refusal(SequenceTagger(**SMALL, crf="yes"), SERIES, TAGS) == (
        "crf must be True or False, got 'yes'"
    )
    assert refusal(SequenceTagger(**SMALL, crf=True, label_smoothing=0.1), SERIES, TAGS) == (
        "label_smoothing must be 0 or None with crf=True, got 0.1"
    )


def test_what_is_odd_but_can_be_learnt():
    """A batch may be larger than the data, labels wildly uneven, a test label new, and a target constant."""
    SequenceClassifier(**SMALL, batch_size=1000).fit(SERIES, CLASSES)
    X = SERIES * 13
    uneven = SequenceClassifier(**SMALL, class_weight="balanced").fit(X, ["rare", "rare"] + ["often"] * 102)
    assert np.isfinite(uneven.predict_proba(X)).all()
    tested = SequenceClassifier(**SMALL).fit(SERIES, CLASSES, test=(SERIES[:2], ["a", "new"]))
    assert tested.metrics_["accuracy"] <= 0.5
    constant = SequenceRegressor(**SMALL).fit(SERIES, [0.1] * 8)
    assert np.abs(constant.predict(SERIES) - 0.1).max() < 3


def test_a_model_of_one_column_refuses_more():
    model = SequenceClassifier(**SMALL).fit([x[:, :1] for x in SERIES], CLASSES)
    with pytest.raises(InputError) as error:
        model.predict([np.ones((3, 3))])
    assert str(error.value) == "X must hold arrays with 1 column, as the training part does, got 3"


def test_a_model_at_work_refuses_what_it_was_not_trained_on():
    model = SequenceClassifier(**SMALL, bidirectional=False).fit(SERIES, CLASSES)
    other = SequenceClassifier(**SMALL, bidirectional=False, seed=1).fit(SERIES, CLASSES)
    stream = model.stream()
    for call, message in (
        (lambda: model.predict(["x"]), "X must hold arrays, as the training part does, got texts"),
        (
            lambda: model.predict([np.ones((3, 3))]),
            "X must hold arrays with 2 columns, as the training part does, got 3",
        ),
        (lambda: stream.step([1]), "x must be 2 finite numbers, got [1]"),
        (lambda: stream.step("a"), "x must be 2 finite numbers, got 'a'"),
        (lambda: stream.step([1, np.inf]), "x must be 2 finite numbers, got [1, inf]"),
        (
            lambda: stream.push([1]),
            "push takes samples of audio; use step(x), as the model is of other sequences",
        ),
        (
            lambda: model.stream(other.stream().state()),
            "state belongs to another model; give one that a stream of this model gave",
        ),
        (
            lambda: model.stream(b"no"),
            "state is none that a stream gave: Error while deserializing: header too small",
        ),
    ):
        with pytest.raises(InputError) as raised:
            call()
        assert str(raised.value) == message


@pytest.mark.parametrize(
    ("X", "settings", "sizes", "fewer"),
    [
        (
            TEXTS,
            {"hidden_size": 100_000, "embedding_size": 128},
            "hidden_size 100000 with num_layers 1 and embedding_size 128 makes 80,104,001,024 weights, which "
            "take 1,492 GiB",
            "hidden_size, num_layers or embedding_size",
        ),
        (
            TEXTS,
            {"embedding_size": 10**9, "bidirectional": False},
            "hidden_size 4 with num_layers 1 and embedding_size 1000000000 makes 24,000,000,096 weights, "
            "which take 447 GiB",
            "hidden_size, num_layers or embedding_size",
        ),
        (
            SERIES,
            {"hidden_size": 100_000, "num_layers": 2, "cell": "lstm"},
            "hidden_size 100000 with num_layers 2 makes 320,004,800,000 weights, which take 5,960 GiB",
            "hidden_size or num_layers",
        ),
    ],
)
def test_a_network_larger_than_the_memory(monkeypatch, X, settings, sizes, fewer):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2**20, "SC_PAGE_SIZE": 2**12}.__getitem__)
    message = refusal(SequenceClassifier(**(SMALL | settings)), X, CLASSES)
    assert message == f"{sizes} to train, but this machine has 4; give a smaller {fewer}"
