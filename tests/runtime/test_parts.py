"""Each part against what it says it computes, and one result: alone, in a batch, padded, with threads."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import kernels
from recurra.cells import Stack, cell
from recurra.runtime import (
    AttentionPool,
    Bag,
    Crf,
    Embedding,
    Linear,
    Network,
    Pool,
    Recurrent,
    Words,
    network_spec,
)
from recurra.runtime.network_parts.spelling import affix_keys

LSTM = Recurrent("encoder", Stack(cell("lstm", input_size=3, hidden_size=5)))
BOTH = Recurrent("encoder", Stack(cell("gru", input_size=3, hidden_size=5), bidirectional=True))
CHARACTERS = Stack(cell("lstm", input_size=4, hidden_size=3), bidirectional=True)
WORDS = Words("words", 6, 2, 7, 0, 0, CHARACTERS)
SPELT = Words("words", 6, 2, 7, 9, 3, None)
BAG = Bag("bag", 6, 5, 5)


def network_of(*parts, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}
    return Network(network_spec(parts), tensors | known(tensors)), tensors | known(tensors)


def known(tensors):
    """What of the tensors can't be any numbers: keys of affixes, characters, and pairs of words."""
    own = {"bag.pairs": PAIRS, "words.affix.keys": KEYS, "words.affix.fold": FOLD}
    return {name: np.array(array, np.float32) for name, array in own.items() if name in tensors}


FOLD = [0, 1, 2, 1, 2, 5, 6]
"""Characters 3 and 4 are 1 and 2 in upper case."""
PAIRS = [[1, 1], [1, 2], [2, 1], [4, 5], [5, 3]]


def affixes(word):
    """The keys of the prefixes up to 3 and the suffixes up to 4, by Python's own whole numbers."""
    word = [FOLD[character] for character in word if character >= 0]
    keys = []
    for kind, letters in enumerate([word[:3], word[::-1][:4]]):
        value = fnv(0x811C9DC5, kind)
        for letter in letters:
            value = fnv(value, letter + 2)
            keys.append(value >> 24 ^ value % 2**24)
    return keys


def fnv(value, number):
    return (value ^ number) * 0x01000193 % 2**32


# Of two words, but for the last of them, which is not known.
KEYS = sorted({*affixes([0, 3]), *affixes([6, 6, 1, 0])})[:9]


def numbers(rng, T):
    return rng.normal(size=(T, 3)).astype(np.float32)


def ids(rng, T):
    return rng.integers(0, 9, T)


def words(rng, T, longest=4):
    own = np.full((T, 1 + longest), -1)
    own[:, 0] = rng.integers(0, 6, T)
    for row in own:
        size = rng.integers(0, longest + 1)
        row[1 : 1 + size] = rng.integers(0, 7, size)
    return own


NETWORKS = {
    "last": ([LSTM, Pool("last"), Linear("head", 5, 2)], numbers),
    "ends": ([BOTH, Pool("ends")], numbers),
    "mean": ([BOTH, Pool("mean"), Linear("head", 10, 2)], numbers),
    "max": ([BOTH, Pool("max")], numbers),
    "mean and max": ([BOTH, Pool("mean_max"), Linear("head", 20, 2)], numbers),
    "attention": ([BOTH, AttentionPool("attention", 10, 6), Linear("head", 10, 2)], numbers),
    "pool after linear": ([BOTH, Linear("head", 10, 2), Pool("mean")], numbers),
    "embedding": ([Embedding("embedding", 9, 3), LSTM, Pool("mean")], ids),
    "embedding alone": ([Embedding("embedding", 9, 3), Pool("mean")], ids),
    "words": ([WORDS, Recurrent("encoder", Stack(cell("gru", input_size=8, hidden_size=5)))], words),
    "affixes": ([SPELT, Pool("mean")], words),
    "affixes and characters": ([dataclasses.replace(WORDS, affixes=9, affix_size=3), Pool("max")], words),
    "bag of words": ([SPELT, Pool("mean"), BAG], words),
    "bag of ids": ([Embedding("embedding", 6, 5), Pool("max"), BAG], lambda rng, T: rng.integers(0, 6, T)),
    "crf": ([LSTM, Linear("head", 5, 4), Crf("crf", 4)], numbers),
}


def junk(like):
    return np.full_like(like, np.nan if like.dtype == np.float32 else 99)


def assert_same_bits(got, want):
    assert got.dtype == want.dtype == np.float32
    assert got.shape == want.shape
    np.testing.assert_array_equal(got.view(np.int32), want.view(np.int32))


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 20), min_size=1, max_size=9),
    padding=st.integers(0, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_one_result(name, lengths, padding, seed):
    """What lies past a row's end is NaN, or ids that do not exist."""
    network, draw = _made(name)[0], NETWORKS[name][1]
    rng = np.random.default_rng(seed)
    rows = [draw(rng, length) for length in lengths]
    T = max(lengths) + padding
    x = np.stack([np.concatenate([row, junk(draw(rng, T - len(row)))]) for row in rows])
    together = network(x, np.array(lengths))
    assert_same_bits(network(x, np.array(lengths), threads=2), together)
    for row, length, got in zip(rows, lengths, together):
        alone = network(row[None])[0]
        assert_same_bits(got if network.pools else got[:length], alone)


_networks = {}


def _made(name):
    if name not in _networks:
        _networks[name] = network_of(*NETWORKS[name][0])
    return _networks[name]


def test_embedding_and_zero_past_the_length():
    network, tensors = network_of(Embedding("embedding", 9, 3))
    got = network(np.array([[4, 8, -7], [0, 1, 2]]), [2, 3])
    table = tensors["embedding.weight"]
    np.testing.assert_array_equal(got[1], table[:3])
    np.testing.assert_array_equal(got[0], [table[4], table[8], np.zeros(3)])


LENGTHS = np.array([7, 0, 3])


def steps(bidirectional=True):
    rng = np.random.default_rng(4)
    recurrent = BOTH if bidirectional else LSTM
    sequence, tensors = network_of(recurrent)
    x = rng.normal(size=(3, 7, 3)).astype(np.float32)
    return recurrent, tensors, x, sequence(x, LENGTHS)


def pooled(how, x, recurrent, tensors):
    return Network(network_spec([recurrent, Pool(how)]), tensors)(x, LENGTHS)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("last", lambda h: h[-1]),
        ("ends", lambda h: np.concatenate([h[-1, :5], h[0, 5:]])),
        ("mean", lambda h: h.mean(0)),
        ("max", lambda h: h.max(0)),
        ("mean_max", lambda h: np.concatenate([h.mean(0), h.max(0)])),
    ],
)
def test_pools(how, expected):
    recurrent, tensors, x, h = steps()
    got = pooled(how, x, recurrent, tensors)
    for row, length in enumerate(LENGTHS):
        want = expected(h[row, :length].astype(np.float64)) if length else np.zeros(got.shape[1])
        np.testing.assert_allclose(got[row], want, atol=1e-6)


def test_ends_are_the_final_states_of_both_directions():
    recurrent, tensors, x, _ = steps()
    own = {name.removeprefix("encoder."): array for name, array in tensors.items()}
    _, states = kernels.PackedStack(recurrent.stack, own).forward(x.swapaxes(0, 1), lengths=LENGTHS)
    expected = np.concatenate([states["h"][0], states["h"][1]], axis=1)
    assert_same_bits(pooled("ends", x, recurrent, tensors), expected)


@pytest.mark.parametrize("spread", [1.0, 300.0])
def test_attention_pool(spread):
    """With scores so far apart that exponentials of them would overflow, too."""
    pool = AttentionPool("pool", 10, 6)
    network, tensors = network_of(BOTH, pool)
    tensors["pool.score.weight"] *= spread
    network = Network(network_spec([BOTH, pool]), tensors)
    own = {name: array for name, array in tensors.items() if name.startswith("encoder")}
    x = np.random.default_rng(4).normal(size=(3, 7, 3)).astype(np.float32)
    h = Network(network_spec([BOTH]), own)(x, LENGTHS).astype(np.float64)
    got = network(x, LENGTHS)
    assert not got[1].any()
    for row in (0, 2):
        values = h[row, : LENGTHS[row]]
        keys = np.tanh(values @ tensors["pool.key.weight"].T + tensors["pool.key.bias"])
        scores = keys @ tensors["pool.score.weight"][0]
        weights = np.exp(scores - scores.max())
        np.testing.assert_allclose(got[row], weights @ values / weights.sum(), atol=1e-6 * max(1, spread))


def test_words():
    network, tensors = network_of(WORDS)
    x = np.array([[[2, 3, 0, -1], [5, 6, 6, 1], [0, -1, -1, -1], [2, 3, 0, -1]]])
    got = network(x)[0]
    own = {
        name.removeprefix("words.encoder."): array.astype(np.float64)
        for name, array in tensors.items()
        if name.startswith("words.encoder.")
    }
    for word, vector in zip(x[0], got):
        characters = tensors["words.character.weight"].astype(np.float64)[word[1:][word[1:] >= 0]]
        states = CHARACTERS.zero_state(1, np.float64)
        if len(characters):
            _, states, _ = CHARACTERS.forward(own, characters[:, None], states)
        expected = [tensors["words.word.weight"][word[0]], states["h"][0, 0], states["h"][1, 0]]
        np.testing.assert_allclose(vector, np.concatenate(expected), atol=1e-6)
    assert_same_bits(got[0], got[3])


def test_words_without_a_character():
    network, tensors = network_of(WORDS)
    got = network(np.array([[[2], [5]]]))[0]
    np.testing.assert_array_equal(got[:, :2], tensors["words.word.weight"][[2, 5]])
    assert not got[:, 2:].any()
    assert network(np.zeros((2, 0, 3), np.int64)).shape == (2, 0, 8)
    assert network(np.zeros((0, 4, 3), np.int64)).shape == (0, 4, 8)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 6), max_size=9), min_size=1, max_size=5),
    st.integers(0, 3),
)
def test_keys_of_affixes(spellings, padding):
    width = max(map(len, spellings)) + padding
    rows = [[*word, *[-1] * (width - len(word))] for word in spellings]
    characters = np.array(rows, np.int64).reshape(len(rows), width)
    got = affix_keys(np.where(characters < 0, -1, np.array(FOLD)[characters]))
    assert got.shape == (len(spellings), 7)
    for word, keys in zip(spellings, got):
        assert keys[keys >= 0].tolist() == affixes(word)


def test_keys_stay_whole_numbers_for_any_id():
    keys = affix_keys(np.array([[2**31, 2**31 - 1, 5]]))
    value = fnv(fnv(0x811C9DC5, 0), 2**31 + 2)
    assert keys[0, 0] == value >> 24 ^ value % 2**24
    assert ((keys >= -1) & (keys < 2**24)).all()


def test_affixes():
    network, tensors = network_of(SPELT)
    x = np.array([[[2, 0, 3, -1, -1], [2, 0, 1, -1, -1], [5, 6, 6, 1, 0], [0, -1, -1, -1, -1]]])
    got = network(x)[0]
    seen = []
    for word, vector in zip(x[0], got):
        own = [KEYS.index(key) for key in affixes(word[1:]) if key in KEYS]
        seen.append(len(own))
        np.testing.assert_array_equal(vector[:2], tensors["words.word.weight"][word[0]])
        np.testing.assert_allclose(vector[2:], tensors["words.affix.weight"][own].sum(axis=0), atol=1e-6)
    assert seen[0] == seen[1] > 1
    assert 1 < seen[2] < 7
    assert seen[3] == 0
    assert_same_bits(got[0], got[1])
    assert not network(np.array([[[2], [5]]]))[0, :, 2:].any()


def test_bag():
    parts = [Embedding("embedding", 6, 5), Pool("last")]
    network, tensors = network_of(*parts, BAG)
    plain = Network(network_spec(parts), {"embedding.weight": tensors["embedding.weight"]})
    x = np.array([[1, 2, 0, 2, 1, 2], [4, 5, 3, 3, 4, 0], [0, 0, 0, 0, 0, 0], [1, 0, 2, 9, 9, 9]])
    lengths = [6, 5, 4, 3]
    weight = tensors["bag.weight"].astype(np.float64)
    own = [[1, 2, 6 + 1, 6 + 2], [4, 5, 3, 6 + 3, 6 + 4], [], [1, 2]]
    expected = [weight[rows].sum(axis=0) for rows in own]
    np.testing.assert_allclose(network(x, lengths) - plain(x, lengths), expected, atol=1e-6)


def test_a_crf_passes_emissions_on_and_shows_its_scores():
    parts = [LSTM, Linear("head", 5, 4)]
    network, tensors = network_of(*parts, Crf("crf", 4))
    x = np.random.default_rng(4).normal(size=(3, 7, 3)).astype(np.float32)
    without = {name: array for name, array in tensors.items() if not name.startswith("crf")}
    plain = Network(network_spec(parts), without)
    assert_same_bits(network(x), plain(x))
    assert plain.crf is None
    for name, scores in network.crf._asdict().items():
        np.testing.assert_array_equal(scores, tensors[f"crf.{name}"])
        tensors[f"crf.{name}"][:] = 0
        assert scores.any()


@pytest.mark.parametrize("name", NETWORKS)
def test_input_size_output_size_and_pools(name):
    network, draw = _made(name)[0], NETWORKS[name][1]
    assert network.input_size == (3 if draw is numbers else None)
    x = draw(np.random.default_rng(0), 4)[None]
    shape = (1, network.output_size) if network.pools else (1, 4, network.output_size)
    assert network(x).shape == shape


def test_specifications_are_plain():
    assert network_spec([Embedding("a", 9, 3), AttentionPool("b", 3, 4), Crf("c", 2), WORDS])["layers"] == [
        {"type": "embedding", "name": "a", "count": 9, "size": 3},
        {"type": "attention_pool", "name": "b", "size": 3, "attention_size": 4},
        {"type": "crf", "name": "c", "tags": 2},
        {
            "type": "words",
            "name": "words",
            "words": 6,
            "word_size": 2,
            "characters": 7,
            "affixes": 0,
            "affix_size": 0,
            "character_stack": {
                "cell": "lstm",
                "input_size": 4,
                "hidden_size": 3,
                "bias": True,
                "num_layers": 1,
                "bidirectional": True,
            },
        },
    ]


@pytest.mark.parametrize("function", ["exp", "tanh"])
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), start=st.integers(0, 40), size=st.integers(1, 80))
def test_elementwise_functions_give_the_same_bits_anywhere(function, seed, start, size):
    """Whatever the vector width: exponentials of NumPy, and the kernels' own tanh."""
    run = np.exp if function == "exp" else lambda x: kernels.activations(x)[1]
    x = np.random.default_rng(seed).normal(0, 8, 200).astype(np.float32)
    assert_same_bits(run(x[start : start + size]), run(x)[start : start + size])
    assert_same_bits(run(x[start : start + 1]), run(x)[start : start + 1])
