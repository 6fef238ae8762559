"""The network of language models in training, against its equations and against the runtime."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from recurra.runtime import Network, network_spec
from recurra.tasks.language_network import LanguageNetwork, LanguageSettings, language_loss

SETTINGS = LanguageSettings(
    embedding_size=5,
    cell="lstm",
    hidden_size=5,
    num_layers=1,
    tied=False,
    input_dropout=0.0,
    dropout=0.0,
    embedding_dropout=0.0,
    weight_dropout=0.0,
    activation_penalty=0.0,
    change_penalty=0.0,
)
SYMBOLS, LENGTHS = 11, torch.tensor([7, 4, 1])
FIRST = torch.ones(3, dtype=torch.bool)


def network_of(*, keys=False, seed=0, vectors=None, **changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    sizes = {"symbols": None, "keys": 6} if keys else {"symbols": SYMBOLS, "keys": 0}
    network = LanguageNetwork(settings, **sizes, seed=seed, vectors=vectors)
    torch.manual_seed(1)
    for parameter in network.parameters():  # biases, too, are to count
        if vectors is None:
            torch.nn.init.normal_(parameter, std=0.5)
    return network


def batch(*, keys=False):
    """Inputs and targets (3, 7, …), zero past the lengths."""
    torch.manual_seed(2)
    live = torch.arange(7) < LENGTHS[:, None]
    if keys:
        x, targets = torch.rand(2, 3, 7, 6).lt(0.3).float()
        return x * live[..., None], targets * live[..., None]
    x, targets = torch.randint(1, SYMBOLS, (2, 3, 7))
    return x * live, targets * live


def loss_of(network, x, targets, *, states=None, first=FIRST):
    states = network.states(3) if states is None else states
    return language_loss(network, states, x, targets, LENGTHS, first)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["tied", "free", "keys"])
def test_the_runtime_s_network_is_that_of_training(cell, layers, kind):
    """In evaluation: whatever is dropped or penalised in training is not."""
    keys = kind == "keys"
    regularised = {
        "input_dropout": 0.5,
        "dropout": 0.5,
        "embedding_dropout": 0.5 * (not keys),
        "weight_dropout": 0.5,
        "activation_penalty": 3.0,
        "change_penalty": 3.0,
    }
    network = network_of(keys=keys, cell=cell, num_layers=layers, tied=kind == "tied", **regularised).eval()
    runtime = Network(network_spec(network.parts()), network.tensors())
    x, targets = batch(keys=keys)
    with torch.no_grad():
        output, dropped, _ = network(x, LENGTHS, network.states(3))
        logits = network.head(output)
        loss, count, _ = loss_of(network, x, targets)
    assert torch.equal(output, dropped)
    got = runtime(x.numpy(), LENGTHS.numpy())
    total = 0.0
    for n, length in enumerate(LENGTHS):
        np.testing.assert_allclose(got[n, :length], logits[:length, n], rtol=0, atol=2e-6)
        said = torch.from_numpy(got[n, :length].copy())
        if keys:
            total += binary_cross_entropy_with_logits(said, targets[n, :length], reduction="sum")
        else:
            total += cross_entropy(said, targets[n, :length], reduction="sum")
    assert int(count) == 12
    torch.testing.assert_close(loss, torch.as_tensor(total), rtol=1e-5, atol=0)


@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("activation", "change"), [(2.0, 0.0), (0.0, 1.5), (2.0, 1.5)])
def test_the_penalties_of_training_by_hand(keys, tied, activation, change):
    if keys and tied:
        return
    penalised = {"activation_penalty": activation, "change_penalty": change, "tied": tied}
    network = network_of(keys=keys, dropout=0.4, **penalised).train()
    x, targets = batch(keys=keys)
    torch.manual_seed(3)
    loss, count, _ = loss_of(network, x, targets)
    free = network_of(keys=keys, dropout=0.4, tied=tied).train()
    torch.manual_seed(3)
    plain, plain_count, _ = loss_of(free, x, targets)
    torch.manual_seed(3)
    output, dropped, _ = network(x, LENGTHS, network.states(3))
    squares = torch.cat([dropped[:length, n].flatten() for n, length in enumerate(LENGTHS)]) ** 2
    changes = [output[1:length, n] - output[: length - 1, n] for n, length in enumerate(LENGTHS)]
    changed = torch.cat([own.flatten() for own in changes]) ** 2
    assert int(count) == int(plain_count) == 12
    wanted = plain + 12 * (activation * squares.mean() + change * changed.mean())
    torch.testing.assert_close(loss, wanted, rtol=1e-5, atol=0)
    assert len(squares) == 12 * 5
    assert len(changed) == 9 * 5
    network.eval()
    unpenalised, _, _ = loss_of(network, x, targets)
    other, _, _ = loss_of(network_of(keys=keys, tied=tied).eval(), x, targets)
    assert torch.equal(unpenalised, other)


def test_a_stretch_of_one_step_has_no_change_to_penalise():
    network = network_of(change_penalty=5.0).train()
    x, targets = batch()
    one = torch.ones(3, dtype=torch.int64)
    loss, count, _ = language_loss(network, network.states(3), x[:, :1], targets[:, :1], one, FIRST)
    plain = language_loss(network_of().train(), network.states(3), x[:, :1], targets[:, :1], one, FIRST)[0]
    assert int(count) == 3
    assert torch.equal(loss, plain)


def entering(network, x):
    """What each layer reads and the head, in training."""
    seen = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, args: seen.append(args[0])) for layer in network.layers
    ]
    torch.manual_seed(4)
    _, dropped, _ = network.train()(x, LENGTHS, network.states(3))
    for hook in hooks:
        hook.remove()
    return [*seen, dropped]


def test_dropout_takes_the_same_columns_at_every_step():
    network = network_of(num_layers=2, input_dropout=0.5, dropout=0.5, embedding_size=40, hidden_size=40)
    x = torch.randint(1, SYMBOLS, (3, 7))
    torch.manual_seed(4)
    for t, kind in zip(entering(network, x), ("embedding", "between", "head"), strict=True):
        gone = [t[:length, n].eq(0).all(0) for n, length in enumerate(LENGTHS)]
        for n, length in enumerate(LENGTHS):
            assert torch.equal(t[:length, n].eq(0).any(0), gone[n]), kind
        assert 8 < sum(int(own.sum()) for own in gone) / 3 < 32, kind
        assert not torch.equal(gone[0], gone[1])  # each row has its own


def test_what_enters_is_dropped_by_a_rate_of_its_own():
    network = network_of(keys=True, input_dropout=0.1, dropout=0.5, hidden_size=4)
    torch.manual_seed(5)
    entered = network.train().entry(torch.ones(1, 2000, 6))
    assert entered.eq(0).float().mean() == pytest.approx(0.1, abs=0.02)
    assert entered.unique().tolist() == pytest.approx([0, 1 / 0.9])
    assert network.dropout.p == 0.5


def test_embedding_dropout_takes_whole_symbols_wherever_they_stand():
    network = network_of(embedding_dropout=0.5).train()
    x = torch.arange(SYMBOLS).repeat(3, 2)[:, :20]
    torch.manual_seed(6)
    network.embedding.weight.data += 10
    entered = network.symbols(network.embedding, x)
    gone = entered.eq(0).all(-1)
    for symbol in range(SYMBOLS):
        assert len(gone[x == symbol].unique()) == 1
    assert 0 < gone.float().mean() < 1
    kept = entered[~gone]
    torch.testing.assert_close(kept, 2 * network.embedding(x)[~gone])


def test_weight_dropout_takes_recurrent_weights_of_every_layer():
    network = network_of(num_layers=2, weight_dropout=0.5)
    assert [layer.weight_dropout for layer in network.layers] == [0.5, 0.5]


def test_a_tied_head_has_the_table_of_the_embedding():
    network = network_of(tied=True)
    assert network.head.weight is network.embedding.weight
    assert sorted(network.tensors()) == [
        "embedding.weight",
        "encoder.bias_hh_l0",
        "encoder.bias_ih_l0",
        "encoder.weight_hh_l0",
        "encoder.weight_ih_l0",
        "head.bias",
    ]
    assert "head.weight" in network_of().tensors()
    adam = torch.optim.Adam(network.parameters(), lr=0.1)
    before = network.embedding.weight.detach().clone()
    x, targets = batch()
    loss_of(network, x, targets)[0].backward()
    adam.step()
    assert network.head.weight is network.embedding.weight
    assert not torch.equal(network.embedding.weight, before)
    assert network.tensors()["embedding.weight"].tolist() == network.head.weight.tolist()


def test_states_are_carried_where_a_row_goes_on_and_zero_where_it_begins():
    network = network_of(num_layers=2).eval()
    x, targets = batch()
    whole = network.states(1)
    long = torch.tensor([7])
    first = torch.ones(1, dtype=torch.bool)
    with torch.no_grad():
        wanted, _, _ = language_loss(network, whole, x[:1], targets[:1], long, first)
        cut = torch.tensor([3]), torch.tensor([4])
        some, _, states = language_loss(network, whole, x[:1, :3], targets[:1, :3], cut[0], first)
        rest, _, _ = language_loss(network, states, x[:1, 3:], targets[:1, 3:], cut[1], ~first)
        other, _, _ = language_loss(network, states, x[:1, 3:], targets[:1, 3:], cut[1], first)
    torch.testing.assert_close(some + rest, wanted, rtol=1e-6, atol=0)
    assert abs(float(some + other - wanted)) > 1e-3
    assert not any(state.requires_grad for state in states.values())


def test_states_of_rows_that_are_over_are_left_as_they_were():
    network = network_of().eval()
    x, targets = batch()
    states = {name: torch.full_like(state, 0.25) for name, state in network.states(5).items()}
    _, _, after = language_loss(network, states, x, targets, LENGTHS, FIRST)
    for name, state in after.items():
        assert state.shape == states[name].shape
        assert torch.equal(state[:, 3:], states[name][:, 3:])
        assert not torch.equal(state[:, :3], states[name][:, :3])


def test_the_table_begins_with_vectors_where_there_are_some():
    vectors = np.full((SYMBOLS, 5), np.nan, np.float32)
    vectors[3], vectors[7] = 5, [1, 2, 3, 4, 5]
    network = network_of(vectors=vectors)
    table = network.embedding.weight.detach()
    assert table[3].tolist() == [5] * 5
    assert table[7].tolist() == [1, 2, 3, 4, 5]
    others = torch.cat([table[:3], table[4:7], table[8:]])
    assert others.isfinite().all()
    assert 1 < others.abs().max() < 5  # normal, as PyTorch begins
    assert len(others.unique()) == others.numel()
    tied = network_of(vectors=vectors, tied=True)
    assert tied.head.weight[7].tolist() == [1, 2, 3, 4, 5]


def test_a_seed_gives_the_same_weights_and_leaves_the_random_state_as_it_was():
    def weights(seed):
        return [
            p.detach() for p in LanguageNetwork(SETTINGS, symbols=SYMBOLS, keys=0, seed=seed).parameters()
        ]

    torch.manual_seed(9)
    state = torch.get_rng_state()
    one, same, other = weights(1), weights(1), weights(2)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_layers_of_one_seed_begin_with_different_weights():
    network = LanguageNetwork(dataclasses.replace(SETTINGS, num_layers=2), symbols=SYMBOLS, keys=0, seed=0)
    assert not torch.equal(network.layers[0].weight_hh_l0, network.layers[1].weight_hh_l0)
