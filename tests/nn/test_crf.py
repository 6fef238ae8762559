"""The CRF's loss against every sequence of tags, its gradient, and the rules that training obeys."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import nn
from recurra._base.errors import InputError
from recurra.decoding import Allowed, allowed, viterbi

TAGS = ["O", "B-X", "I-X", "B-Y", "I-Y"]


def make(K, *, seed=0, dtype=torch.float64, **options):
    torch.manual_seed(seed)
    crf = nn.CRF(K, **options).to(dtype)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf


def problem(T, N, K, *, dtype=torch.float64):
    return torch.randn(T, N, K, dtype=dtype), torch.randint(0, K, (T, N))


def score(crf, emissions, tags):
    """Of one row, emissions (T, K)."""
    transitions, start, end = crf.scores()
    total = start[tags[0]] + end[tags[-1]] + sum(emissions[t, tag] for t, tag in enumerate(tags))
    return total + sum(transitions[a, b] for a, b in itertools.pairwise(tags))


def loss_by_brute_force(crf, emissions, tags):
    every = itertools.product(range(crf.tags), repeat=len(emissions))
    scores = torch.stack([score(crf, emissions, own) for own in every])
    return torch.logsumexp(scores, 0) - score(crf, emissions, tags)


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    K=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_against_every_sequence_of_tags(lengths, K, seed):
    """With its gradient, and whatever lies past a row's length."""
    crf, T = make(K, seed=seed), max(lengths) + 1
    emissions, tags = problem(T, len(lengths), K)
    for row, length in enumerate(lengths):
        emissions[length:, row], tags[length:, row] = torch.nan, -1
    emissions.requires_grad_()
    got = crf(emissions, lengths, tags)
    assert got.shape == (len(lengths),)
    want = torch.stack(
        [
            loss_by_brute_force(crf, emissions[:length, row], tags[:length, row])
            if length
            else emissions.new_zeros(())
            for row, length in enumerate(lengths)
        ]
    )
    torch.testing.assert_close(got, want)
    weights = torch.randn(len(lengths), dtype=torch.float64)
    inputs = [emissions, *crf.parameters()]
    if max(lengths):
        expected = torch.autograd.grad((want * weights).sum(), inputs, allow_unused=True)
        found = torch.autograd.grad((got * weights).sum(), inputs)
        for one, other in zip(found, expected):
            torch.testing.assert_close(one, torch.zeros_like(one) if other is None else other)


@pytest.mark.parametrize("rules", [None, allowed(TAGS, "BIO")])
def test_gradients(rules):
    crf = make(5, allowed=rules)
    emissions, tags = problem(4, 3, 5)
    tags[:] = tags % 2  # O and B-X, which may follow one another

    def run(emissions, *parameters):
        named = dict(zip(["transitions", "start", "end"], parameters))
        return torch.func.functional_call(crf, named, (emissions, [4, 0, 2], tags))

    inputs = [emissions.requires_grad_(), *(p.detach().requires_grad_() for p in crf.parameters())]
    assert torch.autograd.gradcheck(run, inputs)


def test_probabilities_of_all_sequences_sum_to_one():
    crf = make(3)
    emissions, _ = problem(4, 1, 3)
    every = torch.tensor(list(itertools.product(range(3), repeat=4))).T
    losses = crf(emissions.expand(4, every.size(1), 3), None, every)
    torch.testing.assert_close(torch.exp(-losses).sum(), torch.ones((), dtype=torch.float64))


def test_float32_is_as_exact_as_float32_can_be():
    """Also where the scores are so far apart that exponentials of them would overflow or vanish."""
    for spread in (1.0, 1000.0):
        crf = make(17)
        emissions, tags = problem(60, 8, 17)
        emissions = (emissions * spread).float().double()
        want = crf(emissions, None, tags)
        got = make(17).float()(emissions.float(), None, tags)
        assert got.dtype == torch.float32
        torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=1e-3 * spread)


def test_batch_first():
    emissions, tags = problem(4, 3, 5)
    want = make(5)(emissions, [4, 0, 2], tags)
    got = make(5, batch_first=True)(emissions.transpose(0, 1), [4, 0, 2], tags.T)
    assert torch.equal(got, want)


def test_training_never_makes_the_best_tags_less_likely():
    """A few steps of descent bring Viterbi to the tags that were asked for."""
    crf = make(4, dtype=torch.float32)
    emissions, tags = problem(6, 8, 4, dtype=torch.float32)
    emissions.requires_grad_()
    optimiser = torch.optim.Adam([emissions, *crf.parameters()], 0.1)
    for _ in range(100):
        optimiser.zero_grad()
        crf(emissions, None, tags).sum().backward()
        optimiser.step()
    state = [tensor.numpy() for tensor in crf.state_dict().values()]
    np.testing.assert_array_equal(viterbi(emissions.detach().numpy(), None, *state), tags.T.numpy())


def test_what_is_forbidden_stays_forbidden_in_training_and_in_the_state():
    rules = allowed(TAGS, "BIO")
    crf = nn.CRF(5, rules)
    emissions, _ = problem(6, 8, 5, dtype=torch.float32)
    tags = torch.ones(6, 8, dtype=torch.int64)
    optimiser = torch.optim.AdamW(crf.parameters(), 0.1, weight_decay=0.5)
    for _ in range(5):
        optimiser.zero_grad()
        crf(emissions, None, tags).sum().backward()
        optimiser.step()
    state = crf.state_dict()
    assert list(state) == ["transitions", "start", "end"]
    for name, mask in rules._asdict().items():
        values = state[name].numpy()
        assert (values[~mask] == -1e4).all()
        assert (np.abs(values[mask]) < 10).all()
    again = nn.CRF(5, rules)
    again.load_state_dict(state)
    assert torch.equal(again(emissions, None, tags), crf(emissions, None, tags))
    plain = nn.CRF(5)  # the rules are in the state
    plain.load_state_dict(state)
    assert torch.equal(plain(emissions, None, tags), crf(emissions, None, tags))


def test_forbidden_sequences_have_no_probability():
    rules = allowed(TAGS, "BIO")
    crf = make(5, allowed=rules)
    emissions, _ = problem(3, 1, 5)
    every = list(itertools.product(range(5), repeat=3))
    losses = crf(emissions.expand(3, len(every), 5), None, torch.tensor(every).T)
    may = [
        rules.start[own[0]] and all(rules.transitions[a, b] for a, b in itertools.pairwise(own))
        for own in every
    ]
    may = torch.tensor([bool(one) for one in may])
    torch.testing.assert_close(torch.exp(-losses[may]).sum(), torch.ones((), dtype=torch.float64))
    assert (losses[~may] > 9000).all()
    assert torch.isfinite(losses).all()


def test_no_steps_and_no_rows():
    crf = make(3)
    assert crf(torch.zeros(0, 2, 3), None, torch.zeros(0, 2, dtype=torch.int64)).tolist() == [0, 0]
    assert crf(torch.zeros(2, 0, 3), None, torch.zeros(2, 0, dtype=torch.int64)).shape == (0,)
    emissions, tags = problem(2, 2, 3)
    assert crf(emissions, [0, 0], tags).tolist() == [0, 0]


def test_description():
    assert repr(nn.CRF(5)) == "CRF(5)"


RULES = Allowed(np.ones((3, 3), bool), np.ones(3, bool), np.ones(2, bool))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.CRF(0), "tags must be a whole number of at least 1, got 0"),
        (lambda: nn.CRF(3, RULES), "allowed.end must have shape (3,), got (2,)"),
        (
            lambda: nn.CRF(3)(torch.zeros(4, 3), None, torch.zeros(4, dtype=torch.int64)),
            "emissions must have shape (T, N, 3), got (4, 3)",
        ),
        (
            lambda: nn.CRF(3, batch_first=True)(torch.zeros(4, 2, 5), None, torch.zeros(4, 2)),
            "emissions must have shape (N, T, 3), got (4, 2, 5)",
        ),
        (
            lambda: nn.CRF(3)(torch.zeros(4, 2, 3), None, torch.zeros(2, 4, dtype=torch.int64)),
            "tags must be int64 of shape (4, 2), got torch.int64 (2, 4)",
        ),
        (
            lambda: nn.CRF(3)(torch.zeros(4, 2, 3), None, torch.zeros(4, 2)),
            "tags must be int64 of shape (4, 2), got torch.float32 (4, 2)",
        ),
        (
            lambda: nn.CRF(3)(torch.zeros(1, 2, 3), None, torch.tensor([[0, 3]])),
            "tags must lie between 0 and 2, got 3",
        ),
        (
            lambda: nn.CRF(3)(torch.zeros(1, 2, 3), [1, 2], torch.tensor([[0, 2]])),
            "lengths must lie between 0 and the 1 step given, got 2 in row 1",
        ),
    ],
)
def test_wrong_use(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
