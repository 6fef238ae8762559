"""What language models can not be learnt from, or with: every message whole, before any training."""

from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Corpus, Piece
from recurra.tasks import LanguageModel

TEXTS = ["the cat sat on the mat", "a dog ran and ran", "the end of it"] * 8
SMALL = {"hidden_size": 4, "embedding_size": 3, "epochs": 1, "bptt": 8, "batch_size": 4, "seed": 1}
ROLLS = [np.eye(88)[:6] for _ in range(30)]
PIECES = [Piece(roll, f"p{i}") for i, roll in enumerate(ROLLS)]


def message_of(X, *, validation=None, test=None, **settings):
    def never(event):
        raise AssertionError(f"it was trained: {event}")

    with pytest.raises(InputError) as error:
        LanguageModel(**{**SMALL, **settings}).fit(X, validation=validation, test=test, on_event=never)
    return str(error.value)


TEXT_LIST = "one text, a list of texts or a Corpus"
ROLL_LIST = "a list of pieces or of piano rolls (T, 88)"
KINDS = "one text, several, a Corpus, pieces or piano rolls"


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("", "X[0] is empty; give every text at least one character, or leave it out"),
        (["abc", ""], "X[1] is empty; give every text at least one character, or leave it out"),
        ([], "Found array with 0 sample(s) while a minimum of 1 is required: X has no items"),
        (
            Corpus([], True, "none"),
            "validation_share 0.05 of 0 documents is none; give a larger share or more documents",
        ),
        (None, f"X must be {KINDS}, got NoneType"),
        (3, f"X must be {KINDS}, got int"),
        (
            Path("names.txt"),
            f"X must be {KINDS}, got {type(Path()).__name__}; read a file with recurra.data.read_corpus or "
            "read_music",
        ),
        ([["a", "b"]], "X[0] must be a piano roll (T, 88) of zeros and ones, got dtype <U1"),
        ("ab", "validation_share 0.05 of 2 characters is none; give a larger share or more characters"),
        (
            ["ab", "cd"],
            "validation_share 0.05 of 2 documents is none; give a larger share or more documents",
        ),
        (
            "a" * 8,
            "validation_share 0.05 of 8 characters is none; give a larger share or more characters",
        ),
        (
            "a\ud800" * 40,
            "a text holds half a surrogate pair at character 2, which is no character; decode the "
            "text anew from its bytes",
        ),
        (ROLLS[0], "X must be a list of pieces, got a single one; put it in a list: [X]"),
        (np.zeros((3, 4)), f"X must be {ROLL_LIST}, got an array of shape (3, 4)"),
        (iter(TEXTS), f"X must be {TEXT_LIST}, got list_iterator"),
        ({"a": "b"}, f"X must be {TEXT_LIST}, got dict"),
        (PIECES[0], "X must be a list of pieces, got a single one; put it in a list: [X]"),
        (
            ROLLS[:1],
            "validation_share 0.05 of 1 pieces is none; give a larger share or more pieces",
        ),
        (
            [*PIECES, Piece(ROLLS[0], "odd", 4.0)],
            "all pieces must have as many steps a beat, got 2 in p0 and 4 in odd; read them with the same "
            "steps_per_beat",
        ),
    ],
    ids=range(19),
)
def test_data_that_are_none(X, message):
    settings = {"embedding_size": None} if isinstance(X, list) else {}
    assert message_of(X, **settings) == message


@pytest.mark.parametrize("share", [0, 1, 1.5, "x", True, float("nan")])
@pytest.mark.parametrize("X", [TEXTS, PIECES], ids=["texts", "music"])
def test_a_share_that_is_none(X, share):
    got = message_of(X, validation_share=share, embedding_size=None)
    assert got == f"validation_share must be a number above 0 and below 1, got {share!r}"


@pytest.mark.parametrize("share", [0.5])
def test_a_corpus_shorter_than_one_stretch(share):
    assert message_of("abcdefgh", validation_share=share) == (
        "the training part has 4 steps, fewer than the 8 of one stretch; give more data or a smaller bptt"
    )
    assert message_of(["ab", "cd"], validation_share=share) == (
        "the training part has 3 steps, fewer than the 8 of one stretch; give more data or a smaller bptt"
    )
    assert message_of([ROLLS[0], ROLLS[1]], validation_share=share, embedding_size=None) == (
        "the training part has 6 steps, fewer than the 8 of one stretch; give more data or a smaller bptt"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bptt": 0}, "bptt must be a whole number of at least 1, got 0"),
        ({"bptt": -4}, "bptt must be a whole number of at least 1, got -4"),
        ({"bptt": ""}, "bptt must be a whole number of at least 1, got ''"),
        ({"bptt": False}, "bptt must be a whole number of at least 1, got False"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.0}, "batch_size must be a whole number of at least 1, got 2.0"),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1, got 0"),
        ({"embedding_size": -1}, "embedding_size must be a whole number of at least 1, got -1"),
        ({"num_layers": 0}, "num_layers must be a whole number of at least 1, got 0"),
        ({"num_layers": 10**6, "hidden_size": 1}, "num_layers must be at most 1000, got 1000000"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"level": "words"}, "level must be one of char, word, bpe, got 'words'; did you mean 'word'?"),
        ({"level": ""}, "level must be one of char, word, bpe, got ''"),
        ({"cell": "lsm"}, "cell must be one of rnn, lstm, gru, got 'lsm'; did you mean 'lstm'?"),
        ({"tied": 1}, "tied must be True or False, got 1"),
        (
            {"tied": True},
            "embedding_size must be hidden_size, 4, where one table is tied to both ends, got 3; give "
            "tied=False",
        ),
        ({"dropout": 1}, "dropout must be below 1, as 1 leaves nothing to learn from, got 1"),
        ({"dropout": -0.1}, "dropout must be a number between 0 and 1, got -0.1"),
        ({"embedding_dropout": 1.5}, "embedding_dropout must be a number between 0 and 1, got 1.5"),
        ({"weight_dropout": "0"}, "weight_dropout must be a number between 0 and 1, got '0'"),
        ({"activation_penalty": -1}, "activation_penalty must be a finite number of at least 0, got -1"),
        ({"change_penalty": True}, "change_penalty must be a finite number of at least 0, got True"),
        ({"learning_rate": 0}, "learning_rate must be a finite number above 0, got 0"),
        ({"clip_norm": 0}, "clip_norm must be a finite number above 0, got 0"),
        ({"patience": 0}, "patience must be a whole number of at least 1, got 0"),
        ({"max_time": 0}, "max_time must be a finite number above 0, got 0"),
        ({"max_time": -5}, "max_time must be a finite number above 0, got -5"),
        ({"weight_decay": -1}, "weight_decay must be a finite number of at least 0, got -1"),
        ({"average": 1}, "average must be a number from 0 to below 1, got 1"),
        (
            {"schedule": "cos"},
            "schedule must be one of constant, one-cycle, cosine, got 'cos'; did you mean 'cosine'?",
        ),
        ({"seed": -1}, "seed must be a whole number from 0 to 2**63 - 1, got -1"),
        (
            {"max_vocabulary": 1},
            "a vocabulary of 1 characters that come at least 1 times is empty; raise max_vocabulary "
            "or lower min_count",
        ),
        (
            {"max_vocabulary": 256, "level": "bpe"},
            "max_vocabulary must be at least 257 for bpe, the 256 bytes and the unknown token; got 256",
        ),
        ({"min_count": 0}, "min_count must be a whole number of at least 1, got 0"),
    ],
    ids=str,
)
def test_settings_that_are_none(settings, message):
    assert message_of(TEXTS, **settings) == message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", "char"),
        ("max_vocabulary", 9),
        ("min_count", 1),
        ("vectors", "v.txt"),
        ("embedding_size", 3),
        ("tied", False),
        ("embedding_dropout", 0.0),
    ],
)
def test_settings_for_texts_mean_nothing_for_music(name, value):
    settings = {"embedding_size": None, name: value}
    assert message_of(ROLLS, **settings) == f"{name} is for texts, got {value!r} with music; leave it out"


def test_parts_that_hold_nothing_to_score():
    words = {"level": "word"}
    text = " ".join(TEXTS)
    for name in ("validation", "test"):
        assert message_of(text, **words, **{name: "  \n "}) == (
            f"the {name} part has no words; give texts that are not only blanks"
        )
        assert message_of(ROLLS, embedding_size=None, **{name: [np.zeros((1, 88))]}) == (
            f"the {name} part has no piece with a second step; give longer pieces"
        )
    assert message_of([np.zeros((1, 88))] * 30, embedding_size=None) == (
        "the training part has no piece with a second step; give longer pieces"
    )
    assert (
        message_of("  " * 50, **words) == "the texts hold no words; give texts to learn the vocabulary from"
    )


def test_other_parts_are_named():
    assert message_of(TEXTS, validation=["a", ""]) == (
        "validation[1] is empty; give every text at least one character, or leave it out"
    )
    assert message_of(TEXTS, test=ROLLS) == "test must hold texts, got ndarray"
    assert message_of(ROLLS, test=TEXTS, embedding_size=None) == (
        "test[0] must be a piano roll (T, 88) of zeros and ones, got dtype <U22"
    )


def test_other_parts_are_on_the_grid_of_the_training_part():
    pieces = [Piece(roll, f"p{i}", 4.0) for i, roll in enumerate(ROLLS)]
    for name in ("validation", "test"):
        assert message_of(pieces, embedding_size=None, **{name: PIECES}) == (
            f"{name}[0] must have 4 steps a beat, as the training pieces do, got 2; read it with "
            "steps_per_beat=4"
        )


def test_vectors_that_are_none(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("cow 1 2 3\n")
    settings = {"level": "word", "vectors": str(path)}
    assert message_of(TEXTS, **settings) == f"vectors {path} has none of the 13 symbols of the training part"
    path.write_text("the 1 2\n")
    assert message_of(TEXTS, **settings) == (
        f"embedding_size must be 2, as in vectors {path}, or left out, got 3"
    )
    assert message_of(TEXTS, **{**settings, "embedding_size": None, "tied": True}) == (
        "embedding_size must be hidden_size, 4, where one table is tied to both ends, got 2; give tied=False"
    )


def test_resume_needs_a_checkpoint_of_the_same_run(tmp_path):
    with pytest.raises(InputError) as error:
        LanguageModel(**SMALL).fit(TEXTS, resume=True)
    assert str(error.value) == "resume needs a checkpoint to go on from; give its path as checkpoint"
    path = tmp_path / "run"
    LanguageModel(**SMALL).fit(Corpus(TEXTS, False, "x"), checkpoint=path)
    for X, settings, what in [
        (Corpus(TEXTS, True, "x"), {}, "on other data; give the same data"),  # the same texts, which end
        (Corpus(TEXTS[::-1], False, "x"), {}, "on other data; give the same data"),
        (Corpus(TEXTS, False, "x"), {"dropout": 0.125}, "of another model; give the same model"),
    ]:
        with pytest.raises(InputError) as error:
            LanguageModel(**{**SMALL, **settings}).fit(X, checkpoint=path, resume=True)
        assert str(error.value) == f"{path} is the checkpoint of a run {what}, or start without resume"
