"""Words in PyTorch: padding, gradients, dropout of words, and wrong use."""

import numpy as np
import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError
from recurra.runtime.network_parts.spelling import affix_keys

LENGTHS = [3, 0, 2]
IDS = torch.tensor(
    [
        [[1, 0, 2, -1], [9, 9, 9, 9], [4, 5, -1, -1]],
        [[3, 6, 6, 6], [9, 9, 9, 9], [1, 0, 2, -1]],
        [[0, -1, -1, -1], [9, 9, 9, 9], [9, 9, -5, 9]],
    ]
)


WHOLE = affix_keys(np.array([[0, 2]]))[0]
LAST = affix_keys(np.array([[5]]))[0, 3]
KEYS = np.unique([*WHOLE[WHOLE >= 0], LAST])
EXTRA = KEYS.tolist().index(LAST)


def known():
    """The affixes of the word 0 2 and the suffix 5, which is 3 in lower case."""
    torch.manual_seed(1)
    return nn.Affixes(KEYS, [0, 1, 2, 5, 4, 5, 6], 5)


def make(**options):
    torch.manual_seed(0)
    return nn.Words(6, 2, 7, 4, 3, **options)


def test_shape_and_equal_words():
    words = make()
    got = words(IDS, LENGTHS)
    assert got.shape == (3, 3, 8)
    assert words.embedding_dim == 8
    assert torch.equal(got[0, 0], got[1, 2])
    assert torch.equal(got[1, 0, :2], words.word.weight[3])
    assert not got[2, 0, 2:].any()
    assert not got[:, 1].any()
    assert not got[2, 2].any()


def test_spelling_is_the_last_state_of_both_directions():
    words = make()
    output, (h_n, _) = words.encoder(words.character(torch.tensor([0, 2]))[:, None])
    torch.testing.assert_close(words(IDS, LENGTHS)[0, 0, 2:], h_n.flatten())
    torch.testing.assert_close(h_n.flatten(), torch.cat([output[1, 0, :3], output[0, 0, 3:]]))


def test_batch_first():
    ids = IDS.transpose(0, 1)
    assert torch.equal(make(batch_first=True)(ids, LENGTHS).transpose(0, 1), make()(IDS, LENGTHS))


@pytest.mark.parametrize("affix", [None, known()])
def test_gradients_reach_every_parameter(affix):
    words = make(affix=affix).double()
    names = list(dict(words.named_parameters()))

    def run(*parameters):
        return torch.func.functional_call(words, dict(zip(names, parameters)), (IDS, LENGTHS))

    parameters = [parameter.detach().requires_grad_() for parameter in words.parameters()]
    assert torch.autograd.gradcheck(run, parameters)


def test_word_dropout_leaves_the_spelling():
    words = make(word_dropout=1.0)
    got, quiet = words(IDS, LENGTHS), words.eval()(IDS, LENGTHS)
    assert torch.equal(got[0, 0, :2], words.word.weight[0])
    assert not torch.equal(got[0, 0], quiet[0, 0])
    assert torch.equal(got[..., 2:], quiet[..., 2:])


def test_word_dropout_leaves_the_affixes():
    words = make(affix=known(), word_dropout=1.0)
    got, quiet = words(IDS, LENGTHS), words.eval()(IDS, LENGTHS)
    assert torch.equal(got[..., 2:], quiet[..., 2:])
    assert got[..., 2:7].any()


def test_affixes_are_learnt_and_their_keys_are_not():
    words = make(affix=known())
    words(IDS, LENGTHS).sum().backward()
    assert words.affix.weight.grad.any()
    assert {"affix.keys", "affix.fold"} < words.state_dict().keys()
    assert not {"affix.keys", "affix.fold"} & dict(words.named_parameters()).keys()


def test_the_sum_over_affixes():
    affix = known()
    got = affix(torch.tensor([[0, 2, -1], [4, 3, -1], [-1, -1, -1]]))
    # Of the first word all prefixes and suffixes are known, of the second its last letter in lower case.
    torch.testing.assert_close(got[0], affix.weight.sum(0) - affix.weight[EXTRA])
    torch.testing.assert_close(got[1], affix.weight[EXTRA])
    assert not got[2].any()


def test_no_characters_and_no_words():
    words = make(affix=known())
    bare = nn.Words(6, 2, 7)
    assert bare.embedding_dim == 2
    assert torch.equal(bare(IDS, LENGTHS)[1, 0], bare.word.weight[3])
    got = words(torch.tensor([[[2]]]))
    assert torch.equal(got[0, 0, :2], words.word.weight[2])
    assert not got[0, 0, 2:].any()
    assert words(torch.zeros(0, 2, 3, dtype=torch.int64)).shape == (0, 2, 13)
    assert not words(IDS, [0, 0, 0]).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make()(IDS[0]), "ids must have shape (T, N, 1 + C), got (3, 4)"),
        (lambda: make(batch_first=True)(IDS[0]), "ids must have shape (N, T, 1 + C), got (3, 4)"),
        (
            lambda: make()(IDS, [3, 0, 4]),
            "lengths must lie between 0 and the 3 steps given, got 4 in row 2",
        ),
        (lambda: nn.Words(0, 2, 7, 4, 3), "words must be a whole number of at least 1, got 0"),
        (lambda: nn.Words(6, 2, 0), "characters must be a whole number of at least 1, got 0"),
        (lambda: nn.Words(6, 2, 7, -1, 3), "character_size must be a whole number of at least 1, got -1"),
        (lambda: make(word_dropout=2), "p must be a number between 0 and 1, got 2"),
    ],
)
def test_wrong_use(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message


def test_the_same_gradients_each_time():
    """Of so many words that PyTorch would sum the gradient of an indexed table in any order."""
    rng = np.random.default_rng(0)
    spellings = rng.integers(0, 30, (60, 8))
    keys = np.unique(affix_keys(spellings))
    words = nn.Words(5, 8, 30, 12, 40, affix=nn.Affixes(keys, np.arange(30), 40))
    ids = np.concatenate([np.ones((4000, 1), int), spellings[rng.integers(0, 60, 4000)]], axis=1)
    x, weights = torch.from_numpy(ids).view(40, 100, 9), torch.randn(40, 100, words.embedding_dim)
    parameters = list(words.parameters())
    first, *others = (torch.autograd.grad((words(x) * weights).sum(), parameters) for _ in range(20))
    assert all(torch.equal(a, b) for other in others for a, b in zip(first, other))
