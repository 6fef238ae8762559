"""A classifier that begins with a language model: what it takes, how its layers thaw, what it refuses."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

import recurra
from recurra import LanguageModel, SequenceClassifier
from recurra._base.errors import ArtifactError, InputError
from recurra.data import Piece, TextWords
from recurra.tasks.sequence_defaults import TEXT
from recurra.tasks.sequence_network import SequenceNetwork
from recurra.tasks.sequence_settings import network_settings
from recurra.tasks.transfer import Pretrained
from recurra.training import EpochEnd

TEXTS = ["a fine film", "a dull film", "fine and funny", "dull and long"] * 10
VERDICTS = ["good", "bad", "good", "bad"] * 10


def reader(level="word", **settings):
    settings = {"hidden_size": 6, "embedding_size": 5, "tied": False, "epochs": 1, **settings}
    return LanguageModel(level=level, **settings).fit(TEXTS)


def arguments(**changed):
    return SequenceClassifier(**changed).get_params()


def network_of(start, **changed):
    sizes = start.sizes(network_settings(arguments(**changed), TEXT, pools=True))
    return SequenceNetwork(start.features, sizes, 2, seed=0)


@pytest.mark.parametrize(
    ("cell", "layers", "given", "bidirectional"),
    [("lstm", 1, None, True), ("gru", 1, True, True), ("gru", 2, None, False), ("rnn", 1, False, False)],
)
def test_it_begins_with_the_vectors_and_layers(cell, layers, given, bidirectional):
    model = reader(cell=cell, num_layers=layers)
    start = Pretrained.of(model, "text", arguments(bidirectional=given))
    network = network_of(start, bidirectional=given)
    assert network.encoder.stack.bidirectional is bidirectional
    fresh = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    start.begin(network)
    state, given = network.state_dict(), model.artifact_.tensors
    np.testing.assert_array_equal(state["embedding.weight"], given["embedding.weight"][:-1])
    for name, tensor in state.items():
        if name in given and name.startswith("encoder."):
            np.testing.assert_array_equal(tensor, given[name])
        elif name != "embedding.weight":
            assert torch.equal(tensor, fresh[name]), name  # the head, and what reads from the end


def test_layers_thaw_one_by_one_from_the_top_and_lower_ones_change_less():
    start = Pretrained.of(reader(num_layers=2), "text", arguments())
    names = ["head.weight", "encoder.weight_hh_l1", "encoder.weight_hh_l0", "embedding.weight"]
    rates = np.array([[start.rates(name, epoch) for name in names] for epoch in (1, 2, 3, 4, 5)])
    assert ((rates > 0) == np.tri(5, 4, dtype=bool)).all()
    assert (np.diff(rates[-1]) < 0).all()
    assert rates[-1, 0] == 1
    one = Pretrained.of(reader(), "text", arguments())
    assert one.rates("encoder.weight_hh_l0_reverse", 1) == 1


def test_frozen_layers_stay_as_they_were_and_thaw_again():
    model = reader()
    epochs = []

    def fitted(count):
        classifier = SequenceClassifier(epochs=count, seed=2)
        classifier.fit(TEXTS, VERDICTS, pretrained=model, on_event=epochs.append)
        return classifier.artifact_.tensors

    given, one, four = model.artifact_.tensors, fitted(1), fitted(4)
    np.testing.assert_array_equal(one["embedding.word.weight"], given["embedding.weight"][:-1])
    np.testing.assert_array_equal(one["encoder.weight_hh_l0"], given["encoder.weight_hh_l0"])
    assert not np.array_equal(one["encoder.weight_hh_l0_reverse"], four["encoder.weight_hh_l0_reverse"])
    assert any(isinstance(event, EpochEnd) for event in epochs)
    best = next(e.epoch for e in reversed(epochs) if isinstance(e, EpochEnd) and e.is_best)
    assert best > 2
    assert not np.array_equal(four["embedding.word.weight"], given["embedding.weight"][:-1])
    assert not np.array_equal(four["encoder.weight_hh_l0"], given["encoder.weight_hh_l0"])


def test_it_is_saved_resumed_and_told(tmp_path):
    model = reader()
    model.save(tmp_path / "lm.safetensors")
    loaded = tmp_path / "lm.safetensors"
    whole = SequenceClassifier(epochs=3, seed=1).fit(TEXTS, VERDICTS, pretrained=loaded)
    assert whole.notes_[-1] == f"The network begins with the language model {model.model_.fingerprint[:12]}."
    few = SequenceClassifier(epochs=2).fit(TEXTS, VERDICTS, pretrained=LanguageModel.load(loaded))
    assert few.notes_[-2:] == (
        f"The network begins with the language model {model.model_.fingerprint[:12]}.",
        "Its vectors stayed as they were: they thaw in epoch 3, and epoch "
        f"{few.history_['best_epoch']} was the best.",
    )
    assert whole.artifact_.card["data"]["notes"] == list(whole.notes_)
    whole.save(tmp_path / "c.safetensors")
    assert recurra.load(tmp_path / "c.safetensors").predict(TEXTS).tolist() == whole.predict(TEXTS).tolist()
    assert clone(whole).get_params() == whole.get_params()

    def interrupt(event):
        if isinstance(event, EpochEnd) and event.epoch == 2:
            raise KeyboardInterrupt

    run = {"pretrained": model, "checkpoint": tmp_path / "run"}
    with pytest.raises(KeyboardInterrupt):
        SequenceClassifier(epochs=3, seed=1).fit(TEXTS, VERDICTS, on_event=interrupt, **run)
    again = SequenceClassifier(epochs=3, seed=1).fit(TEXTS, VERDICTS, resume=True, **run)
    assert again.history_ == whole.history_
    other = {**run, "pretrained": reader(seed=5)}
    with pytest.raises(InputError) as caught:
        SequenceClassifier(epochs=3, seed=1).fit(TEXTS, VERDICTS, resume=True, **other)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} is the checkpoint of a run on other data; give the same data, or start without "
        "resume"
    )


def test_what_it_refuses(tmp_path):
    def message(model, X=TEXTS, **settings):
        with pytest.raises(InputError) as caught:
            SequenceClassifier(epochs=1, **settings).fit(X, VERDICTS, pretrained=model)
        return str(caught.value)

    wanted = "pretrained must be a fitted LanguageModel of texts, or the path of its file, got "
    words = reader()
    rng = np.random.default_rng(0)
    music = LanguageModel(hidden_size=4, epochs=1).fit([Piece(rng.random((9, 88)) < 0.1)] * 30)
    assert message(words.model_) == f"{wanted}TextModel"
    assert message(LanguageModel()) == f"{wanted}LanguageModel"
    classifier = SequenceClassifier(epochs=1, hidden_size=4).fit(TEXTS, VERDICTS)
    assert message(classifier) == f"{wanted}SequenceClassifier"
    assert message(music) == f"{wanted}LanguageModel of music"
    music.save(tmp_path / "music")
    assert message(str(tmp_path / "music")) == f"{wanted}LanguageModel of music"
    classifier.save(tmp_path / "classifier")
    with pytest.raises(ArtifactError) as refused:
        SequenceClassifier(epochs=1).fit(TEXTS, VERDICTS, pretrained=tmp_path / "classifier")
    assert str(refused.value) == (
        f"{tmp_path / 'classifier'} does not hold the settings of a LanguageModel; use recurra.load to "
        "predict with it"
    )
    series = [rng.normal(size=(4, 1)) for _ in TEXTS]
    assert message(words, series) == ("pretrained is for texts, got sequences of kind 'series'; leave it out")
    assert message(words, hidden_size=8) == (
        "hidden_size must be left out with a pretrained language model, whose own is used, got 8"
    )
    assert message(reader(num_layers=2), bidirectional=True) == (
        "bidirectional must be False or left out with a pretrained model of several layers, which read what "
        "the layer below has read in one direction"
    )
    with pytest.raises(InputError) as caught:
        SequenceClassifier(epochs=1, bag=True).fit(TEXTS, VERDICTS, pretrained=reader(level="char"))
    assert str(caught.value) == "bag=True needs texts cut into words, got level='char'"


def test_a_model_of_several_layers_goes_with_the_defaults():
    fitted = SequenceClassifier(epochs=1).fit(TEXTS, VERDICTS, pretrained=reader(num_layers=2))
    (encoder,) = (layer for layer in fitted.artifact_.spec["layers"] if layer["type"] == "recurrent")
    assert (encoder["num_layers"], encoder["bidirectional"]) == (2, False)
    assert fitted.stream().state()


def test_words_of_a_language_model_have_a_bag_beside_them():
    classifier = SequenceClassifier(epochs=1).fit(TEXTS, VERDICTS, pretrained=reader())
    assert [layer["type"] for layer in classifier.artifact_.spec["layers"]][-1] == "bag"
    assert isinstance(classifier.model_.features, TextWords)


SPELT = ["Watching a fine film", "watching and waiting", "Fine acting", "boring and Dull", "a boring film"]


def test_words_are_spelt_beside_their_vectors_and_capitals_share_them():
    model = LanguageModel(level="word", hidden_size=6, embedding_size=5, tied=False, epochs=1).fit(SPELT * 4)
    start = Pretrained.of(model, "text", arguments(bidirectional=False))
    rows = {word: row for row, word in enumerate(model.model_.features.vocabulary)}
    assert {"Watching", "watching", "Fine", "fine", "Dull"} < rows.keys()
    features = start.features_for([*SPELT, "an unheard film"] * 4)
    assert isinstance(features, TextWords)
    words = features.vocabulary
    assert len(set(words)) == len(words)
    assert set(words) == {word.lower() for word in rows} | {"an", "unheard"}
    sizes = start.sizes(network_settings(arguments(bidirectional=False), TEXT, pools=True))
    network = SequenceNetwork(features, sizes, 2, seed=0).eval()
    assert network.embedding.affix is not None  # "ing"
    start.begin(network)
    given = {name: torch.tensor(array) for name, array in model.artifact_.tensors.items()}
    table = network.state_dict()["embedding.word.weight"]
    for word, vector in zip(words, table):
        row = rows.get(word, rows.get(word.capitalize(), 0))
        assert torch.equal(vector, given["embedding.weight"][row]), word
    # As long as nothing is learnt of spelling, the states are those of the language model.
    layer = torch.nn.LSTM(5, 6)
    layer.load_state_dict({name[8:]: array for name, array in given.items() if name[:8] == "encoder."})
    x = torch.from_numpy(features(["a fine film"])[0])[None]
    states, _ = network.encoder(network._embedded(x, torch.tensor([3])))
    want, _ = layer(given["embedding.weight"][[rows[word] for word in ("a", "fine", "film")]])
    torch.testing.assert_close(states[0], want)


def test_symbols_that_are_no_words_are_read_as_the_language_model_reads_them():
    start = Pretrained.of(reader(level="char"), "text", arguments())
    assert start.features_for(TEXTS) is start.features
