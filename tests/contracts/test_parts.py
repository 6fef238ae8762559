"""Every part of a network at work against its module in training: same tensors by name, same results."""

import numpy as np
import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.decoding import allowed, viterbi
from recurra.runtime import (
    AttentionPool,
    Autoregression,
    Bag,
    Crf,
    Embedding,
    Ensemble,
    Linear,
    Network,
    Pool,
    Recurrent,
    Words,
    network_spec,
)
from recurra.runtime.network_parts import PARTS, POOLS, Tied
from recurra.runtime.network_parts.spelling import affix_keys

T, LENGTHS = 9, [9, 0, 4, 1, 7]
N = len(LENGTHS)
ENTRY = Embedding("entry", 11, 6)
"""What parts that take numbers stand behind."""


def rows(output):
    return output


def steps(output):
    """(N, T, ·), without what lies past the lengths."""
    output = output.transpose(0, 1).clone()
    for row, length in enumerate(LENGTHS):
        output[row, length:] = 0
    return output


CHARACTERS = Stack(cell("lstm", input_size=4, hidden_size=3), bidirectional=True)

# Of what begins and ends with one of six characters; the seventh is the sixth in upper case.
KEYS = np.unique(affix_keys(np.arange(6)[:, None]))[1:]
FOLD = np.array([0, 1, 2, 3, 4, 5, 5])

# The part, its module, how the module is called on x (T, N, 6) or ids, and what of its output counts.
CASES = {
    **{
        f"recurrent {name}{' both ways' * both}": (
            Recurrent("part", Stack(cell(name, input_size=6, hidden_size=5), 2, both)),
            kind(6, 5, 2, bidirectional=both),
            lambda module, x: module(x, lengths=LENGTHS)[0],
            steps,
        )
        for name, kind in {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}.items()
        for both in (False, True)
    },
    **{f"pool {how}": (Pool(how), nn.Pool(how), lambda module, x: module(x, LENGTHS), rows) for how in POOLS},
    "attention_pool": (
        AttentionPool("part", 6, 4),
        nn.AttentionPool(6, 4),
        lambda module, x: module(x, LENGTHS),
        rows,
    ),
    "linear": (Linear("part", 6, 4), torch.nn.Linear(6, 4), lambda module, x: module(x), steps),
    "embedding": (
        Embedding("part", 11, 6),
        torch.nn.Embedding(11, 6),
        lambda module, ids: module(ids[..., 0]),
        steps,
    ),
    "words": (
        Words("part", 11, 6, 7, 0, 0, CHARACTERS),
        nn.Words(11, 6, 7, 4, 3),
        lambda module, ids: module(ids, LENGTHS),
        steps,
    ),
    "words with affixes": (
        Words("part", 11, 6, 7, len(KEYS), 5, CHARACTERS),
        nn.Words(11, 6, 7, 4, 3, affix=nn.Affixes(KEYS, FOLD, 5)),
        lambda module, ids: module(ids, LENGTHS),
        steps,
    ),
    "words with affixes alone": (
        Words("part", 11, 6, 7, len(KEYS), 5, None),
        nn.Words(11, 6, 7, affix=nn.Affixes(KEYS, FOLD, 5)),
        lambda module, ids: module(ids, LENGTHS),
        steps,
    ),
    "crf": (Crf("part", 6), nn.CRF(6), lambda module, x: x, steps),
    "ensemble": (
        Ensemble("part", 3, (Embedding("entry", 11, 6), Linear("head", 6, 4))),
        torch.nn.ModuleList(
            torch.nn.ModuleDict({"entry": torch.nn.Embedding(11, 6), "head": torch.nn.Linear(6, 4)})
            for _ in range(3)
        ),
        lambda module, ids: sum(own["head"](own["entry"](ids[..., 0])) for own in module) / 3,
        steps,
    ),
}


def tensors_of(prefix, module):
    return {f"{prefix}.{name}": tensor.numpy().copy() for name, tensor in module.state_dict().items()}


@pytest.fixture
def ids():
    """(T, N, 1 + 5), words and their characters."""
    rng = np.random.default_rng(0)
    found = np.full((T, N, 6), -1)
    found[..., 0] = rng.integers(0, 11, (T, N))
    for word in found.reshape(-1, 6):
        size = rng.integers(0, 6)
        word[1 : 1 + size] = rng.integers(0, 7, size)
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_same_result(name, ids):
    part, module, run, counts = CASES[name]
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    entry = torch.nn.Embedding(11, 6)
    x = torch.from_numpy(ids)
    with torch.no_grad():
        want = counts(run(module, x if part.takes_ids else entry(x[..., 0])))

    parts = [part] if part.takes_ids else [ENTRY, part]
    tensors = tensors_of("part", module) if part.shapes() else {}
    assert {name: array.shape for name, array in tensors.items()} == part.shapes()
    tensors |= {} if part.takes_ids else tensors_of("entry", entry)
    network = Network(network_spec(parts), tensors)
    batch = ids.swapaxes(0, 1) if isinstance(part, Words) else ids[..., 0].T
    got = torch.from_numpy(np.ascontiguousarray(network(batch, np.array(LENGTHS))))
    torch.testing.assert_close(got if network.pools else counts(got.transpose(0, 1)), want, rtol=0, atol=3e-6)


def test_every_part_has_a_case():
    own = {case[0].type for case in CASES.values()}
    # An autoregression's module is a linear one: tests/tasks. A bag's has no parameters: below, with tied.
    assert own == set(PARTS) - {Autoregression.type, Bag.type, Tied.type}


def test_a_head_that_is_tied_has_the_embedding_s_table():
    rng = np.random.default_rng(1)
    parts = [Embedding("entry", 11, 6), Tied("part", 6, 11, "entry")]
    tensors = {"entry.weight": rng.normal(size=(11, 6)), "part.bias": rng.normal(size=11)}
    tensors = {name: array.astype(np.float32) for name, array in tensors.items()}
    network, x = Network(network_spec(parts), tensors), rng.integers(0, 11, (3, 5))
    table, bias = torch.from_numpy(tensors["entry.weight"]), torch.from_numpy(tensors["part.bias"])
    want = torch.nn.functional.linear(table[torch.from_numpy(x)], table, bias)
    torch.testing.assert_close(torch.from_numpy(network(x)), want, rtol=0, atol=3e-6)


@pytest.mark.parametrize("tied", [Tied("part", 6, 11, "exit"), Tied("part", 6, 12, "entry")])
def test_a_head_that_is_tied_to_nothing(tied):
    tensors = {"entry.weight": np.zeros((11, 6), np.float32), "part.bias": np.zeros(11, np.float32)}
    with pytest.raises(InputError) as error:
        Network(network_spec([ENTRY, tied]), tensors)
    assert str(error.value) == (
        f"'part' is tied to {tied.embedding!r}, which must be an embedding of {tied.out_features} symbols of "
        "size 6 at the beginning of the network"
    )


@pytest.mark.parametrize("pairs", [[[1, 1], [1, 2], [2, 1], [4, 5], [5, 3]], np.empty((0, 2))])
@pytest.mark.parametrize("with_characters", [False, True])
def test_a_bag_has_the_same_result(pairs, with_characters, ids):
    ids = ids % 6
    rng = np.random.default_rng(0)
    tensors = {
        "bag.weight": rng.normal(size=(6 + len(pairs), 3)).astype(np.float32),
        "bag.pairs": np.asarray(pairs, np.float32),
    }
    bag = nn.Bag(*map(torch.from_numpy, tensors.values()))
    assert bag.part("bag") == Bag("bag", 6, len(pairs), 3)
    first = Words("words", 6, 3, 7, 0, 0, None) if with_characters else Embedding("words", 6, 3)
    tensors |= {name: np.zeros(shape, np.float32) for name, shape in first.shapes().items()}
    network = Network(network_spec([first, Pool(), bag.part("bag")]), tensors)
    batch = np.ascontiguousarray(ids.swapaxes(0, 1) if with_characters else ids[..., 0].T)
    got = bag(torch.from_numpy(batch), LENGTHS)
    np.testing.assert_allclose(network(batch, np.array(LENGTHS)), got, atol=3e-6)
    assert got.abs().sum(1).gt(0).tolist() == [length > 0 for length in LENGTHS]


@pytest.mark.parametrize("rules", [None, allowed(["O", "B-X", "I-X", "B-Y", "I-Y"], "BIO")])
def test_what_viterbi_finds_has_the_smallest_loss(rules):
    torch.manual_seed(0)
    crf = nn.CRF(5, rules)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    recurrent = nn.GRU(3, 5)
    parts = [Recurrent("encoder", recurrent.stack), Crf("crf", 5)]
    network = Network(network_spec(parts), tensors_of("encoder", recurrent) | tensors_of("crf", crf))
    x = torch.randn(T, N, 3)
    with torch.no_grad():
        emissions = recurrent(x, lengths=LENGTHS)[0]
        outputs = network(np.ascontiguousarray(x.transpose(0, 1)), LENGTHS)
        best = viterbi(outputs.swapaxes(0, 1), LENGTHS, *network.crf)
        smallest = crf(emissions, LENGTHS, torch.from_numpy(best.T.copy()))
        for row, length in enumerate(LENGTHS):
            for t in range(length):
                for tag in range(5):
                    other = best.T.copy()
                    other[t, row] = tag
                    loss = crf(emissions, LENGTHS, torch.from_numpy(other))
                    assert loss[row] >= smallest[row] - 1e-5
