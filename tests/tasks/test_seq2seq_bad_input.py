"""What sequence to sequence can not be learnt from, or with: every message whole, before any training."""

from typing import Any

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Clip, Pairs, Sequences, as_pairs
from recurra.tasks import Seq2Seq

SMALL: dict[str, Any] = {"hidden_size": 4, "embedding_size": 3, "epochs": 1, "batch_size": 4, "seed": 1}
X = [f"a b {i}" for i in range(24)]
Y = [f"b a {i}" for i in range(24)]
ROLLS = [np.full((2, 3), i, np.float32) for i in range(24)]
NO_TARGETS = "training needs targets, got sources alone; give the text that each becomes"


def message_of(sources: Any, targets: Any = None, **settings: Any) -> str:
    def never(event: object) -> None:
        raise AssertionError(f"it was trained: {event}")

    parts = {name: settings.pop(name) for name in ("validation", "test", "columns") if name in settings}
    with pytest.raises(InputError) as error:
        Seq2Seq(**{**SMALL, **settings}).fit(sources, targets, on_event=never, **parts)
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("sources", "targets", "message"),
    [
        (X, None, NO_TARGETS),
        (as_pairs(X), None, NO_TARGETS),
        (X, Y[:20], "y must have a text for each of 24 sources, got 20"),
        (X, [*Y[:23], 3], "y[23] must be text, got int"),
        (X, [*Y[:23], None], "y[23] must be text, got NoneType"),
        (X, "a b", "y must be a list of texts, got one text; put it in a list"),
        (X, 5, "y must be a list of texts, got int"),
        ([], [], "Found array with 0 sample(s) while a minimum of 1 is required: X has no items"),
        (
            X,
            [""] * 24,
            "none of 24 targets has anything in it, so there is nothing to learn; give targets that are not "
            "empty",
        ),
        (
            ["", " "] * 12,
            Y,
            "none of 24 sources has anything in it, so there is nothing to learn from; give sources that are "
            "not empty",
        ),
        (
            ["", "a"] * 12,
            ["b", ""] * 12,
            "none of 12 targets has anything in it, so there is nothing to learn; give targets that are not "
            "empty",
        ),
        (["a"] * 24, Y, "all 24 pairs have the same source, so validation_share can hold none out; give "
         "pairs with several sources"),
        (X[:5], Y[:5], "validation_share 0.05 of 5 pairs is none; give a larger share or more pairs"),
        ([["a", "b"]] * 24, Y, "X must hold texts or arrays, got lists of tokens; join each to one text"),
        ([Clip(np.ones(800, np.float32), 8000)] * 24, Y, "X must hold texts or arrays, got clips"),
        ([*ROLLS[:23], "a"], Y, "X mixes kinds: X[0] is an array of numbers and X[23] is a text (str); give "
         "items of one kind"),
        ([*ROLLS[:23], np.ones((2, 4))], Y, "X[23] has 4 columns and X[0] has 3; give every item the same "
         "columns"),
        ([*ROLLS[:23], np.full((2, 3), np.inf)], Y, "X[23] has infinity at step 0, column 0 (both from 0); "
         "fill or remove such values"),
        ([*X[:23], "a\ud800"], Y, "a text holds half a surrogate pair at character 2, which is no character; "
         "decode the text anew from its bytes"),
    ],
    ids=range(19),
)  # fmt: skip
def test_data_that_are_none(sources, targets, message):
    assert message_of(sources, targets) == message


@pytest.mark.parametrize("share", [0, 1, 1.5, "x", True, float("nan")])
def test_a_share_that_is_none(share):
    got = message_of(X, Y, validation_share=share)
    assert got == f"validation_share must be a number above 0 and below 1, got {share!r}"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"attention": "bahdanau"},
            "attention must be one of additive, general, dot, none, got 'bahdanau'",
        ),
        (
            {"attention": "aditive"},
            "attention must be one of additive, general, dot, none, got 'aditive'; did you mean 'additive'?",
        ),
        ({"attention": False}, "attention must be one of additive, general, dot, none, got False"),
        (
            {"hidden_size": 5},
            "hidden_size must be even, as both directions of the encoder share it, got 5; give an even one "
            "or bidirectional=False",
        ),
        (
            {"attention": "none", "input_feeding": True},
            "input_feeding=True needs attention, got attention='none'; leave it out",
        ),
        ({"input_feeding": 1}, "input_feeding must be True or False, got 1"),
        ({"bidirectional": "yes"}, "bidirectional must be True or False, got 'yes'"),
        ({"tied": 0}, "tied must be True or False, got 0"),
        ({"shared": None}, "shared must be True or False, got None"),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1, got 0"),
        ({"embedding_size": -1}, "embedding_size must be a whole number of at least 1, got -1"),
        ({"num_layers": 1.5}, "num_layers must be a whole number of at least 1, got 1.5"),
        ({"num_layers": 10**6}, "num_layers must be at most 1000, got 1000000"),
        ({"cell": "lsm"}, "cell must be one of rnn, lstm, gru, got 'lsm'; did you mean 'lstm'?"),
        ({"dropout": 1}, "dropout must be below 1, as 1 leaves nothing to learn from, got 1"),
        (
            {"label_smoothing": 1.0},
            "label_smoothing must be below 1, as 1 leaves nothing to learn from, got 1.0",
        ),
        ({"label_smoothing": -0.1}, "label_smoothing must be a number between 0 and 1, got -0.1"),
        ({"teacher_forcing": 1.5}, "teacher_forcing must be a number between 0 and 1, got 1.5"),
        ({"teacher_forcing": "no"}, "teacher_forcing must be a number between 0 and 1, got 'no'"),
        ({"level": "words"}, "level must be one of char, word, bpe, got 'words'; did you mean 'word'?"),
        ({"target_level": ""}, "target_level must be one of char, word, bpe, got ''"),
        (
            {"shared": True, "level": "char", "target_level": "word"},
            "shared=True needs sources and targets cut alike, got level 'char' and target_level 'word'",
        ),
        (
            {"max_vocabulary": 256, "level": "bpe"},
            "max_vocabulary must be at least 257 for bpe, the 256 bytes and the unknown token; got 256",
        ),
        (
            {"max_vocabulary": 1},
            "a vocabulary of 1 characters that come at least 1 times is empty; raise max_vocabulary or lower "
            "min_count",
        ),
        ({"min_count": 0}, "min_count must be a whole number of at least 1, got 0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.0}, "batch_size must be a whole number of at least 1, got 2.0"),
        ({"learning_rate": 0}, "learning_rate must be a finite number above 0, got 0"),
        ({"clip_norm": 0}, "clip_norm must be a finite number above 0, got 0"),
        ({"patience": 0}, "patience must be a whole number of at least 1, got 0"),
        ({"max_time": 0}, "max_time must be a finite number above 0, got 0"),
        ({"weight_decay": -1}, "weight_decay must be a finite number of at least 0, got -1"),
        ({"average": 1}, "average must be a number from 0 to below 1, got 1"),
        (
            {"schedule": "cos"},
            "schedule must be one of constant, one-cycle, cosine, got 'cos'; did you mean 'cosine'?",
        ),
        ({"seed": -1}, "seed must be a whole number from 0 to 2**63 - 1, got -1"),
    ],
    ids=str,
)
def test_settings_that_are_none(settings, message):
    assert message_of(X, Y, **settings) == message


@pytest.mark.parametrize(("name", "value"), [("level", "char"), ("shared", True)])
def test_settings_for_texts_mean_nothing_for_arrays(name, value):
    wanted = f"{name} is for sources that are texts, got {value!r} with arrays; leave it out"
    for sources in (ROLLS, np.ones((24, 3)).cumsum(0)):
        assert message_of(sources, Y, **{name: value}) == wanted


def test_a_network_that_this_machine_has_no_memory_for():
    got = message_of(X, Y, hidden_size=10**6)
    assert got.startswith("hidden_size 1000000 with num_layers 1 and embedding_size 3 makes ")
    assert got.endswith("; give a smaller hidden_size, num_layers or embedding_size")


@pytest.mark.parametrize("name", ["validation", "test"])
@pytest.mark.parametrize(
    ("sources", "part", "message"),
    [
        (X, ROLLS, "{} must be (X, y) or pairs, got list"),
        (X, "ab", "{} must be (X, y) or pairs, got str"),
        (X, 5, "{} must be (X, y) or pairs, got int"),
        (X, (X, Y, Y), "{} must be (X, y) or pairs, got tuple"),
        (X, (X, Y[:3]), "{}: y must have a text for each of 24 sources, got 3"),
        (X, (X, [*Y[:23], None]), "{}: y[23] must be text, got NoneType"),
        (X, ([], []), "{}: Found array with 0 sample(s) while a minimum of 1 is required: X has no items"),
        (X, as_pairs(X), "{} must have the right text of each source, got none"),
        (X, (X, None), "{} must have the right text of each source, got none"),
        (X, (ROLLS, Y), "{} must hold texts, as the training part does, got arrays"),
        (ROLLS, (X, Y), "{} must hold arrays, as the training part does, got texts"),
        (
            ROLLS,
            ([np.ones((2, 4))], ["a"]),
            "{} must hold arrays of 3 columns, as the training part does, got 4",
        ),
    ],
    ids=range(12),
)
def test_other_parts_are_named(name, sources, part, message):
    assert message_of(sources, Y, **{name: part}) == message.format(name)


def test_a_validation_part_without_anything_to_learn_by():
    assert message_of(X, Y, validation=(["", " "], ["a", "b"])) == (
        "validation: none of 2 sources has anything in it, so there is nothing to learn from; give sources "
        "that are not empty"
    )
    assert message_of(X, Y, validation=(["a", "b"], ["", ""])) == (
        "validation: none of 2 targets has anything in it, so there is nothing to learn; give targets that "
        "are not empty"
    )


def test_arrays_without_steps_are_nothing_to_learn_from():
    assert message_of([np.zeros((0, 3), np.float32)] * 24, Y) == (
        "none of 24 sources has anything in it, so there is nothing to learn from; give sources that are not "
        "empty"
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "columns must have source, got only nothing"),
        (
            {"source": 1, "target": 2.5, "header": True},
            "columns.target must be text, a whole number or null, got 2.5",
        ),
        (
            {"source": 1, "target": 2, "header": "yes"},
            "columns.header must be true or false, got 'yes'",
        ),
        ({"source": 1, "target": 2, "header": True, "sep": ","}, "columns must not have 'sep'"),
    ],
    ids=str,
)
def test_columns_that_are_none(columns, message):
    assert message_of(X, Y, columns=columns) == message


def test_pairs_without_anything():
    nothing = Pairs(Sequences("text", []), [], [])
    assert message_of(nothing).startswith("none of 0 sources has anything in it")
