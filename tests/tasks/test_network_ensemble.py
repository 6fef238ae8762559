"""Several networks that learn side by side, each for itself, and answer together."""

import dataclasses

import numpy as np
import pytest
import torch

import recurra
from recurra import LanguageModel, SequenceClassifier, SequenceRegressor, SequenceTagger, artifact
from recurra._base.errors import InputError
from recurra.inspection import inspect
from recurra.inspection.inside import attribution, first_network, given, gradients, memory, trace
from recurra.inspection.model_sections import network_words
from recurra.runtime import Ensemble, Network, network_spec
from recurra.tasks.layers import tensors
from recurra.tasks.network_ensemble import NetworkEnsemble, build_network
from recurra.tasks.sequence_features import fit_features
from recurra.tasks.sequence_network import NetworkSettings, SequenceNetwork
from recurra.tasks.targets import TagTargets

TEXTS = ["a fine film", "a dull film", "fine and funny", "dull and long", "funny"] * 8
VERDICTS = ["good", "bad", "good", "bad", "good"] * 8
SENTENCES = [text.split() for text in TEXTS]
TAGS = [["B-x" if word in ("fine", "dull") else "O" for word in words] for words in SENTENCES]


def sizes(pool, *, crf=False, dropout=0.0):
    return NetworkSettings(4, "lstm", 3, 1, True, pool, dropout, 0.0, 0.0, crf)


def words_network(count, *, seed=0, **settings):
    features = fit_features(SENTENCES, "tokens", SequenceTagger().get_params(), stack=1)
    return features, build_network(
        features, sizes(None, **settings), 2, count, seed=seed, bag=None, allowed=None, counts=None
    )


def batch(features):
    inputs = features(SENTENCES[:5])
    x, lengths = recurra.runtime.features.pad_inputs(inputs)
    targets = torch.zeros(x.shape[:2], dtype=torch.int64)
    targets[::2] = 1
    return torch.from_numpy(x), torch.from_numpy(lengths), targets, torch.rand(5) + 0.5


def test_one_network_is_no_ensemble():
    assert type(words_network(1)[1]) is SequenceNetwork


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_each_network_learns_for_itself(dropout):
    """The loss is the mean of theirs, so that the gradients are theirs over their number."""
    features, ensemble = words_network(3, dropout=dropout)
    loss = TagTargets.of(TAGS, 0.1).loss
    given = batch(features)
    torch.manual_seed(5)
    total, count = ensemble.train().learning(loss)(ensemble, *given)
    (total / count).backward()
    torch.manual_seed(5)  # each draws its masks after the one before
    means = []
    for network in ensemble.members:
        own, weight = loss(network, *given)
        names, parameters = zip(*network.named_parameters())
        for name, wanted in zip(names, torch.autograd.grad(own / weight / 3, parameters)):
            torch.testing.assert_close(network.get_parameter(name).grad, wanted)
        means.append(own / weight)
    torch.testing.assert_close(total / count, torch.stack(means).mean())
    assert len({mean.item() for mean in means}) == 3


def test_what_chooses_the_epoch_is_the_loss_of_the_mean():
    features, ensemble = words_network(2)
    loss = TagTargets.of(TAGS, 0.0).loss
    x, lengths, targets, weights = batch(features)
    with torch.no_grad():
        total, count = ensemble.eval().learning(loss)(ensemble, x, lengths, targets, weights)
        outputs = sum(network.eval()(x, lengths) for network in ensemble.members) / 2
    own = torch.arange(x.size(1)) < lengths[:, None]
    losses = torch.nn.functional.cross_entropy(outputs[own], targets[own], reduction="none")
    torch.testing.assert_close(total, (weights[:, None].expand_as(own)[own] * losses).sum())
    torch.testing.assert_close(count, (weights * lengths).sum())


def test_ensembles_of_neighbouring_seeds_share_no_network():
    heads = [member.head.weight for seed in (0, 1) for member in words_network(3, seed=seed)[1].members]
    heads.append(words_network(1)[1].members[0].head.weight)
    assert len({tuple(head.flatten().tolist()) for head in heads}) == 7


@pytest.mark.parametrize("crf", [False, True])
def test_the_runtime_s_network_is_the_same(crf):
    features, ensemble = words_network(3, crf=crf)
    assert isinstance(ensemble, NetworkEnsemble)
    if ensemble.crf is not None:
        torch.nn.init.normal_(ensemble.crf.transitions)
    own = tensors(ensemble)
    network = Network(network_spec(ensemble.parts()), own)
    x, lengths, *_ = batch(features)
    with torch.no_grad():
        want = ensemble.eval()(x, lengths)
    got = network(x.numpy(), lengths.numpy())
    for row, other, length in zip(got, want.numpy(), lengths):
        np.testing.assert_allclose(row[:length], other[:length], rtol=1e-5, atol=1e-6)
    if crf:
        np.testing.assert_array_equal(network.crf.transitions, own["crf.transitions"])


SETTINGS = {"hidden_size": 4, "epochs": 2, "ensemble_size": 2}
SERIES = [np.random.default_rng(n).normal(size=(4 + n % 3, 1)).astype(np.float32) for n in range(30)]
FITS = {
    "classify": lambda: SequenceClassifier(**SETTINGS).fit(TEXTS, VERDICTS, test=(TEXTS, VERDICTS)),
    "regress": lambda: SequenceRegressor(**SETTINGS, bidirectional=False).fit(
        SERIES, [float(series.mean()) for series in SERIES]
    ),
    "tag": lambda: SequenceTagger(**SETTINGS, bidirectional=False).fit(SENTENCES, TAGS),
    "tag with crf": lambda: SequenceTagger(**SETTINGS, crf=True).fit(SENTENCES, TAGS),
}
INPUTS = {"classify": TEXTS, "regress": SERIES, "tag": SENTENCES, "tag with crf": SENTENCES}


def as_rows(answers):
    return [list(np.atleast_1d(answer)) for answer in answers]


@pytest.mark.parametrize("task", FITS)
def test_a_fitted_ensemble_is_saved_and_looked_into(task, tmp_path):
    fitted = FITS[task]()
    X = INPUTS[task]
    ensemble = fitted.model_.network.parts[0]
    assert isinstance(ensemble, Ensemble)
    assert ensemble.count == 2
    fitted.save(tmp_path / "m.safetensors")
    model = recurra.load(tmp_path / "m.safetensors")
    assert as_rows(model.predict(X)) == as_rows(fitted.predict(X))
    found = inspect(model, X)
    note = (
        "The model answers by the mean of 2 networks. The answer is that of all; gates, states, weights, "
        "gradients and what they tell are those of the first."
    )
    assert found.notes == inspect(model).notes == (note,)
    assert found.forming is not None
    answer = fitted.predict(X)[0]
    want = f"{answer:.4f}" if task == "regress" else answer if task == "classify" else " ".join(answer)
    assert found.forming.final == want
    assert found.trace is not None
    assert found.parameters == sum(weight.size for weight in model.tensors.values())
    assert found.fingerprint == model.fingerprint
    alone, _ = first_network(model)
    matrices = {name for name in alone.tensors if "weight_hh" in name}
    assert all(epoch["spectral_radius"].keys() == matrices for epoch in found.epochs)
    assert {matrix.name for matrix in found.matrices} == matrices
    assert network_words(found.spec).startswith("mean of 2 networks, each of ")
    one_network = {**found.spec, "layers": found.spec["layers"][0]["layers"]}
    assert network_words(one_network) in network_words(found.spec)
    rows = model.read(X)
    outputs = model.outputs(rows)[0]
    one = alone.outputs(rows)[0]
    assert not np.allclose(outputs, one)
    np.testing.assert_allclose(found.trace.output, one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", ["regress", "tag"])
def test_an_ensemble_streams_with_the_bits_of_the_whole(task):
    fitted = FITS[task]()
    stream = fitted.stream()
    x = INPUTS[task][1]
    for t, step in enumerate(x):
        if t == 1:
            stream = fitted.stream(stream.state())
        got = stream.step(step)
        want = fitted.model_.predict_proba([x[: t + 1]])[0][-1] if task == "tag" else None
        want = fitted.predict_quantiles([x[: t + 1]])[0] if want is None else want
        np.testing.assert_array_equal(got, want)


def test_every_network_begins_with_the_pretrained_one():
    reader = LanguageModel(level="word", hidden_size=6, embedding_size=5, tied=False, epochs=1).fit(TEXTS)
    fitted = SequenceClassifier(epochs=1, ensemble_size=2, bag=False).fit(TEXTS, VERDICTS, pretrained=reader)
    for k in range(2):  # which has not thawed in the first epoch
        np.testing.assert_array_equal(
            fitted.model_.tensors[f"networks.{k}.encoder.weight_hh_l0"],
            reader.model_.tensors["encoder.weight_hh_l0"],
        )


@pytest.mark.parametrize("function", [trace, memory, attribution, gradients, given])
def test_what_can_not_be_looked_into_as_a_whole(function):
    model = FITS["regress"]().model_
    one = given(first_network(model)[0], SERIES)
    with pytest.raises(InputError) as error:
        function(model, SERIES if function is given else one)
    assert str(error.value) == (
        "model has 2 networks, each with gates of its own; give "
        "recurra.inspection.inside.first_network(model)[0]"
    )


def test_rounded_weights_can_not_be_looked_into():
    with pytest.raises(InputError) as error:
        inspect(recurra.quantize(FITS["regress"]().model_, "int8"), SERIES)
    assert str(error.value) == (
        "model has rounded weights, whose gates can't be seen; give it as it was loaded"
    )


def test_an_estimator_that_was_saved_before_there_were_ensembles(tmp_path):
    fitted = FITS["regress"]().set_params(ensemble_size=1).fit(SERIES, [0.0, 1.0] * 15)
    card = fitted.artifact_.card
    settings = {name: value for name, value in card["settings"].items() if name != "ensemble_size"}
    old = dataclasses.replace(fitted.artifact_, card={**card, "settings": settings})
    artifact.save(old, tmp_path / "old.safetensors")
    loaded = SequenceRegressor.load(tmp_path / "old.safetensors")
    assert loaded.get_params() == fitted.get_params()


@pytest.mark.parametrize("size", [0, -1, 1.5, "3", None, True])
def test_sizes_that_are_none(size):
    with pytest.raises(InputError) as error:
        SequenceClassifier(ensemble_size=size).fit(TEXTS, VERDICTS)
    assert str(error.value) == f"ensemble_size must be a whole number of at least 1, got {size!r}"


def test_more_networks_than_the_machine_can_train(monkeypatch):
    with pytest.raises(InputError) as error:
        SequenceClassifier(ensemble_size=1001).fit(TEXTS, VERDICTS)
    assert str(error.value) == "ensemble_size must be at most 1000, got 1001"
    monkeypatch.setattr("os.sysconf", {"SC_PHYS_PAGES": 2**20, "SC_PAGE_SIZE": 4096}.get)
    SequenceClassifier(hidden_size=800, epochs=1, bag=False).fit(TEXTS[:4], VERDICTS[:4])
    with pytest.raises(InputError) as error:
        SequenceClassifier(hidden_size=800, ensemble_size=200).fit(TEXTS, VERDICTS)
    assert str(error.value) == (
        "hidden_size 800 with num_layers 1, embedding_size 100 and ensemble_size 200 makes 1,154,720,000 "
        "weights, which take 21 GiB to train, but this machine has 4; give a smaller ensemble_size, "
        "hidden_size, num_layers or embedding_size"
    )
