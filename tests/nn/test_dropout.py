"""Dropout of columns, of rows of a table and of words: what is dropped together, and how much."""

import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("batch_first", [False, True])
def test_variational_dropout_has_one_mask_for_all_steps(batch_first):
    x = torch.ones(5, 4, 300)
    got = nn.VariationalDropout(0.25, batch_first=batch_first)(x)
    got = got.transpose(0, 1) if batch_first else got
    assert torch.equal(got, got[:1].expand_as(got))
    assert not torch.equal(got[0, 0], got[0, 1])
    torch.testing.assert_close(got.unique(), torch.tensor([0, 1 / 0.75]))
    assert 0.2 < (got[0] == 0).float().mean() < 0.3


def test_variational_dropout_passes_gradients_of_what_stays():
    x = torch.ones(5, 4, 30, requires_grad=True)
    output = nn.VariationalDropout(0.5)(x)
    output.sum().backward()
    assert torch.equal(x.grad, output)


def test_embedding_dropout_drops_a_symbol_wherever_it_stands():
    table = torch.nn.Embedding(400, 3)
    ids = torch.arange(400).repeat(2, 1)
    got = nn.EmbeddingDropout(0.25)(table, ids)
    assert torch.equal(got[0], got[1])
    gone = (got[0] == 0).all(1)
    assert 0.2 < gone.float().mean() < 0.3
    torch.testing.assert_close(got[0][~gone], table.weight[~gone] / 0.75)


def test_word_dropout():
    ids = torch.arange(1, 2001).reshape(20, 100)
    got = nn.WordDropout(0.25, unknown=0)(ids)
    gone = got == 0
    assert 0.2 < gone.float().mean() < 0.3
    assert torch.equal(got[~gone], ids[~gone])


@pytest.mark.parametrize("training", [False, True])
def test_nothing_is_dropped_at_inference_or_with_probability_zero(training):
    p = 0.0 if training else 0.9
    x, ids, table = torch.randn(5, 4, 3), torch.arange(10), torch.nn.Embedding(10, 3)
    assert nn.VariationalDropout(p).train(training)(x) is x
    assert torch.equal(nn.EmbeddingDropout(p).train(training)(table, ids), table(ids))
    assert nn.WordDropout(p).train(training)(ids) is ids


def test_with_probability_one_all_is_dropped():
    assert not nn.VariationalDropout(1.0)(torch.ones(2, 3, 4)).any()
    assert not nn.EmbeddingDropout(1.0)(torch.nn.Embedding(3, 2), torch.arange(3)).any()
    assert nn.WordDropout(1.0, unknown=7)(torch.arange(3)).tolist() == [7, 7, 7]


def test_descriptions():
    assert repr(nn.VariationalDropout(0.25)) == "VariationalDropout(p=0.25)"
    assert repr(nn.EmbeddingDropout(0.25)) == "EmbeddingDropout(p=0.25)"
    assert repr(nn.WordDropout(0.25)) == "WordDropout(p=0.25, unknown=0)"


@pytest.mark.parametrize("kind", [nn.VariationalDropout, nn.EmbeddingDropout, nn.WordDropout])
def test_wrong_probability(kind):
    with pytest.raises(InputError) as error:
        kind(1.5)
    assert str(error.value) == "p must be a number between 0 and 1, got 1.5"


def test_rare_symbols_become_unknown_more_often():
    torch.manual_seed(0)
    counts = torch.tensor([0, 1, 3, 1000])
    dropout = nn.WordDropout(0.5, counts=counts)
    ids = torch.arange(4).repeat(20_000, 1)
    gone = (dropout(ids) == 0).double().mean(0)
    expected = 0.5 / (0.5 + counts.double())
    assert torch.allclose(gone[1:], expected[1:], atol=0.02)
    assert not dropout.eval()(ids).eq(0)[:, 1:].any()
    assert not dropout.state_dict()
