"""The network of sequence to sequence in training, against its equations and against the runtime."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
import torch

from recurra.runtime.encoder_decoder import EncoderDecoder
from recurra.tasks.seq2seq_examples import PairExamples
from recurra.tasks.seq2seq_network import NOTHING, Seq2SeqNetwork, Seq2SeqSettings, seq2seq_loss

SETTINGS = Seq2SeqSettings(
    embedding_size=4,
    cell="gru",
    hidden_size=6,
    num_layers=1,
    bidirectional=True,
    attention="additive",
    input_feeding=True,
    tied=False,
    dropout=0.0,
    label_smoothing=0.0,
    teacher_forcing=1.0,
)
READS = {"ids": 7, "shared ids": 8, "vectors": None}
"""What sources are of, and how many symbols that is."""
SYMBOLS, COLUMNS, BOUNDARY = 9, 3, 8
LENGTHS, TARGET_LENGTHS = (5, 1, 8, 3), (2, 0, 3, 6)


def network_of(reads: str = "ids", *, steps: int = 10, **changes: Any) -> Seq2SeqNetwork:
    """In float64, with random weights, biases among them, that float32 holds, too."""
    network = Seq2SeqNetwork(
        dataclasses.replace(SETTINGS, **changes),
        source=READS[reads],
        source_size=READS[reads] or COLUMNS,
        symbols=SYMBOLS,
        shared=reads == "shared ids",
        steps=steps,
        seed=0,
    )
    generator = torch.Generator().manual_seed(1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=generator)
    return network.double()


def pairs_of(reads: str = "ids") -> PairExamples:
    rng = np.random.default_rng(2)
    symbols = READS[reads]
    if symbols is None:
        sources = [rng.normal(size=(length, COLUMNS)) for length in LENGTHS]
    else:
        sources = [rng.integers(symbols, size=length) for length in LENGTHS]
    return PairExamples(sources, [rng.integers(1, BOUNDARY, length) for length in TARGET_LENGTHS], BOUNDARY)


def loss_of(network: Seq2SeqNetwork, pairs: PairExamples, rows: list[int]) -> torch.Tensor:
    loss, count = seq2seq_loss(network, *pairs[torch.tensor(rows)])
    assert int(count) == sum(TARGET_LENGTHS[row] + 1 for row in rows)
    return loss.detach()


def log_probabilities(network: Seq2SeqNetwork, pairs: PairExamples, row: int) -> torch.Tensor:
    """(T + 1, V) of a pair by itself, from the boundary on."""
    source, lengths, tokens, _ = pairs[torch.tensor([row])]
    logits = network(source.transpose(0, 1), tokens.transpose(0, 1), lengths)[:, 0]
    return (logits - logits.exp().sum(1, keepdim=True).log()).detach()


def wanted(pairs: PairExamples, row: int) -> list[int]:
    return [*pairs.targets[row].tolist(), BOUNDARY]


@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("attention", ["additive", "general", "dot", "none"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_runtime_s_network_is_that_of_training(cell, attention, reads):
    """In evaluation: what is dropped, smoothed or guessed in training is not."""
    pairs = pairs_of(reads)
    training = {"dropout": 0.5, "label_smoothing": 0.3, "teacher_forcing": 0.0}
    for layers, both, tied, feeding in itertools.product((1, 2), *[(False, True)] * 3):
        if feeding and attention == "none":
            continue
        sizes = {"num_layers": layers, "bidirectional": both, "tied": tied, "input_feeding": feeding}
        network = network_of(reads, cell=cell, attention=attention, **sizes, **training).eval()
        tensors = {name: array.astype(np.float32) for name, array in network.tensors().items()}
        model = EncoderDecoder(network.spec(), tensors)
        total = 0.0
        for row in range(len(pairs)):
            source = pairs.sources[row].astype(np.float32 if reads == "vectors" else np.int64)
            state, said = model.initial_state([source]), []
            for token in [BOUNDARY, *pairs.targets[row]]:
                scores, state = model.step(np.array([token]), state)
                said.append(scores[0])
            own = np.stack(said)
            np.testing.assert_allclose(own, log_probabilities(network, pairs, row), rtol=0, atol=2e-5)
            total -= own[np.arange(len(own)), wanted(pairs, row)].sum()
        assert loss_of(network, pairs, [0, 1, 2, 3]).item() == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("reads", READS)
def test_a_table_that_is_shared_or_tied_is_one(reads, tied):
    network = network_of(reads, tied=tied)
    table = network.decoder.embedding.weight
    assert (network.decoder.output.weight is table) == tied
    own = network.encoder.embedding
    assert (own is network.decoder.embedding) == (reads == "shared ids")
    assert ("decoder.output.weight" in network.tensors()) == (not tied)
    assert ("encoder.embedding.weight" in network.tensors()) == (reads == "ids")
    spec = network.spec()
    assert (spec["shared"], spec["decoder"]["tied"]) == (reads == "shared ids", tied)
    count = {"ids": 7, "shared ids": 8, "vectors": None}[reads]
    assert spec["encoder"]["embedding"] == (None if count is None else {"count": count, "size": 4})
    before = table.detach().clone()
    loss, _ = seq2seq_loss(network, *pairs_of(reads)[torch.arange(4)])
    loss.backward()
    torch.optim.SGD(network.parameters(), lr=0.1).step()
    assert not torch.equal(table, before)
    if tied:
        assert torch.equal(network.decoder.output.weight, table)


@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("attention", ["additive", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_by_hand(reads, attention, smoothing):
    """(1 − ε) of the target's own −log p and ε of the mean over all symbols, see Szegedy et al. (2016)."""
    network = network_of(
        reads, label_smoothing=smoothing, attention=attention, input_feeding=attention != "none"
    )
    pairs, total, plain = pairs_of(reads), 0.0, 0.0
    for row in range(len(pairs)):
        p = log_probabilities(network, pairs, row)
        for step, target in zip(p, wanted(pairs, row), strict=True):
            plain -= float(step[target])
            total -= (1 - smoothing) * float(step[target]) + smoothing * float(step.mean())
    assert loss_of(network.train(), pairs, [0, 1, 2, 3]).item() == pytest.approx(total, rel=1e-12)
    assert loss_of(network.eval(), pairs, [0, 1, 2, 3]).item() == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("attention", ["additive", "general", "dot", "none"])
def test_the_loss_of_a_pair_does_not_depend_on_the_others(reads, attention):
    network = network_of(reads, attention=attention, input_feeding=attention != "none", label_smoothing=0.1)
    pairs = pairs_of(reads)
    apart = [loss_of(network, pairs, [row]) for row in range(4)]
    for rows in ([0, 1, 2, 3], [3, 1], [2, 0, 2]):
        together = sum(apart[row] for row in rows)
        torch.testing.assert_close(loss_of(network, pairs, rows), together, rtol=1e-12, atol=0)


def test_what_stands_past_an_end_changes_no_loss():
    network, pairs = network_of(), pairs_of()
    source, lengths, tokens, targets = pairs[torch.arange(4)]
    loss, _ = seq2seq_loss(network, source, lengths, tokens, targets)
    source = source.where(torch.arange(source.shape[1]) < lengths[:, None], torch.tensor(3))
    tokens = tokens.where(targets != NOTHING, torch.tensor(5))
    other, _ = seq2seq_loss(network, source, lengths, tokens, targets)
    assert torch.equal(loss, other)


def truths(network: Seq2SeqNetwork, count: int) -> list[float]:
    """The probabilities of feeding the truth in that many batches."""
    found, plain = [], network.decoder.sample_inputs

    def noted(tokens: torch.Tensor, state: Any, truth: float) -> torch.Tensor:
        found.append(truth)
        return plain(tokens, state, truth)

    network.decoder.sample_inputs = noted  # pyright: ignore
    for _ in range(count):
        seq2seq_loss(network, *pairs_of()[torch.arange(4)])
    network.decoder.sample_inputs = plain  # pyright: ignore
    return found


def test_the_truth_is_fed_less_and_less_often_and_always_in_evaluation():
    network = network_of(teacher_forcing=0.5, steps=4)
    assert truths(network.train(), 2) == [1.0, 0.875]
    assert truths(network.eval(), 3) == [1.0, 1.0, 1.0]
    assert truths(network.train(), 5) == [0.75, 0.625, 0.5, 0.5, 0.5]
    again = network_of(teacher_forcing=0.5, steps=4)
    again.load_state_dict(network.state_dict())
    assert truths(again.train(), 1) == [0.5]
    assert truths(network_of(teacher_forcing=1.0).train(), 2) == [1.0, 1.0]
    assert truths(network_of(teacher_forcing=0.0, steps=2).train(), 4) == [1.0, 0.5, 0.0, 0.0]


def test_own_guesses_change_the_loss_that_the_truth_has():
    guessing, plain = network_of(teacher_forcing=0.0, steps=1), network_of()
    first, second = (
        [loss_of(network.train(), pairs_of(), [2, 3]).item() for _ in range(2)]
        for network in (guessing, plain)
    )
    assert first[0] == second[0] == second[1]  # at the first step it is all the truth
    assert first[1] != first[0]


@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_dropout_is_of_what_enters_and_of_what_comes_out(reads, name):
    network = network_of(reads, dropout=0.5, num_layers=2)
    assert network.encoder.layer.dropout == network.decoder.layer.dropout == 0.5
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    dropout = getattr(network, name).dropout
    dropout.register_forward_hook(lambda _, entered, left: seen.append((entered[0], left)))
    torch.manual_seed(3)
    loss_of(network.train(), pairs_of(reads), [0, 1, 2, 3])
    assert len(seen) == {"encoder": 1, "decoder": 2}[name]
    for entered, left in seen:
        kept = left.ne(0)
        assert 0.3 < kept[entered != 0].double().mean() < 0.7
        torch.testing.assert_close(left[kept], 2 * entered[kept])
    seen.clear()
    loss_of(network.eval(), pairs_of(reads), [0, 1, 2, 3])
    assert all(torch.equal(entered, left) for entered, left in seen)


def test_a_single_layer_has_nothing_between():
    network = network_of(dropout=0.5)
    assert network.encoder.layer.dropout == network.decoder.layer.dropout == 0.0


def test_a_seed_gives_the_same_weights_and_leaves_the_random_state_as_it_was():
    def weights(seed: int) -> list[torch.Tensor]:
        network = Seq2SeqNetwork(
            dataclasses.replace(SETTINGS, num_layers=2),
            source=7,
            source_size=7,
            symbols=SYMBOLS,
            shared=False,
            steps=1,
            seed=seed,
        )
        return [parameter.detach() for parameter in network.parameters()]

    torch.manual_seed(9)
    state = torch.get_rng_state()
    one, same, other = weights(1), weights(1), weights(2)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_encoder_and_decoder_begin_with_weights_of_their_own():
    network = Seq2SeqNetwork(
        dataclasses.replace(SETTINGS, bidirectional=False),
        source=7,
        source_size=7,
        symbols=SYMBOLS,
        shared=False,
        steps=1,
        seed=0,
    )
    assert not torch.equal(network.encoder.layer.weight_hh_l0, network.decoder.layer.weight_hh_l0)


@pytest.mark.parametrize("reads", READS)
def test_a_batch_of_pairs(reads):
    pairs = pairs_of(reads)
    assert len(pairs) == 4
    assert pairs.lengths.tolist() == [7, 1, 11, 9]
    source, lengths, tokens, targets = pairs[torch.tensor([3, 0, 1])]
    assert source.shape == ((3, 5) if reads != "vectors" else (3, 5, COLUMNS))
    assert lengths.tolist() == [3, 5, 1]
    for row, at in enumerate([3, 0, 1]):
        np.testing.assert_array_equal(source[row, : lengths[row]], pairs.sources[at])
        own, count = pairs.targets[at].tolist(), TARGET_LENGTHS[at]
        assert tokens[row, : count + 1].tolist() == [BOUNDARY, *own]
        assert targets[row].tolist() == [*own, BOUNDARY, *[NOTHING] * (6 - count)]
    assert tokens.shape == targets.shape == (3, 7)
    assert tokens.dtype == targets.dtype == torch.int64
    assert tokens.min() >= 0


def test_a_batch_of_empty_targets_is_of_ends():
    _, _, tokens, targets = pairs_of()[torch.tensor([1, 1])]
    assert tokens.tolist() == targets.tolist() == [[BOUNDARY], [BOUNDARY]]
