"""Streams of a network: the bits of the whole sequence, cut and restored anywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.runtime import (
    AttentionPool,
    Autoregression,
    Bag,
    Crf,
    Embedding,
    Linear,
    Network,
    NetworkStream,
    Pool,
    Recurrent,
    Words,
    network_spec,
)


def recurrent(name, kind="gru", input_size=3, **options):
    return Recurrent(name, Stack(cell(kind, input_size=input_size, hidden_size=5), **options))


def network_of(*parts):
    rng = np.random.default_rng(0)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}
    if "bag.pairs" in tensors:
        tensors["bag.pairs"] = np.array([[1, 1], [1, 2], [2, 1], [4, 5], [5, 3]], np.float32)
    return Network(network_spec(parts), tensors)


CHARACTERS = Stack(cell("lstm", input_size=4, hidden_size=3), bidirectional=True)
HEAD = Linear("head", 5, 2)
NETWORKS = {
    "every step": [recurrent("a"), recurrent("b", "lstm", 5, num_layers=2), HEAD, Crf("crf", 2)],
    "last": [recurrent("a", "lstm"), Pool("last"), HEAD],
    "mean": [recurrent("a", "rnn"), Pool("mean"), HEAD],
    "max": [recurrent("a"), Pool("max"), HEAD],
    "mean and max": [recurrent("a"), Pool("mean_max"), Linear("head", 10, 2)],
    "attention": [recurrent("a"), AttentionPool("attention", 5, 4), HEAD],
    "embedding": [Embedding("e", 9, 3), recurrent("a"), Pool("mean"), HEAD],
    "words": [Words("words", 6, 2, 7, 0, 0, CHARACTERS), recurrent("a", input_size=8), HEAD],
    "autoregression": [recurrent("a"), Pool(), Linear("head", 5, 2), Autoregression("bypass", 3, 2, 1)],
    "bag": [Words("words", 6, 3, 7, 0, 0, None), recurrent("a"), Pool("max"), HEAD, Bag("bag", 6, 5, 2)],
    "bag of ids": [Embedding("e", 9, 3), recurrent("a"), Pool("max"), HEAD, Bag("bag", 9, 5, 2)],
}
NETWORKS = {name: network_of(*parts) for name, parts in NETWORKS.items()}


def joined(network):
    """Whether the embedding and the layers after it go as one step."""
    return len(NetworkStream(network)._parts) < len(network.stepping())


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_steps_of_symbols_have_the_bits_of_the_whole_sequence(data):
    kind = data.draw(st.sampled_from(["lstm", "gru", "rnn", "min_gru", "zoneout", "peephole"]))
    options = {"zoneout": {"zoneout": 0.1}, "peephole": {"peephole": True}}.get(kind, {})
    sizes = {"input_size": data.draw(st.integers(1, 20)), "hidden_size": data.draw(st.integers(1, 70))}
    layers, V = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 120))
    stack = Stack(cell("lstm" if options else kind, **sizes, **options), layers)
    network = network_of(
        Embedding("e", V, sizes["input_size"]), Recurrent("r", stack), Linear("head", sizes["hidden_size"], V)
    )
    assert joined(network) == (kind in ("lstm", "gru", "rnn"))
    seed, T = data.draw(st.integers(0, 2**32 - 1)), data.draw(st.integers(1, 12))
    ids = np.random.default_rng(seed).integers(0, V, T)
    want = network(ids[None])[0]
    stream, cut = NetworkStream(network), data.draw(st.integers(0, T))
    for t in range(cut):
        assert_same_bits(stream.step(ids[t]), want[t])
    other = NetworkStream(network, stream.state())
    if cut < T:
        assert_same_bits(other.run(ids[cut:]), want[cut:])
    stream.reset()
    for t in range(T):
        assert_same_bits(stream.step(int(ids[t])), want[t])
    for name, array in other.state().items():
        np.testing.assert_array_equal(stream.state()[name], array, strict=True)


def test_what_a_layer_makes_of_symbols_is_made_by_the_first_step_for_all_streams(monkeypatch):
    made = []
    project = kernels.Projected.__init__
    monkeypatch.setattr(kernels.Projected, "__init__", lambda *given: made.append(1) or project(*given))
    network = network_of(Embedding("e", 9, 3), recurrent("a"), HEAD)
    one, other = NetworkStream(network), NetworkStream(network)
    one.run(np.array([1, 2]))
    assert not made
    for stream in (one, other, NetworkStream(network)):
        stream.step(3)
    assert len(made) == 1


def test_a_large_vocabulary_is_not_kept_multiplied():
    def network(V, H):
        stack = Stack(cell("lstm", input_size=1, hidden_size=H))
        return network_of(Embedding("e", V, 1), Recurrent("r", stack))

    assert joined(network(8192, 512))
    large = network(8193, 512)
    assert not joined(large)
    ids = np.array([0, 8192, 77])
    stream = NetworkStream(large)
    assert_same_bits(np.array([stream.step(place) for place in ids]), large(ids[None])[0])


def test_rounded_weights_step_as_before():
    network = network_of(Embedding("e", 9, 3), recurrent("a"), HEAD)
    NetworkStream(network).step(1)
    rounded = network.quantized("int8")
    assert not joined(rounded)
    ids = np.array([4, 8, 0])
    stream = NetworkStream(rounded)
    assert_same_bits(np.array([stream.step(place) for place in ids]), rounded(ids[None])[0])


def sequence(name, T, seed=1):
    rng = np.random.default_rng(seed)
    match name:
        case "embedding" | "bag of ids":
            return rng.integers(0, 9, T)
        case "words" | "bag":
            return np.concatenate([rng.integers(0, 6, (T, 1)), rng.integers(0, 7, (T, 3))], axis=1)
        case _:
            return rng.normal(size=(T, 3)).astype(np.float32)


def assert_same_bits(got, want):
    assert got.dtype == want.dtype == np.float32
    np.testing.assert_array_equal(got.view(np.int32), want.view(np.int32), strict=True)


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=20, deadline=None)
@given(T=st.integers(1, 25), seed=st.integers(0, 2**32 - 1))
def test_steps_have_the_bits_of_the_whole_sequence(name, T, seed):
    network, x = NETWORKS[name], sequence(name, T, seed)
    stream = NetworkStream(network)
    for t in range(T):
        got = stream.step(x[t])
        whole = network(x[None, : t + 1])[0]
        assert_same_bits(got, whole if network.pools else whole[-1])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_state_goes_on_in_another_stream(name):
    network, x = NETWORKS[name], sequence(name, 8)
    stream = NetworkStream(network)
    for step in x[:5]:
        stream.step(step)
    state = stream.state()
    kept = {key: array.copy() for key, array in state.items()}
    rest = [stream.step(step) for step in x[5:]]

    other = NetworkStream(network, state)
    for step, want in zip(x[5:], rest):
        assert_same_bits(other.step(step), want)
    for key, array in state.items():
        np.testing.assert_array_equal(array, kept[key])

    stream.reset()
    first = stream.step(x[0])
    assert_same_bits(first, NetworkStream(network).step(x[0]))
    stream.restore(kept)
    assert_same_bits(stream.step(x[5]), rest[0])


def test_the_state_by_name():
    shapes = {name: array.shape for name, array in NetworkStream(NETWORKS["every step"]).state().items()}
    assert shapes == {"a.h": (1, 5), "b.h": (2, 5), "b.c": (2, 5)}
    shapes = {name: array.shape for name, array in NetworkStream(NETWORKS["attention"]).state().items()}
    assert shapes == {"a.h": (1, 5), "pool.highest": (1,), "pool.weight": (1,), "pool.sum": (5,)}
    assert set(NetworkStream(NETWORKS["mean"]).state()) == {"a.h", "pool.sum", "pool.steps"}
    assert set(NetworkStream(NETWORKS["max"]).state()) == {"a.h", "pool.maximum"}
    bag = {"bag.seen", "bag.before", "bag.total"}
    assert set(NetworkStream(NETWORKS["bag"]).state()) == {"a.h", "pool.maximum", *bag}


def test_streams_of_one_network_do_not_meet():
    network, x = NETWORKS["mean"], sequence("mean", 4)
    one, other = NetworkStream(network), NetworkStream(network)
    alone = [NetworkStream(network).step(x[0]), other.step(x[0])]
    for step in x:
        one.step(step)
    assert_same_bits(*alone)
    assert_same_bits(other.step(x[1]), network(x[None, :2])[0])


def message_of(call):
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            [recurrent("a", bidirectional=True)],
            "a stream needs layers in one direction, but 'a' is bidirectional; give it whole sequences",
        ),
        (
            [recurrent("a"), Linear("head", 5, 4), Pool("ends")],
            "a stream needs layers in one direction, but how='ends' pools two; use how='last'",
        ),
    ],
)
def test_networks_that_need_what_comes_later(parts, message):
    assert message_of(lambda: NetworkStream(network_of(*parts))) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("pool.sum"), "state 'pool.sum' is missing, got a.h, pool.steps"),
        (lambda s: s.update(extra=np.zeros(1)), "state 'extra' belongs to no layer"),
        (
            lambda s: s.update({"a.h": np.zeros((1, 5))}),
            "state 'a.h' must be float32 (1, 5), got float64 (1, 5)",
        ),
        (
            lambda s: s.update({"pool.sum": np.zeros(4, np.float32)}),
            "state 'pool.sum' must be float32 (5,), got float32 (4,)",
        ),
        (lambda s: s.update({"pool.sum": 3}), "state 'pool.sum' must be float32 (5,), got int"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    stream = NetworkStream(NETWORKS["mean"])
    x = sequence("mean", 2)
    stream.step(x[0])
    state = stream.state()
    change(state)
    assert message_of(lambda: stream.restore(state)) == message
    assert message_of(lambda: NetworkStream(NETWORKS["mean"], state)) == message
    assert_same_bits(stream.step(x[1]), NETWORKS["mean"](x[None])[0])


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("last", np.zeros(4, np.float32), "x must have shape (3,), got (4,)"),
        ("embedding", 2**70, f"ids must lie between 0 and 8, got {2**70}"),
        ("embedding", 9, "ids must lie between 0 and 8, got 9"),
        ("embedding", -1, "ids must lie between 0 and 8, got -1"),
        ("embedding", 1.0, "x must be a whole number, the id of a step, got float"),
        ("embedding", [1], "x must be a whole number, the id of a step, got list"),
        ("words", np.zeros(3), "x must be int64 of shape (1 + C,), got float64 of shape (3,)"),
        ("words", np.zeros((1, 3), int), "x must be int64 of shape (1 + C,), got int64 of shape (1, 3)"),
        ("bag of ids", 9, "ids must lie between 0 and 8, got 9"),
        ("words", np.array([0, 8]), "character ids must lie between 0 and 6, got 8"),
    ],
)
def test_wrong_steps(name, x, message):
    assert message_of(lambda: NetworkStream(NETWORKS[name]).step(x)) == message
