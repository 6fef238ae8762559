"""Networks that answer together: the mean of what each gives alone, whole and step by step."""

import copy

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.runtime import (
    Bag,
    Crf,
    Embedding,
    Ensemble,
    Linear,
    Network,
    NetworkStream,
    Pool,
    Recurrent,
    Words,
    network_spec,
)
from recurra.runtime.network_parts import Tied

K = 3


def recurrent(input_size=3, **options):
    return Recurrent("encoder", Stack(cell("gru", input_size=input_size, hidden_size=5), **options))


HEAD = Linear("head", 5, 4)
CHARACTERS = Stack(cell("lstm", input_size=4, hidden_size=3), bidirectional=True)
CHAINS = {
    "every step": ([recurrent(num_layers=2), HEAD], [Crf("crf", 4)], None),
    "both ways": ([recurrent(bidirectional=True), Pool("mean_max"), Linear("head", 20, 4)], [], None),
    "embedding": ([Embedding("e", 6, 3), recurrent(), Pool("max"), HEAD], [Bag("bag", 6, 5, 4)], (6,)),
    "words": ([Words("words", 6, 2, 7, 0, 0, CHARACTERS), recurrent(8), HEAD], [], (6, 7, 7)),
}


def made(name, rng):
    """The ensemble, and each of its networks with what stands after it."""
    layers, after, _ = CHAINS[name]
    parts = [Ensemble("networks", K, tuple(layers)), *after]
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}
    if "bag.pairs" in tensors:
        tensors["bag.pairs"] = np.array([[1, 1], [1, 2], [2, 1], [4, 5], [5, 3]], np.float32)
    own = [
        {
            name.removeprefix(f"networks.{k}."): tensors[name]
            for name in tensors
            if name.startswith(f"networks.{k}.")
        }
        for k in range(K)
    ]
    alone = [Network(network_spec(layers), each) for each in own]
    return Network(network_spec(parts), tensors), alone, tensors


def inputs(name, rng, N, T):
    highest = CHAINS[name][2]
    if highest is None:
        return rng.normal(size=(N, T, 3)).astype(np.float32)
    columns = np.stack([rng.integers(0, top, (N, T)) for top in highest], axis=2)
    return columns if len(highest) > 1 else columns[:, :, 0]


@pytest.mark.parametrize("name", CHAINS)
def test_it_answers_by_the_mean(name):
    rng = np.random.default_rng(1)
    ensemble, alone, tensors = made(name, rng)
    x, lengths = inputs(name, rng, 4, 9), np.array([9, 1, 0, 4])
    got = ensemble(x, lengths, threads=2)
    want = np.mean([network(x, lengths).astype(np.float64) for network in alone], axis=0)
    if name == "embedding":
        for row, ids in zip(want, [set(own[:length].tolist()) - {0} for own, length in zip(x, lengths)]):
            row += tensors["bag.weight"][sorted(ids)].sum(0)
        for row, own, length in zip(want, x, lengths):
            found = {(a, b) for a, b in zip(own[: length - 1].tolist(), own[1:length].tolist())}
            known = [6 + i for i, pair in enumerate(tensors["bag.pairs"].tolist()) if tuple(pair) in found]
            row += tensors["bag.weight"][known].sum(0)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    assert (ensemble.pools, ensemble.output_size) == (alone[0].pools, 4)
    for row, length, own in zip(x, lengths, got):
        one = ensemble(row[None, :length])[0]
        np.testing.assert_array_equal(one, own if ensemble.pools else own[:length])


@pytest.mark.parametrize("name", [name for name in CHAINS if name != "both ways"])
def test_steps_have_the_bits_of_the_whole_and_go_on_from_a_state(name):
    rng = np.random.default_rng(2)
    ensemble, _, _ = made(name, rng)
    x = inputs(name, rng, 1, 7)
    stream = NetworkStream(ensemble)
    for t, step in enumerate(x[0]):
        if t == 3:
            state = stream.state()
            stream = NetworkStream(ensemble, state)
            assert all(key.startswith(("networks.0.", "networks.1.", "networks.2.", "bag")) for key in state)
        got = stream.step(step)
        whole = ensemble(x[:, : t + 1])[0]
        np.testing.assert_array_equal(got, whole if ensemble.pools else whole[-1])
    stream.reset()
    np.testing.assert_array_equal(stream.run(x[0])[-1], got)


def test_an_ensemble_both_ways_has_no_stream():
    ensemble, _, _ = made("both ways", np.random.default_rng(0))
    with pytest.raises(InputError) as error:
        NetworkStream(ensemble)
    assert str(error.value) == (
        "a stream needs layers in one direction, but 'encoder' is bidirectional; give it whole sequences"
    )


@pytest.mark.parametrize("weights", ["int8", "bfloat16"])
def test_rounded_weights(weights):
    rng = np.random.default_rng(3)
    ensemble, alone, _ = made("every step", rng)
    x = inputs("every step", rng, 2, 6)
    rounded, each = ensemble.quantized(weights), [network.quantized(weights) for network in alone]
    want = np.mean([network(x).astype(np.float64) for network in each], axis=0)
    np.testing.assert_allclose(rounded(x), want, rtol=1e-5, atol=1e-6)
    assert ensemble.quantization_error is None
    assert rounded.quantization_error == max(network.quantization_error or 0 for network in each) > 0


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "the layers of 'networks' must begin with a recurrent layer, an embedding or words"),
        ([HEAD], "the layers of 'networks' must begin with a recurrent layer, an embedding or words"),
        (
            [Embedding("e", 6, 3), recurrent(), Pool("max"), Bag("bag", 6, 5, 5)],
            "'networks' must not have bag within its networks",
        ),
        ([recurrent(), Crf("crf", 5)], "'networks' must not have crf within its networks"),
        (
            [Ensemble("inner", 2, (recurrent(),))],
            "'networks' must not have ensemble within its networks",
        ),
        ([recurrent(), Linear("head", 6, 2)], "'head' takes 6 inputs, but the part before it gives 5"),
        (
            [Embedding("e", 6, 3), Tied("head", 4, 6, "e")],
            "'head' is tied to 'e', which must be an embedding of 6 symbols of size 4 at the beginning of "
            "the network",
        ),
    ],
)
def test_layers_that_do_not_go_together(layers, message):
    with pytest.raises(InputError) as error:
        Ensemble("networks", 2, tuple(layers))
    assert str(error.value) == message


def ensemble_in(spec):
    return spec["layers"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda spec: ensemble_in(spec).update(count=10**12),
            "'networks' has 1000000000000 networks of 10 tensors each, with only 33 tensors",
        ),
        (
            lambda spec: ensemble_in(spec).update(count=4),
            "'networks' has 4 networks of 10 tensors each, with only 33 tensors",
        ),
        (
            lambda spec: ensemble_in(spec).update(count=2),
            "tensor 'networks.2.encoder.bias_hh_l0' belongs to no layer",
        ),
        (
            lambda spec: spec["layers"][1].update(name="head"),
            "tensor 'head.transitions' is missing",
        ),
        (
            lambda spec: spec["layers"].insert(1, HEAD.to_dict() | {"in_features": 4}),
            "spec.layers must have different names, got 'head.bias' twice",
        ),
        (
            lambda spec: ensemble_in(spec).update(count=0),
            "spec.layers[0].count must be a whole number of at least 1, got 0",
        ),
        (
            lambda spec: ensemble_in(spec).update(layers="all"),
            "spec.layers[0].layers must be a list of dicts, got 'all'",
        ),
        (lambda spec: ensemble_in(spec).pop("name"), "spec.layers[0] must have name, got only count, layers"),
        (
            lambda spec: ensemble_in(spec)["layers"][0].update(num_layers=10**9),
            "spec.layers[0].layers[0].num_layers is 1000000000, with only 33 tensors",
        ),
        (
            lambda spec: ensemble_in(spec).update(layers=[copy.deepcopy(ensemble_in(spec))]),
            "spec.layers[0].layers[0] must not be an ensemble within another",
        ),
        (
            lambda spec: spec.update(layers=[*spec["layers"][1:], ensemble_in(spec)]),
            "spec.layers must begin with a recurrent layer, an embedding or words",
        ),
        (
            lambda spec: spec["layers"].insert(1, ensemble_in(spec)),
            "spec.layers must not have ensemble after another layer",
        ),
    ],
)
def test_a_specification_that_does_not_fit(change, message):
    _, _, tensors = made("every step", np.random.default_rng(0))
    layers, after, _ = CHAINS["every step"]
    spec = copy.deepcopy(network_spec([Ensemble("networks", K, tuple(layers)), *after]))
    assert Network(spec, tensors).output_size == 4
    change(spec)
    with pytest.raises(InputError) as error:
        Network(spec, tensors)
    assert str(error.value) == message
