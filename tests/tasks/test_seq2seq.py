"""What estimators of sequence to sequence learn, how they are kept, and what their cards say."""

import dataclasses
import json
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import recurra
from recurra._base.errors import InputError
from recurra.data import Pairs, as_pairs, hold_out_pairs
from recurra.decoding import Beam, Sampling
from recurra.evaluation import evaluate_translation
from recurra.runtime.translation import Translation, TranslationModel
from recurra.tasks import Seq2Seq
from recurra.tasks.seq2seq_defaults import DEFAULTS
from recurra.tasks.seq2seq_examples import PairExamples
from recurra.tasks.seq2seq_network import Seq2SeqNetwork, seq2seq_loss
from recurra.tasks.seq2seq_settings import seq2seq_settings
from recurra.training import BatchEnd, EpochEnd

SMALL: dict[str, Any] = {"hidden_size": 8, "embedding_size": 6, "epochs": 3, "batch_size": 8, "seed": 1}
WORDS = ["the", "cat", "dog", "sat", "ran", "naïve", "on", "mat", "😀"]


def texts(count: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(2, 7))) for _ in range(count)]


def turned(lines: list[str]) -> list[str]:
    """Their words, the last first."""
    return [" ".join(line.split()[::-1]) for line in lines]


def rolls(count: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(3, 20, (rng.integers(1, 6), 2)) for _ in range(count)]


SETTINGS: dict[str, dict[str, Any]] = {
    "char": {"level": "char", "label_smoothing": 0.0},
    "word": {"level": "word", "shared": True, "attention": "general", "cell": "lstm", "tied": False},
    "bpe": {"max_vocabulary": 270, "num_layers": 2, "attention": "dot", "average": 0.9},
    "series": {"input_feeding": False, "bidirectional": False, "teacher_forcing": 0.5},
    "vectors": {"attention": "none", "cell": "rnn", "target_level": "word"},
}


def sources(name: str, count: int, seed: int) -> Any:
    match name:
        case "series":
            return rolls(count, seed)
        case "vectors":
            return np.random.default_rng(seed).normal(-1, 5, (count, 3))
        case _:
            return texts(count, seed)


def data(name: str) -> tuple[Any, list[str], tuple[Any, list[str]]]:
    """Sources and targets to learn from, and a test part, which has an empty source but for vectors."""
    X, test = sources(name, 40, 0), sources(name, 6, 1)
    answers = turned(texts(6, 1))
    if name != "vectors":
        test = [*test, "" if isinstance(test[0], str) else np.zeros((0, 2))]
        answers = [*answers, ""]
    return X, turned(texts(40, 0)), (test, answers)


def fit(name: str, **changes: Any) -> Seq2Seq:
    fitting = {key: changes.pop(key) for key in ("checkpoint", "resume", "on_event") if key in changes}
    X, y, test = data(name)
    return Seq2Seq(**{**SMALL, **SETTINGS[name], **changes}).fit(X, y, test=test, **fitting)


@pytest.fixture(scope="session")
def fitted() -> dict[str, Seq2Seq]:
    """One of each kind, which the tests leave as they are."""
    return {name: fit(name) for name in SETTINGS}


def assert_same(some: list[list[Translation]], others: list[list[Translation]]) -> None:
    """To the bit."""
    for ours, theirs in zip(some, others, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            for name, value in vars(one).items():
                np.testing.assert_array_equal(value, getattr(other, name))


def network_of(estimator: Seq2Seq) -> Seq2SeqNetwork:
    """In training's own form, with the weights of the model file."""
    spec, tensors = estimator.artifact_.spec, estimator.artifact_.tensors
    entry = spec["encoder"]["embedding"]
    width = spec["encoder"]["layer"]["input_size"]
    network = Seq2SeqNetwork(
        seq2seq_settings(estimator.get_params()),
        source=entry and entry["count"],
        source_size=width if entry is None else entry["count"],
        symbols=spec["decoder"]["embedding"]["count"],
        shared=spec["shared"],
        steps=1,
        seed=0,
    )
    names = {"decoder.output.weight", "encoder.embedding.weight", "step_count"} - tensors.keys()
    given = {name: torch.tensor(array) for name, array in tensors.items()}
    left = network.load_state_dict(given, strict=False)
    assert set(left.missing_keys) <= names
    assert not left.unexpected_keys
    return network.eval()


def loss_of(estimator: Seq2Seq, pairs: Pairs) -> tuple[float, int]:
    """By the network in training's own form, one pair after the other: their sum, and of how many symbols."""
    network, model = network_of(estimator), estimator.model_
    inputs, targets = model.source(pairs.sources.items), model.target(pairs.targets)
    examples = PairExamples(inputs, targets, model.network.boundary)
    with torch.no_grad():
        found = [seq2seq_loss(network, *examples[torch.tensor([row])]) for row in range(len(pairs))]
    return sum(float(loss) for loss, _ in found), sum(int(count) for _, count in found)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_same_seed_gives_the_same_model_whatever_was_drawn_before(fitted, name):
    torch.manual_seed(17)
    again = fit(name)
    assert again.model_.fingerprint == fitted[name].model_.fingerprint
    assert again.history_["epochs"][-1]["loss"] == fitted[name].history_["epochs"][-1]["loss"]
    assert fit(name, seed=2).model_.fingerprint != fitted[name].model_.fingerprint


@pytest.mark.parametrize("name", SETTINGS)
def test_a_loaded_model_gives_the_same_bits(fitted, name, tmp_path):
    estimator = fitted[name]
    estimator.save(tmp_path / "model")
    X, _, (held_out, _) = data(name)
    looks = SETTINGS[name].get("attention") != "none"
    beam = Beam(size=4, n_best=3)
    for loaded in (recurra.load(tmp_path / "model"), Seq2Seq.load(tmp_path / "model"), estimator.model_):
        for source in (X, held_out):
            expected = estimator.translate(source, beam=beam, attention=looks)
            assert_same(loaded.translate(source, beam=beam, attention=looks), expected)
            assert loaded.predict(source) == estimator.predict(source)
            drawn = estimator.sample(source, samples=2, seed=3)
            assert_same(loaded.sample(source, samples=2, seed=3), drawn)
    assert isinstance(recurra.load(tmp_path / "model"), TranslationModel)


@pytest.mark.parametrize("name", SETTINGS)
def test_what_it_says_of_its_texts_is_what_the_network_of_training_says(fitted, name):
    estimator = fitted[name]
    X, _, _ = data(name)
    beam = Beam(size=5, min_length=2, max_length=9)
    told = [best for best, *_ in estimator.translate(X, beam=beam)]
    network, model = network_of(estimator), estimator.model_
    ids = [np.array([model.target.vocabulary.index(token) for token in one.tokens]) for one in told]
    examples = PairExamples(model.source(as_pairs(X).sources.items), ids, model.network.boundary)
    for row, one in enumerate(told):
        source, lengths, tokens, wanted = examples[torch.tensor([row])]
        if not one.ended:
            wanted[0, -1] = -100
        with torch.no_grad():
            loss, _ = seq2seq_loss(network, source, lengths, tokens, wanted)
        assert -float(loss) == pytest.approx(one.log_probability, rel=1e-5)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_kept_weights_have_the_best_validation_loss(fitted, name):
    """Without what training alone does: nothing is dropped, smoothed or guessed."""
    estimator = fitted[name]
    epochs = [own["validation_loss"] for own in estimator.history_["epochs"]]
    loss, count = loss_of(estimator, estimator.parts_["validation"])
    assert min(epochs) == pytest.approx(loss / count, rel=1e-5)
    assert epochs.index(min(epochs)) == estimator.history_["best_epoch"] - 1


@pytest.mark.parametrize("name", SETTINGS)
def test_the_evaluation_is_that_of_the_test_part_s_predictions(fitted, name):
    estimator = fitted[name]
    _, _, (X, y) = data(name)
    level = {"char": "char", "series": "char"}.get(name, "word")
    again = evaluate_translation(estimator.predict(X), y, level=level)
    assert estimator.evaluation_.hypotheses == again.hypotheses
    np.testing.assert_equal(estimator.evaluation_.metrics, again.metrics)
    np.testing.assert_equal(estimator.evaluate(X, y).metrics, again.metrics)
    assert estimator.metrics_ == estimator.evaluation_.to_dict()["metrics"]
    assert estimator.score(X, y) == again.metrics["exact"]
    names = ["nearest"] if name in ("series", "vectors") else ["copy", "dictionary", "nearest"]
    assert list(estimator.baselines_) == names


def truths(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The probabilities of feeding the truth, one for each batch of training from here on."""
    from recurra.nn.decoder import Decoder

    found, plain = [], Decoder.sample_inputs

    def noted(self: Decoder, tokens: torch.Tensor, state: Any, truth: float) -> torch.Tensor:
        if self.training:
            found.append(truth)
        return plain(self, tokens, state, truth)

    monkeypatch.setattr(Decoder, "sample_inputs", noted)
    return found


@pytest.mark.parametrize("stop", [(EpochEnd, 1), (EpochEnd, 2), (BatchEnd, 7)], ids=str)
@pytest.mark.parametrize("teacher_forcing", [1.0, 0.25])
def test_a_run_that_goes_on_gives_the_same_bits(stop, teacher_forcing, tmp_path, monkeypatch):
    """Within an epoch, too, with all that is drawn on the way."""
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    settings = {"teacher_forcing": teacher_forcing, "dropout": 0.4, "label_smoothing": 0.2, "average": 0.9}
    fed = truths(monkeypatch)
    whole = fit("char", **settings)
    batches = 3 * 5  # of the 38 pairs that are left, 8 each
    assert len(fed) == batches
    expected = [1 - (1 - teacher_forcing) * i / batches for i in range(batches)]
    assert fed == pytest.approx(expected)
    kind, number = stop
    seen = []

    def interrupted(event: Any) -> None:
        if type(event) is kind:
            seen.append(event)
            if len(seen) == number:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit("char", **settings, checkpoint=tmp_path / "run", on_event=interrupted)
    fed.clear()
    resumed = fit("char", **settings, checkpoint=tmp_path / "run", resume=True)
    assert 0 < len(fed) < batches
    assert fed == pytest.approx(expected[-len(fed) :])
    assert resumed.model_.fingerprint == whole.model_.fingerprint
    for name, array in whole.artifact_.tensors.items():
        np.testing.assert_array_equal(resumed.artifact_.tensors[name], array)
    for ours, theirs in zip(resumed.history_["epochs"], whole.history_["epochs"], strict=True):
        assert (ours["loss"], ours["validation_loss"]) == (theirs["loss"], theirs["validation_loss"])


def test_resume_needs_a_checkpoint_of_the_same_run(tmp_path):
    with pytest.raises(InputError) as error:
        fit("char", resume=True)
    assert str(error.value) == "resume needs a checkpoint to go on from; give its path as checkpoint"
    path = tmp_path / "run"
    X, y, _ = data("char")
    Seq2Seq(**SMALL).fit(X, y, checkpoint=path)
    for pairs, changes, what in (
        ((X, y[::-1]), {}, "on other data; give the same data"),
        ((X[::-1], y), {}, "on other data; give the same data"),
        ((X, y), {"teacher_forcing": 0.5}, "on other data; give the same data"),
        ((X, y), {"attention": "dot"}, "of another model; give the same model"),
    ):
        with pytest.raises(InputError) as error:
            Seq2Seq(**{**SMALL, **changes}).fit(*pairs, checkpoint=path, resume=True)
        assert str(error.value) == f"{path} is the checkpoint of a run {what}, or start without resume"


def test_it_learns_to_turn_texts_round():
    rng = np.random.default_rng(0)
    X = ["".join(rng.choice(list("abc"), rng.integers(1, 5))) for _ in range(400)]
    settings = {"hidden_size": 32, "embedding_size": 16, "dropout": 0.0, "label_smoothing": 0.0}
    estimator = Seq2Seq(**settings, batch_size=16, epochs=10, learning_rate=0.01, seed=0)
    estimator.fit(X, [text[::-1] for text in X])
    assert estimator.predict(["abca", "b", "cab"]) == ["acba", "b", "bac"]
    ((best,),) = estimator.translate(["abc"], attention=True)
    assert best.attention.argmax(1)[:3].tolist() == [2, 1, 0]


def test_it_learns_to_say_what_a_vector_shows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = [f"{'low' if a < 0 else 'high'} {'left' if b < 0 else 'right'}" for a, b in X]
    settings = {"target_level": "word", "attention": "none", "hidden_size": 16, "embedding_size": 8}
    estimator = Seq2Seq(**settings, batch_size=16, epochs=15, learning_rate=0.02, dropout=0.0).fit(X, y)
    clear = np.array([[-1.0, -1], [1, 1], [1, -1], [-1, 1]])
    assert estimator.predict(clear) == ["low left", "high right", "high left", "low right"]


@pytest.mark.parametrize(
    ("X", "y", "settings", "levels"),
    [
        (["one two"] * 30, ["eins zwei"] * 30, {}, ("char", "char")),
        (["one two three four five"] * 30, ["eins zwei drei vier fünf"] * 30, {}, ("bpe", "bpe")),
        (["one two"] * 30, ["eins zwei"] * 30, {"level": "word"}, ("word", "word")),
        (["one two"] * 30, ["eins zwei"] * 30, {"level": "word", "target_level": "char"}, ("word", "char")),
        (["one two"] * 30, ["eins zwei"] * 30, {"target_level": "word"}, ("word", "word")),
        (rolls(30, 0), ["eins zwei"] * 30, {}, (None, "char")),
        (rolls(30, 0), ["eins zwei drei vier fünf"] * 30, {}, (None, "bpe")),
        (rolls(30, 0), ["eins zwei"] * 30, {"target_level": "word"}, (None, "word")),
    ],
    ids=range(8),
)
def test_how_texts_are_cut(X, y, settings, levels):
    X = [f"{x} {i}" for i, x in enumerate(X)] if isinstance(X[0], str) else X
    estimator = Seq2Seq(**{**SMALL, "epochs": 1}, **settings).fit(X, y)
    model = estimator.model_
    assert (getattr(model.source, "level", None), model.target.level) == levels
    told = [note for note in estimator.notes_ if note.startswith("Texts are cut into ")]
    assert len(told) == (not settings)


def test_the_note_of_how_texts_are_cut():
    estimator = Seq2Seq(**{**SMALL, "epochs": 1}).fit([f"a b {i}" for i in range(30)], ["b"] * 30)
    assert estimator.notes_ == ("Texts are cut into characters, as they have 2.0 words on average.",)
    estimator = Seq2Seq(**{**SMALL, "epochs": 1}).fit([f"a b c d e f g h {i}" for i in range(30)], ["b"] * 30)
    assert estimator.notes_ == ("Texts are cut into byte pairs, as they have 5.0 words on average.",)
    assert estimator.artifact_.card["data"]["notes"] == list(estimator.notes_)


def test_a_shared_vocabulary_is_of_both_sides():
    X, y = [f"ab{i % 3}" for i in range(30)], ["xy"] * 30
    shared = Seq2Seq(**{**SMALL, "epochs": 1}, shared=True).fit(X, y)
    assert shared.model_.source == shared.model_.target
    assert set("abxy") < set(shared.model_.target.vocabulary)
    assert "encoder.embedding.weight" not in shared.artifact_.tensors
    apart = Seq2Seq(**{**SMALL, "epochs": 1}).fit(X, y)
    assert set(apart.model_.target.vocabulary[1:]) == set("xy")
    assert set("ab") < set(apart.model_.source.vocabulary[1:]) <= set("ab012")  # what was held out is not


def test_a_vocabulary_may_be_bounded():
    X, y = [f"ab{i % 3}" for i in range(30)], ["xxy"] * 30
    few = Seq2Seq(**{**SMALL, "epochs": 1}, max_vocabulary=2).fit(X, y)
    assert (few.model_.source.vocabulary[1:], few.model_.target.vocabulary[1:]) == (("a",), ("x",))
    often = Seq2Seq(**{**SMALL, "epochs": 1}, min_count=20).fit(X, y)
    assert often.model_.source.vocabulary[1:] == ("a", "b")
    assert set("".join(few.predict(X))) <= {"x"}  # the unknown is learnt, but not written


def test_empty_sources_are_left_out_and_empty_targets_are_learnt():
    X, y = [*["ab", "ba", "aab"] * 10, "", " \n"], [*["ba", "ab", ""] * 10, "", "never"]
    estimator = Seq2Seq(**SMALL).fit(X, y)
    assert len(estimator.parts_["training"]) + len(estimator.parts_["validation"]) == 30
    assert "2 of 32 sources are empty and left out." in estimator.notes_
    assert "v" not in estimator.model_.target.vocabulary
    assert estimator.predict(["", "ab"])[0] == ""
    part = (["ab", "", "x"], ["ba", "", ""])
    scored = Seq2Seq(**SMALL).fit(X, y, validation=part, test=part)
    assert len(scored.parts_["validation"]) == 2
    assert len(scored.parts_["test"]) == 3
    assert scored.evaluation_.hypotheses[1] == ""


def test_a_source_of_nothing_that_is_seen_is_learnt_from_without_harm():
    X, y = [*["a b", "b a"] * 15, "\u200b"], [*["b a", "a b"] * 15, "a"]
    estimator = Seq2Seq(**SMALL, level="word").fit(X, y, validation=(X, y), test=(X, y))
    assert all(np.isfinite(array).all() for array in estimator.artifact_.tensors.values())
    assert estimator.predict(["\u200b"]) == [""]


def test_characters_of_the_test_part_that_training_never_saw_are_told():
    X, y = ["ab", "ba", "aab"] * 10, ["ba", "ab", "baa"] * 10
    part = (["axb", "yy"], ["bxa", "yy"])
    estimator = Seq2Seq(**SMALL).fit(X, y, test=part)
    wanted = "3 of 5 characters of the test sources were never seen in training."
    assert wanted in estimator.notes_
    assert wanted in estimator.artifact_.card["data"]["notes"]
    words = Seq2Seq(**SMALL, level="word").fit(X, y, test=(["ba", "c"], ["ab", "c"]), validation=part)
    assert "1 of 2 words of the test sources were never seen in training." in words.notes_


@pytest.mark.parametrize("name", SETTINGS)
def test_the_card_says_what_was_learnt_from_what(fitted, name):
    estimator = fitted[name]
    card = json.loads(json.dumps(estimator.artifact_.card, allow_nan=False))
    kind = "series" if name in ("series", "vectors") else "text"
    assert card["data"]["kind"] == kind
    assert card["data"]["pairs"] == {"training": 38, "validation": 2, "test": 6 + (name != "vectors")}
    parts = estimator.parts_
    assert card["data"]["fingerprints"] == {part: parts[part].fingerprint() for part in parts}
    assert card["settings"] == estimator.get_params()
    assert (card["metrics"], card["baselines"]) == (estimator.metrics_, estimator.baselines_)
    assert card["failed_baselines"] == {}
    assert len(card["risks"]) == 4


def test_parts_are_those_that_are_given():
    X, y, test = data("char")
    estimator = Seq2Seq(**SMALL, **SETTINGS["char"])
    training, held = hold_out_pairs(as_pairs(X, y), 0.05, name="validation_share", seed=1)
    estimator.fit(X, y)
    assert estimator.parts_["training"].targets == training.targets
    assert estimator.parts_["validation"].targets == held.targets
    assert estimator.parts_["test"] is estimator.evaluation_ is estimator.metrics_ is None
    same = Seq2Seq(**SMALL, **SETTINGS["char"]).fit(as_pairs(X, y))
    assert same.model_.fingerprint == estimator.model_.fingerprint
    given = Seq2Seq(**SMALL, **SETTINGS["char"]).fit(X, y, validation=as_pairs(*test), test=test)
    assert given.parts_["training"].targets == y
    assert given.parts_["validation"].targets == test[1][:-1]  # but for the empty source
    assert given.parts_["test"].targets == test[1]


def test_what_is_not_said_is_chosen():
    estimator = Seq2Seq(max_time=1e-6, epochs=1).fit(texts(40, 0), texts(40, 1))
    encoder, decoder = (estimator.artifact_.spec[name] for name in ("encoder", "decoder"))
    assert encoder["layer"]["cell"] == decoder["layer"]["cell"] == DEFAULTS.cell
    assert decoder["layer"]["hidden_size"] == DEFAULTS.hidden_size
    assert encoder["layer"]["hidden_size"] == DEFAULTS.hidden_size // 2
    assert encoder["layer"]["bidirectional"] == DEFAULTS.bidirectional
    assert decoder["embedding"]["size"] == DEFAULTS.embedding_size
    assert decoder["attention"] == {"type": DEFAULTS.attention, "size": DEFAULTS.hidden_size}
    assert (decoder["input_feeding"], decoder["tied"]) == (DEFAULTS.input_feeding, DEFAULTS.tied)
    assert estimator.history_["stopped"] == "time"


def test_how_a_table_was_read_is_kept(tmp_path):
    X, y, _ = data("char")
    columns = {"source": "de", "target": 2, "header": True}
    estimator = Seq2Seq(**SMALL, **SETTINGS["char"]).fit(X, y, columns=columns)
    assert estimator.model_.columns == columns
    (tmp_path / "t.csv").write_text("de,en\nthe cat,b\n")
    assert estimator.predict(tmp_path / "t.csv") == estimator.predict(["the cat"])


def test_ways_to_ask_an_estimator(fitted):
    estimator = fitted["char"]
    X = texts(3, 5)
    wide = Beam(size=7)
    assert estimator.predict(X, beam=wide) == [best.text for best, *_ in estimator.translate(X, beam=wide)]
    cold = estimator.sample(X, sampling=Sampling(temperature=0), samples=2)
    assert [one.text for one, _ in cold] == estimator.predict(X, beam=Beam(size=1, length_penalty=0.0))
    for method in ("predict", "translate", "sample", "evaluate", "score"):
        with pytest.raises(NotFittedError):
            getattr(Seq2Seq(), method)(X)


@pytest.mark.parametrize("name", ["char", "series"])
def test_a_fitted_estimator_can_be_sent_to_another_process(fitted, name):
    estimator = fitted[name]
    twin = pickle.loads(pickle.dumps(estimator))  # noqa: S301
    X, _, _ = data(name)
    assert_same(twin.translate(X[:5]), estimator.translate(X[:5]))
    assert twin.metrics_ == estimator.metrics_


def test_a_model_is_fitted_again_from_the_beginning(fitted):
    again = clone(fitted["char"])
    assert not hasattr(again, "model_")
    again.fit(["ab", "ba"] * 20, ["ba", "ab"] * 20)
    X, y, test = data("char")
    again.fit(X, y, test=test)
    assert again.model_.fingerprint == fitted["char"].model_.fingerprint


def test_pairs_bring_their_notes():
    X, y, _ = data("char")
    noted = dataclasses.replace(as_pairs(X, y), notes=("A note.",))
    estimator = Seq2Seq(**SMALL, **SETTINGS["char"]).fit(noted)
    assert estimator.notes_ == ("A note.",)
