"""What a transcriber learns, what it leaves out and says so, and what it refuses."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV

from recurra._base.errors import InputError
from recurra.data import Clip, Labelled, as_labelled
from recurra.decoding import ctc_beam
from recurra.runtime.transcript import BLANK
from recurra.tasks import Transcriber
from recurra.tasks.transcription_targets import TextTargets, least_steps

LETTERS = "abc"


def strokes(text: str, rng: np.random.Generator) -> np.ndarray:
    """A column for each letter that is 1 for 2 to 4 steps, nothing for 1 or 2 steps in between, and noise."""
    rows = [np.zeros((1, 3))]
    for letter in text:
        rows += [np.tile(np.eye(3)[LETTERS.index(letter)], (rng.integers(2, 5), 1))]
        rows += [np.zeros((rng.integers(1, 3), 3))]
    written = np.concatenate(rows)
    return (written + rng.normal(0, 0.1, written.shape)).astype(np.float32)


def sound(text: str, rng: np.random.Generator, name: str = "clip") -> Clip:
    """A tone for each letter, a tenth of a second each, with gaps, and noise."""
    pieces = [np.zeros(400)]
    for letter in text:
        n = rng.integers(700, 900)
        pieces += [np.sin(2 * np.pi * 300 * 2 ** (2 * LETTERS.index(letter) / 2) * np.arange(n) / 8000)]
        pieces += [np.zeros(rng.integers(300, 500))]
    tones = np.concatenate(pieces)
    return Clip((0.3 * tones + 0.01 * rng.normal(size=len(tones))).astype(np.float32), 8000, name)


def drawn(make: Any, count: int, seed: int, longest: int = 5) -> tuple[list[Any], list[str]]:
    rng = np.random.default_rng(seed)
    texts = ["".join(rng.choice(list(LETTERS), rng.integers(1, longest + 1))) for _ in range(count)]
    return [make(text, rng) for text in texts], texts


SMALL: dict[str, Any] = {"hidden_size": 16, "num_layers": 1, "dropout": 0.0, "batch_size": 8, "seed": 1}
TRAIN, TEST = drawn(strokes, 120, 0), drawn(strokes, 40, 1)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_texts_of_series_are_learnt(bidirectional):
    learnt = Transcriber(**SMALL, epochs=15, learning_rate=0.01, bidirectional=bidirectional)
    learnt.fit(*TRAIN, test=TEST)
    assert learnt.metrics_["word_error_rate"] == 1 - learnt.score(*TEST)
    assert learnt.metrics_["char_error_rate"] < 0.02
    assert learnt.baselines_["commonest"]["char_error_rate"] > 0.5
    assert learnt.evaluation_.hypotheses == tuple(learnt.predict(TEST[0]))
    both = [Transcriber.predict(learnt, TEST[0], beam=beam) for beam in (None, 8)]
    assert np.mean([one == other for one, other in zip(*both)]) > 0.9


def test_words_of_clips_are_learnt_at_other_paces():
    def words(text: str) -> str:
        return " ".join({"a": "Low", "b": "mid", "c": "high"}[letter] for letter in text)

    (X, texts), (other, others) = drawn(sound, 80, 0, 4), drawn(sound, 20, 1, 4)
    learnt = Transcriber(**SMALL, epochs=40, learning_rate=0.01, level="word")
    learnt.fit(X, list(map(words, texts)), test=(other, list(map(words, others))))
    assert learnt.metrics_["word_error_rate"] < 0.05
    assert set(" ".join(learnt.predict(other)).split()) == {"low", "mid", "high"}
    found = learnt.transcribe(other[:1])[0].transcripts[0]
    assert all(later > earlier for earlier, later in itertools.pairwise(found.times))
    assert 0 < found.times[0] < 0.2
    assert found.times[-1] < len(other[0].samples) / 8000


def test_what_has_fewer_steps_than_its_text_needs_is_left_out_and_named():
    X, y = [list(part) for part in TRAIN]
    X[3], y[3] = X[3][:2], "abc"
    X[9], y[9] = X[9][:3], "aab"  # which needs a blank between its letters
    X[10], y[10] = X[10][:4], "aab"
    given = Labelled(as_labelled(X, y).sequences, y, None, [f"t.csv, line {i + 2}" for i in range(len(X))])
    learnt = Transcriber(**SMALL, epochs=1).fit(given, validation=TEST, test=(X[:12], y[:12]))
    assert learnt.notes_ == (
        "2 of 120 series of the training part have fewer steps than the text needs; left out: "
        "t.csv, line 5 (2 of 3 steps), t.csv, line 11 (3 of 4 steps).",
    )
    assert len(learnt.parts_["training"]) == 118
    assert "t.csv, line 5" not in learnt.parts_["training"].names
    assert len(learnt.parts_["test"]) == learnt.evaluation_.count == 12
    assert learnt.artifact_.card["data"]["notes"] == list(learnt.notes_)


def test_symbols_that_the_training_part_lacks_are_named():
    X, y = [list(part) for part in TEST]
    y[2], y[5], y[7] = "aßc", "éé", "ß"
    learnt = Transcriber(**SMALL, epochs=1).fit(*TRAIN, validation=(X, y), test=(X[:6], y[:6]))
    assert learnt.notes_ == (
        "3 of 40 texts of the validation part have characters that the training part lacks ('ß', 'é'); left "
        "out.",
        "2 of 6 texts of the test part have characters that the training part lacks ('é', 'ß'), which the "
        "model can't write.",
    )
    assert len(learnt.parts_["validation"]) == 37
    assert learnt.evaluation_.references[2] == "aßc"


def test_where_nothing_is_said_nothing_is_to_be_written():
    rng = np.random.default_rng(0)
    silence = [rng.normal(0, 0.1, (rng.integers(2, 9), 3)).astype(np.float32) for _ in range(24)]
    (X, y), (other, others) = TRAIN, TEST
    learnt = Transcriber(**SMALL, epochs=15, learning_rate=0.01)
    learnt.fit([*X, *silence[:20]], [*y, *[""] * 20], test=([*other, *silence[20:]], [*others, *[""] * 4]))
    assert learnt.predict(silence[20:]) == [""] * 4
    assert learnt.metrics_["char_error_rate"] < 0.05
    assert any(
        note.endswith("texts of the training part are empty: there the model is to write nothing.")
        for note in learnt.notes_
    )
    alone = Transcriber(**{**SMALL, "batch_size": 1}, epochs=1).fit(
        [*X[:4], *silence[:4]], [*y[:4], *[""] * 4], validation=(silence[4:], [""] * 20)
    )
    assert np.isfinite(alone.history_["epochs"][0]["validation_loss"])


def test_words_are_compared_as_they_are_written():
    X, _ = drawn(strokes, 12, 0)
    learnt = Transcriber(**SMALL, epochs=1, level="word")
    learnt.fit(X, ["Don't stop"] * 12, test=(X[:2], ["don't \t stop!", "DON'T STOP"]))
    assert learnt.notes_ == (
        "1 of 2 texts of the test part has words that the training part lacks ('!'), which the model can't "
        "write.",
    )
    assert learnt.evaluation_.references == ("don't stop !", "don't stop")
    assert learnt.baselines_["commonest"]["exact"] == 0.5


@pytest.mark.parametrize(("text", "steps"), [("", 0), ("a", 1), ("abc", 3), ("aab", 4), ("aaa", 5)])
def test_steps_that_a_text_needs(text, steps):
    assert least_steps(np.array([LETTERS.index(letter) for letter in text], np.int64)) == steps


class Scores(torch.nn.Module):
    """A network that says what it was given."""

    def __init__(self, scores: np.ndarray) -> None:
        super().__init__()
        self.scores = torch.nn.Parameter(torch.from_numpy(scores).float())

    def forward(self, x: Any, lengths: Any) -> Any:
        return self.scores


def loss(scores: np.ndarray, lengths: list[int], texts: list[str], weights: list[float]) -> Any:
    targets = TextTargets.of(["abc"], "char")
    network = Scores(scores)
    ids = targets.encode(texts, "training")
    padded = np.zeros((len(ids), max(map(len, ids))), np.int64)
    for row, own in zip(padded, ids):
        row[: len(own)] = own
    total, count = targets.loss(
        network, None, torch.tensor(lengths), torch.from_numpy(padded), torch.tensor(weights)
    )
    total.backward()
    return total.item(), count.item(), network.scores.grad


def test_the_loss_is_of_all_ways_to_write_a_text():
    scores = np.random.default_rng(0).normal(size=(3, 5, 4))
    lengths, texts, weights = [5, 4, 3], ["ab", "aa", "c"], [1.0, 0.5, 2.0]
    expected = 0.0
    for own, length, text, weight in zip(scores, lengths, texts, weights):
        known = torch.from_numpy(own[:length]).log_softmax(dim=1).numpy()
        tokens = [LETTERS.index(letter) + 1 for letter in text]
        (of_text,) = (
            found.log_probability
            for found in ctc_beam(known, BLANK, 10_000, 10_000)
            if found.tokens.tolist() == tokens
        )
        expected -= weight * of_text
    total, count, _ = loss(scores, lengths, texts, weights)
    assert total == pytest.approx(expected, rel=1e-5)
    assert count == 3 + 0.5 * 3 + 2 * 2


def test_a_text_that_no_longer_fits_teaches_nothing():
    scores = np.random.default_rng(0).normal(size=(2, 3, 4))
    whole, count, gradient = loss(scores, [3, 2], ["ab", "aa"], [1.0, 1.0])
    alone, _, _ = loss(scores[:1], [3], ["ab"], [1.0])
    assert math.isfinite(whole)
    assert (whole, count) == (pytest.approx(alone), 6)
    assert gradient[0].abs().sum() > 0
    assert (gradient[1] == 0).all()


def refusal(estimator: Transcriber, *data: Any, **more: Any) -> str:
    events: list[Any] = []
    with pytest.raises(InputError) as raised:
        estimator.fit(*data, on_event=events.append, **more)
    assert events == []  # before training, however long that would take
    return str(raised.value)


@pytest.mark.parametrize(
    ("settings", "data", "message"),
    [
        ({}, (["a text"] * 4, ["a"] * 4), "X must hold clips or arrays, got texts"),
        ({}, (TRAIN[0], [3] * 120), "y must hold a text for each sequence, got 3 as y[0]"),
        (
            {},
            (TRAIN[0], [" "] * 120),
            "the texts hold no characters; give texts to learn the vocabulary from",
        ),
        (
            {},
            (TRAIN[0], TRAIN[1][:-1]),
            "y must have one entry for each of the 120 sequences of X, got 119",
        ),
        ({"level": "bpe"}, TRAIN, "level must be one of char, word, got 'bpe'"),
        (
            {"augment": True},
            TRAIN,
            "augment is for audio, got True with sequences of kind 'series'; leave it out",
        ),
        ({"augment": 1}, TRAIN, "augment must be True or False, got 1"),
        ({"bidirectional": 2}, TRAIN, "bidirectional must be True or False, got 2"),
        ({"cell": "lstn"}, TRAIN, "cell must be one of rnn, lstm, gru, got 'lstn'; did you mean 'lstm'?"),
    ],
)
def test_what_can_not_be_learnt(settings, data, message):
    assert refusal(Transcriber(**{**SMALL, **settings}), *data) == message


def test_parts_of_which_nothing_is_left():
    X, y = TRAIN
    short = [x[:1] for x in X[:3]]
    assert refusal(Transcriber(**SMALL), short, ["ab", "bc", "ca"], validation=TEST) == (
        "training: nothing is left to learn from. 3 of 3 series of the training part have fewer steps than "
        "the text needs; left out: X[0] (1 of 2 steps), X[1] (1 of 2 steps), X[2] (1 of 2 steps)."
    )
    assert refusal(Transcriber(**SMALL), X, y, validation=(X[:1], ["d"])) == (
        "validation: nothing is left to learn from. 1 of 1 text of the validation part has characters that "
        "the training part lacks ('d'); left out."
    )
    clip = Clip(np.zeros(9, np.float32), 8000, "short.wav")
    sounds = drawn(sound, 4, 0)
    assert refusal(Transcriber(**SMALL), *sounds, test=([clip], ["a"])) == (
        "short.wav has 9 samples at 8000 a second, fewer than the 80 of one step; leave it out or use a "
        "longer clip"
    )


def test_it_is_chosen_by_cross_validation():
    search = GridSearchCV(Transcriber(**SMALL, epochs=12), {"learning_rate": [1e-6, 0.01]}, cv=2)
    search.fit(*TRAIN)
    assert search.best_params_ == {"learning_rate": 0.01}
    assert search.best_score_ == search.cv_results_["mean_test_score"][1]
    assert search.predict(TEST[0]) == search.best_estimator_.model_.predict(TEST[0])
