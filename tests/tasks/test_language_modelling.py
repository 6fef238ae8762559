"""What language models learn, how they are kept, and what their cards say."""

import dataclasses
import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import recurra
from recurra.data import Corpus, Piece, hold_out
from recurra.decoding import Sampling
from recurra.runtime.language import TextModel
from recurra.runtime.music import MusicModel
from recurra.tasks import LanguageModel
from recurra.tasks.language_defaults import CHAR, MUSIC, WORD
from recurra.training import BatchEnd, EpochEnd

SMALL: dict[str, Any] = {"hidden_size": 8, "epochs": 3, "bptt": 8, "batch_size": 4, "seed": 1}
RNG = np.random.default_rng(0)
WORDS = ["the", "cat", "dog", "sat", "ran", "naïve", "on", "mat", "😀"]
TEXTS = [" ".join(RNG.choice(WORDS, RNG.integers(2, 8))) for _ in range(30)]
TEST = [" ".join(RNG.choice(WORDS, RNG.integers(2, 8))) for _ in range(5)]
PIECES = [Piece(RNG.random((RNG.integers(1, 20), 88)) < 0.05, f"p{i}", 4.0, 80.0) for i in range(30)]

SETTINGS: dict[str, dict[str, Any]] = {
    "char": {"embedding_size": 6},
    "word": {"level": "word", "change_penalty": 0.5},  # tied, by default
    "bpe": {"level": "bpe", "max_vocabulary": 270, "cell": "gru", "num_layers": 2, "average": 0.9},
    "music": {"cell": "rnn"},
}


def fit(name: str, **changes: Any) -> LanguageModel:
    fitting = {key: changes.pop(key) for key in ("checkpoint", "resume", "on_event") if key in changes}
    X, test = (PIECES, PIECES[:4]) if name == "music" else (TEXTS, TEST)
    return LanguageModel(**{**SMALL, **SETTINGS[name], **changes}).fit(X, test=test, **fitting)


@pytest.fixture(scope="session")
def fitted() -> dict[str, LanguageModel]:
    """One of each kind, which the tests leave as they are."""
    return {name: fit(name) for name in SETTINGS}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_same_seed_gives_the_same_model_whatever_was_drawn_before(fitted, name):
    again = fit(name)
    assert again.model_.fingerprint == fitted[name].model_.fingerprint
    assert again.history_["epochs"][-1]["loss"] == fitted[name].history_["epochs"][-1]["loss"]
    assert fit(name, seed=2).model_.fingerprint != fitted[name].model_.fingerprint


@pytest.mark.parametrize("name", SETTINGS)
def test_a_run_that_is_resumed_within_an_epoch_gives_the_same_model(fitted, name, tmp_path, monkeypatch):
    """States, what is dropped and the order of batches go on as they were."""
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)

    def stop(event: Any) -> None:
        if isinstance(event, BatchEnd) and (event.epoch, event.batch) == (2, 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(name, checkpoint=tmp_path / "run", on_event=stop)
    seen = []
    resumed = fit(name, checkpoint=tmp_path / "run", resume=True, on_event=seen.append)
    assert resumed.model_.fingerprint == fitted[name].model_.fingerprint
    assert [event.epoch for event in seen if isinstance(event, EpochEnd)] == [2, 3]
    first = next(event for event in seen if isinstance(event, BatchEnd))
    assert (first.epoch, first.batch) == (2, 3)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_saved_estimator_is_the_one_that_is_loaded(fitted, name, tmp_path):
    first = fitted[name]
    first.save(tmp_path / "model")
    loaded = LanguageModel.load(tmp_path / "model")
    assert loaded.get_params() == first.get_params()
    assert (loaded.metrics_, loaded.baselines_) == (first.metrics_, first.baselines_)
    assert loaded.history_ == first.history_
    loaded.save(tmp_path / "again")
    assert (tmp_path / "model").read_bytes() == (tmp_path / "again").read_bytes()
    model = recurra.load(tmp_path / "model")
    assert isinstance(model, MusicModel if name == "music" else TextModel)
    for other in (loaded, model, pickle.loads(pickle.dumps(first))):  # noqa: S301
        assert_same(other, first)


def assert_same(one: Any, other: Any) -> None:
    """The two write the same, and find the same probable."""
    some, others = (model.generate(length=12, seed=3, samples=2) for model in (one, other))
    for a, b in zip(some, others, strict=True):
        if isinstance(a, Piece):
            np.testing.assert_array_equal(a.roll, b.roll)
            assert (a.steps_per_beat, a.beats_per_minute) == (b.steps_per_beat, b.beats_per_minute) == (4, 80)
        else:
            assert a == b
    X = PIECES[:3] if isinstance(some[0], Piece) else TEST
    for a, b in zip(one.predict(X), other.predict(X), strict=True):
        np.testing.assert_array_equal(getattr(a, "log_probabilities", a), getattr(b, "log_probabilities", b))


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_written_part_by_part_is_what_is_generated(fitted, name):
    model = fitted[name]
    prompts = [(), (PIECES[0].roll[:3] if name == "music" else "the",)]
    for prompt in prompts:
        written = list(model.write(*prompt, length=12, seed=3))
        (whole,) = model.generate(*prompt, length=12, seed=3)
        if name == "music":
            np.testing.assert_array_equal(np.stack(written), whole.roll)
        else:
            assert "".join(written) == whole.text
    with pytest.raises(NotFittedError):
        LanguageModel().write()


@pytest.mark.parametrize("name", SETTINGS)
def test_parameters_are_copied_and_set(fitted, name):
    copy = clone(fitted[name])
    assert copy.get_params() == fitted[name].get_params()
    assert not hasattr(copy, "model_")
    assert copy.set_params(hidden_size=-5).get_params()["hidden_size"] == -5
    assert set(LanguageModel().get_params()) == set(fitted[name].artifact_.card["settings"])


@pytest.mark.parametrize("name", SETTINGS)
def test_the_card_says_what_the_model_is_of_and_how_good(fitted, name):
    estimator, card = fitted[name], fitted[name].artifact_.card
    json.dumps(card, allow_nan=False)
    assert card["metrics"] == estimator.metrics_ == estimator.evaluation_.to_dict()["metrics"]
    assert card["baselines"] == estimator.baselines_
    assert estimator.baselines_
    assert card["failed_baselines"] == {}
    again = estimator.evaluate(PIECES[:4] if name == "music" else TEST)
    assert again.metrics == estimator.metrics_
    data = card["data"]
    assert data["kind"] == ("music" if name == "music" else "texts")
    parts = estimator.parts_
    assert data["documents"] == {part: len(own) for part, own in parts.items()}
    assert sum(data["documents"].values()) == (34 if name == "music" else 35)
    assert len(set(data["fingerprints"].values())) == 3
    assert all(len(own) == 64 for own in data["fingerprints"].values())
    assert card["settings"] == estimator.get_params()


def test_the_card_says_in_plain_words_that_texts_can_be_false(fitted):
    text, music = (fitted[name].artifact_.card for name in ("char", "music"))
    assert text["risks"][0] == (
        "What the model writes can be fluent and false: it tells which words follow which, not what is so. "
        "Mark it as generated wherever it goes."
    )
    assert "repeat parts of the training texts word for word" in text["risks"][1]
    assert music["risks"][0] == (
        "What the model writes is generated, and no composer's work; mark it so wherever it goes."
    )
    assert "Writing texts" in text["intended_use"]
    assert "Writing music" in music["intended_use"]


@pytest.mark.parametrize("name", ["char", "word", "bpe"])
def test_the_score_is_the_mean_log_probability_of_a_token(fitted, name):
    estimator = fitted[name]
    assert estimator.score(TEST) == pytest.approx(-estimator.metrics_["nats"], rel=1e-12)
    assert estimator.metrics_["perplexity"] == pytest.approx(math.exp(estimator.metrics_["nats"]))


@pytest.mark.parametrize("name", SETTINGS)
def test_the_validation_loss_is_what_the_model_says_of_that_part(name):
    """Without penalties, and with states that are carried along documents: of music the first step counts."""
    X = PIECES if name == "music" else TEXTS
    settings = {**SMALL, **SETTINGS[name], "activation_penalty": 1.0, "bptt": 4}
    estimator = LanguageModel(**settings).fit(X, validation=X[:20])
    best = estimator.history_["epochs"][estimator.history_["best_epoch"] - 1]["validation_loss"]
    assert estimator.score(X[:20]) == pytest.approx(-best, rel=2e-6)


def test_the_estimator_and_its_model_say_the_same(fitted):
    estimator = fitted["char"]
    greedy = Sampling(temperature=0)
    options = {"length": 20, "seed": 4, "sampling": greedy}
    assert estimator.generate("the", **options) == estimator.model_.generate("the", **options)
    assert estimator.stream().state() == estimator.model_.stream().state()


def test_a_tied_table_stays_one(fitted):
    estimator = fitted["word"]
    tensors = estimator.artifact_.tensors
    assert "head.weight" not in tensors
    assert tensors["embedding.weight"].shape == (estimator.model_.features.size + 1, 8)
    assert [layer["type"] for layer in estimator.artifact_.spec["layers"]] == [
        "embedding",
        "recurrent",
        "tied",
    ]


def test_documents_that_are_several_end_and_a_single_one_does_not():
    settings = {**SMALL, "epochs": 1, "embedding_size": 4}
    many = LanguageModel(**settings).fit(TEXTS)
    one = LanguageModel(**settings).fit("\n".join(TEXTS))
    assert (many.model_.ends, one.model_.ends) == (True, False)
    assert {text.stopped for text in many.generate(length=300, samples=5)} == {"end"}
    (text,) = one.generate(length=300)
    assert (text.stopped, text.tokens, len(text.text)) == ("length", 300, 300)
    before, after = one.parts_["training"].texts
    assert before + one.parts_["validation"].texts[0] + after == "\n".join(TEXTS)


def test_a_document_that_was_cut_counts_no_end_in_the_test_part():
    """Its texts end as little as those that were learnt from, so bits a character are of the same tokens."""
    fitted = LanguageModel(**SMALL, embedding_size=4).fit(["\n".join(TEXTS)], test=TEST)
    assert not fitted.model_.ends
    assert fitted.evaluation_.characters == fitted.evaluation_.count == sum(map(len, TEST))
    assert fitted.metrics_["bits"] == pytest.approx(fitted.metrics_["nats"] / math.log(2))
    assert fitted.artifact_.card["data"]["characters"]["test"] == sum(map(len, TEST))
    assert not fitted.parts_["test"].ends
    assert fitted.notes_ == (
        "The middle of the text is held out, so what is learnt from is 2 pieces of it.",
        "The only document was cut into parts, so where it ends is not learnt.",
    )


@pytest.mark.parametrize("name", ["char", "music"])
def test_training_stops_in_time(name):
    estimator = fit(name, max_time=1e-6, epochs=50)
    assert estimator.history_["stopped"] == "time"
    assert len(estimator.history_["epochs"]) == 1
    assert estimator.generate(length=3)


GLOVE = "the 1 2 3\nzebra 9 9 9\ncat -1 0.5 2\n"


@pytest.mark.parametrize("header", ["", "3 3\n"], ids=["GloVe", "word2vec"])
@pytest.mark.parametrize("tied", [None, False])
def test_vectors_begin_the_table(header, tied, tmp_path):
    """At a rate of learning of nearly nothing, what was begun with is what is kept."""
    path = tmp_path / "vectors.txt"
    path.write_text(header + GLOVE)
    settings = {**SMALL, "level": "word", "vectors": str(path), "tied": tied, "weight_decay": 0.0}
    estimator = LanguageModel(**{**settings, "learning_rate": 1e-12, "epochs": 1}).fit(TEXTS)
    vocabulary = estimator.model_.features.vocabulary
    table = estimator.artifact_.tensors["embedding.weight"]
    assert table.shape == (len(vocabulary) + 1, 3)
    begun = {"the": [1, 2, 3], "cat": [-1, 0.5, 2]}
    for word, vector in begun.items():
        np.testing.assert_allclose(table[vocabulary.index(word)], vector, atol=1e-6)
    others = [row for row, word in zip(table, [*vocabulary, ""], strict=True) if word not in begun]
    assert np.abs(others).max() < 6  # drawn from a normal distribution, and not the 9 of another word
    assert len(np.unique(others)) == 3 * len(others)
    assert estimator.notes_ == (f"2 of {len(vocabulary)} symbols begin with the vectors of {path}.",)
    assert estimator.artifact_.card["data"]["notes"] == list(estimator.notes_)


def test_vectors_as_wide_as_the_layers_are_tied(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text(GLOVE)
    settings = {**SMALL, "level": "word", "vectors": str(path), "hidden_size": 3, "epochs": 1}
    assert "head.weight" not in LanguageModel(**settings).fit(TEXTS).artifact_.tensors
    assert "head.weight" in LanguageModel(**settings, tied=False).fit(TEXTS).artifact_.tensors


def test_what_repeats_is_learnt():
    settings = {**SMALL, "hidden_size": 24, "embedding_size": 12, "learning_rate": 0.02, "dropout": 0.0}
    text = "abcdefgh" * 120
    estimator = LanguageModel(**{**settings, "epochs": 15}).fit(text, test="cdefghab" * 20)
    (one,) = estimator.generate("abcd", length=40, sampling=Sampling(temperature=0))
    assert one.text == ("efghabcd" * 5)
    assert estimator.metrics_["nats"] < 0.1
    (usual, odd) = estimator.predict(["abcdefgh", "abcdhefg"])
    assert usual.log_probability > odd.log_probability + 3


def test_where_documents_end_is_learnt():
    settings = {**SMALL, "hidden_size": 24, "embedding_size": 12, "learning_rate": 0.02, "dropout": 0.0}
    estimator = LanguageModel(**{**settings, "epochs": 15}).fit(["abc", "xyz"] * 100)
    written = estimator.generate(length=20, samples=30, seed=2)
    assert {one.stopped for one in written} == {"end"}
    assert {one.text for one in written} == {"abc", "xyz"}
    assert 8 < sum(one.text == "abc" for one in written) < 22
    assert [one.text for one in estimator.generate("ab", length=20, samples=3)] == ["c"] * 3


def test_music_that_repeats_is_learnt():
    steps = np.zeros((4, 88), bool)
    steps[range(4), [40, 44, 47, 52]] = True
    pieces = [np.tile(steps, (8, 1)) for _ in range(24)]
    regularisers = ("input_dropout", "dropout", "weight_dropout")
    settings = {**SMALL, "cell": "gru", "learning_rate": 0.03, **dict.fromkeys(regularisers, 0.0)}
    estimator = LanguageModel(**{**settings, "hidden_size": 24, "epochs": 30, "bptt": 16}).fit(
        pieces, test=pieces[:3]
    )
    (piece,) = estimator.generate(pieces[0][:6], length=8, temperature=0)
    np.testing.assert_array_equal(piece.roll, np.roll(np.tile(steps, (2, 1)), -6, axis=0))
    assert estimator.metrics_["nll"] < 0.5


def test_pieces_of_one_step_are_learnt_from_with_the_others():
    pieces = [np.eye(88, dtype=bool)[:1]] * 10 + [np.eye(88, dtype=bool)[:12]] * 10
    estimator = LanguageModel(**SMALL, validation_share=0.2).fit(pieces, test=[pieces[0], pieces[-1]])
    assert [len(own) for own in estimator.evaluation_.log_probabilities] == [0, 11]
    assert [len(own) for own in estimator.predict(pieces[:1])] == [1]


@pytest.mark.parametrize(
    ("X", "settings", "defaults"),
    [(TEXTS, {}, CHAR), (TEXTS, {"level": "word"}, WORD), (PIECES, {}, MUSIC)],
    ids=["char", "word", "music"],
)
def test_what_is_not_said_is_chosen_by_the_kind(X, settings, defaults):
    estimator = LanguageModel(**settings, max_time=1e-6, epochs=1, batch_size=2, bptt=8).fit(X)
    layers = {layer["type"]: layer for layer in estimator.artifact_.spec["layers"]}
    recurrent = layers["recurrent"]
    assert recurrent["hidden_size"] == defaults.hidden_size
    assert (recurrent["cell"], recurrent["num_layers"]) == (defaults.cell, defaults.num_layers)
    assert ("tied" in layers) == defaults.tied
    if "embedding" in layers:
        assert layers["embedding"]["size"] == defaults.embedding_size


def test_a_text_shorter_than_the_usual_stretch_is_one_stretch():
    text = "abcdefgh" * 5
    seen: list[Any] = []
    settings = {**SMALL, "bptt": None, "embedding_size": 6, "batch_size": 1}
    estimator = LanguageModel(**settings, validation_share=0.1).fit(text, on_event=seen.append)
    assert [len(text) for text in estimator.parts_["training"].texts] == [18, 18]
    assert CHAR.bptt > 36
    assert sum(isinstance(event, BatchEnd) for event in seen) == 2 * 3  # one of each text and epoch
    assert estimator.generate(length=3)


def test_a_table_is_tied_where_its_width_is_that_of_the_layers_or_not_said():
    def kinds(**settings: Any) -> list[str]:
        own = {**SMALL, "epochs": 1, "level": "word", **settings}
        return [layer["type"] for layer in LanguageModel(**own).fit(TEXTS).artifact_.spec["layers"]]

    assert kinds()[-1] == kinds(embedding_size=8)[-1] == kinds(tied=True)[-1] == "tied"
    assert kinds(embedding_size=5)[-1] == kinds(tied=False)[-1] == "linear"
    assert kinds(level="char", tied=True)[-1] == "tied"


def test_what_was_done_to_pieces_is_told():
    noted = [dataclasses.replace(piece, notes=("b",) if i else ("a", "b")) for i, piece in enumerate(PIECES)]
    fitted = LanguageModel(hidden_size=4, epochs=1).fit(noted)
    assert sorted(fitted.notes_) == ["a", "b (30 pieces)"]


def test_a_corpus_is_learnt_as_its_texts_and_keeps_how_it_was_read():
    corpus = Corpus(TEXTS, True, "names.txt", ("a note",), lines=True)
    estimator = LanguageModel(**SMALL, embedding_size=6).fit(corpus)
    plain = LanguageModel(**SMALL, embedding_size=6).fit(TEXTS)
    assert estimator.model_.lines
    assert estimator.notes_ == ("a note",)
    for name, tensor in plain.artifact_.tensors.items():
        np.testing.assert_array_equal(estimator.artifact_.tensors[name], tensor)
    training, validation = hold_out(corpus, 0.05, name="validation_share", seed=1)
    assert estimator.parts_["training"].texts == training.texts
    assert estimator.parts_["validation"].texts == validation.texts
    assert estimator.parts_["test"] is None
    assert estimator.metrics_ is None


def test_a_model_is_fitted_again_from_the_beginning(fitted):
    again = clone(fitted["char"])
    again.fit("x y z " * 50).fit(TEXTS, test=TEST)
    assert again.model_.fingerprint == fitted["char"].model_.fingerprint
