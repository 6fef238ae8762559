"""Attention against loops over NumPy rows, each cut to its own length; ragged sources; bad input."""

import copy
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.nn.attention import AdditiveAttention, DotAttention, GeneralAttention, masked_softmax, padding_of

F64 = {"dtype": torch.float64}
SCORES = ["additive", "dot", "general"]


def make_attention(score, Q, M, A=3):
    """An attention in float64; dot needs a memory as wide as the query."""
    if score == "additive":
        return AdditiveAttention(Q, M, A, **F64)
    return DotAttention(M) if score == "dot" else GeneralAttention(Q, M, **F64)


def random(*shape):
    return torch.randn(shape, **F64)


def by_hand(attention, query, values, lengths):
    """Contexts (T, N, M) and weights (T, N, S), row by row and score by score, as the papers write them."""
    p = {name: tensor.numpy() for name, tensor in attention.state_dict().items()}
    query, values = query.detach().numpy(), values.detach().numpy()

    def score(q, m):
        match attention:
            case AdditiveAttention():
                return p["score.weight"][0] @ np.tanh(p["query.weight"] @ q + p["key.weight"] @ m)
            case GeneralAttention():
                return q @ p["key.weight"] @ m
            case _:
                return q @ m

    T, (S, N, M) = len(query), values.shape
    contexts, weights = np.zeros((T, N, M)), np.zeros((T, N, S))
    for t in range(T):
        for n, length in enumerate(lengths):
            if length:
                e = np.exp([score(query[t, n], values[s, n]) for s in range(length)])
                weights[t, n, :length] = e / e.sum()
                contexts[t, n] = sum(w * m for w, m in zip(weights[t, n], values[:length, n]))
    return contexts, weights


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    score=st.sampled_from(SCORES),
    T=st.integers(1, 3),
    S=st.integers(1, 5),
    N=st.integers(1, 4),
    Q=st.integers(1, 5),
    M=st.integers(1, 5),
    A=st.integers(1, 5),
)
def test_as_by_hand(data, score, T, S, N, Q, M, A):
    lengths = data.draw(st.lists(st.integers(0, S), min_size=N, max_size=N))
    attention = make_attention(score, Q, M, A)
    query, values = random(T, N, attention.query_size), random(S, N, M)
    context, weights = attention(query, attention.memory(values, lengths))
    want_context, want_weights = by_hand(attention, query, values, lengths)
    np.testing.assert_allclose(context.detach(), want_context, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(weights.detach(), want_weights, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_without_lengths_every_step_counts(score):
    attention = make_attention(score, 4, 4)
    query, values = random(2, 3, 4), random(5, 3, 4)
    got = attention(query, attention.memory(values))
    want = attention(query, attention.memory(values, [5, 5, 5]))
    torch.testing.assert_close(got, want, rtol=0, atol=0)
    torch.testing.assert_close(got[1].sum(-1), torch.ones(2, 3, **F64))


@pytest.mark.parametrize("score", SCORES)
def test_gradcheck(score):
    attention = make_attention(score, 3, 3)
    names = [name for name, _ in attention.named_parameters()]

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = attention

        def forward(self, query, values):
            return self.attention(query, self.attention.memory(values, [4, 0, 2]))

    def f(query, values, *parameters):
        named = {f"attention.{name}": parameter for name, parameter in zip(names, parameters)}
        return torch.func.functional_call(Whole(), named, (query, values))

    tensors = [random(2, 3, 3), random(4, 3, 3), *attention.parameters()]
    tensors = [tensor.detach().requires_grad_() for tensor in tensors]
    assert torch.autograd.gradcheck(f, tensors)
    assert torch.autograd.gradgradcheck(f, tensors, fast_mode=True)


def results_and_gradients(attention, query, values, lengths):
    """Context, weights, and the gradients of query, values and parameters for random output gradients."""
    query, values = query.clone().requires_grad_(), values.clone().requires_grad_()
    context, weights = attention(query, attention.memory(values, lengths))
    generator = torch.Generator().manual_seed(1)
    loss = sum((r * torch.randn(r.shape, generator=generator, **F64)).sum() for r in (context, weights))
    tensors = [query, values, *attention.parameters()]
    return [context, weights, *torch.autograd.grad(loss, tensors)]


@pytest.mark.parametrize("score", SCORES)
def test_a_row_of_length_zero_attends_to_nothing(score):
    attention = make_attention(score, 4, 4)
    results = results_and_gradients(attention, random(2, 3, 4), random(5, 3, 4), [0, 5, 0])
    context, weights, d_query, d_values, *_ = results
    for tensor in (context, weights, d_query, d_values):
        assert not tensor[:, [0, 2]].any()
        assert tensor[:, 1].any()
    assert all(tensor.isfinite().all() for tensor in results)


@pytest.mark.parametrize("score", SCORES)
def test_when_every_row_is_empty(score):
    attention = make_attention(score, 4, 4)
    for result in results_and_gradients(attention, random(2, 3, 4), random(5, 3, 4), [0, 0, 0]):
        assert not result.any()


@pytest.mark.parametrize("rubbish", [torch.nan, torch.inf, -torch.inf, 1e300])
@pytest.mark.parametrize("score", SCORES)
def test_padding_may_hold_anything(score, rubbish):
    attention = make_attention(score, 4, 4)
    query, values, lengths = random(2, 3, 4), random(5, 3, 4), [3, 0, 5]
    want = results_and_gradients(attention, query, values, lengths)
    for n, length in enumerate(lengths):
        values[length:, n] = rubbish
    got = results_and_gradients(attention, query, values, lengths)
    torch.testing.assert_close(got, want, rtol=0, atol=0)
    assert not got[3][3:, 0].any()  # the gradient of the padding


@pytest.mark.parametrize("score", SCORES)
def test_a_row_is_as_if_alone(score):
    attention = make_attention(score, 4, 4)
    query, values, lengths = random(2, 4, 4), random(6, 4, 4), [3, 6, 1, 4]
    context, weights = attention(query, attention.memory(values, lengths))
    for n, length in enumerate(lengths):
        alone = attention(query[:, n : n + 1], attention.memory(values[:length, n : n + 1]))
        torch.testing.assert_close((context[:, n : n + 1], weights[:, n : n + 1, :length]), alone)


@pytest.mark.parametrize("score", SCORES)
def test_selected_rows(score):
    attention = make_attention(score, 4, 4)
    query, values = random(2, 3, 4), random(5, 3, 4)
    memory = attention.memory(values, [2, 5, 0])
    context, weights = attention(query, memory)
    rows = [2, 1, 1, 0]
    for kind in (torch.tensor(rows), np.array(rows), rows):
        got = attention(query[:, rows], memory.select(kind))
        torch.testing.assert_close(got, (context[:, rows], weights[:, rows]))


def test_huge_scores_neither_overflow_nor_vanish():
    attention = DotAttention(2)
    values = torch.tensor([[[1e3, 0.0]], [[0.0, 1e3]]])
    query = torch.tensor([[[1e3, 1e3]], [[1e3, -1e3]]])
    context, weights = attention(query, attention.memory(values))
    assert weights.tolist() == [[[0.5, 0.5]], [[1.0, 0.0]]]
    assert context.tolist() == [[[500.0, 500.0]], [[1000.0, 0.0]]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_masked_softmax_in_every_type(dtype):
    scores = torch.tensor([[-1e4, 2.0, 3.0], [1.0, 2.0, 3.0]], dtype=dtype, requires_grad=True)
    padding = torch.tensor([[False, True, True], [True, True, True]])
    weights = masked_softmax(scores, padding)
    assert weights.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    with torch.autograd.set_detect_anomaly(True):  # no NaN on the way either
        (gradient,) = torch.autograd.grad(masked_softmax(scores, padding).pow(2).sum(), scores)
    assert not gradient.any()


# The compiler itself does what PyTorch deprecates.
@pytest.mark.filterwarnings("ignore:.*Function'> should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("score", SCORES)
def test_compiles_without_a_break_and_still_checks_lengths(score):
    torch.compiler.reset()
    attention = make_attention(score, 4, 4)
    compiled = torch.compile(
        lambda query, values, lengths: attention(query, attention.memory(values, lengths)),
        fullgraph=True,
        backend="aot_eager",
    )
    query, values = random(2, 3, 4), random(5, 3, 4)
    for lengths in (torch.tensor([2, 0, 5]), torch.tensor([5, 5, 1])):
        want = attention(query, attention.memory(values, lengths))
        torch.testing.assert_close(compiled(query, values, lengths), want)
    message = "lengths must lie between 0 and the 5 steps given, got 6 in row 2"
    with pytest.raises(InputError, match=f"^{message}$"):
        compiled(query, values, torch.tensor([2, 0, 6]))


@pytest.mark.parametrize("score", SCORES)
def test_functional_gradients(score):
    attention = make_attention(score, 4, 4)
    query, values = random(2, 3, 4), random(5, 3, 4)

    def loss(query, values):
        return attention(query, attention.memory(values, [2, 0, 5]))[0].square().sum()

    got = torch.func.grad(loss, argnums=(0, 1))(query, values)
    inputs = query.requires_grad_(), values.requires_grad_()
    torch.testing.assert_close(got, torch.autograd.grad(loss(*inputs), inputs))


def test_padding_operator():
    torch.library.opcheck(padding_of, (torch.tensor([2, 0, 5]), 5, 3))


def test_a_source_without_steps_or_a_batch_without_rows():
    attention = make_attention("additive", 2, 3)
    context, weights = attention(random(2, 4, 2), attention.memory(random(0, 4, 3)))
    assert context.shape == (2, 4, 3)
    assert not context.any()
    assert weights.shape == (2, 4, 0)
    context, weights = attention(random(2, 0, 2), attention.memory(random(5, 0, 3), []))
    assert context.shape == (2, 0, 3)
    assert weights.shape == (2, 0, 5)


def test_parameters_are_the_papers_and_travel():
    assert {n: tuple(p.shape) for n, p in AdditiveAttention(4, 5, 6).named_parameters()} == {
        "query.weight": (6, 4),
        "key.weight": (6, 5),
        "score.weight": (1, 6),
    }
    assert {n: tuple(p.shape) for n, p in GeneralAttention(4, 5).named_parameters()} == {"key.weight": (4, 5)}
    assert not list(DotAttention(4).parameters())
    attention = make_attention("additive", 2, 3)
    query, values = random(1, 2, 2), random(3, 2, 3)
    twin = copy.deepcopy(attention)
    torch.testing.assert_close(twin(query, twin.memory(values)), attention(query, attention.memory(values)))
    assert AdditiveAttention(4, 5, 6).float().key.weight.dtype == torch.float32
    assert repr(DotAttention(4)) == "DotAttention(4, 4)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DotAttention(0), "query_size must be a whole number of at least 1, got 0"),
        (lambda: GeneralAttention(2, 1.5), "memory_size must be a whole number of at least 1, got 1.5"),
        (
            lambda: AdditiveAttention(2, 3, -1),
            "attention_size must be a whole number of at least 1, got -1",
        ),
        (
            lambda: DotAttention(3).memory(torch.zeros(5, 2, 4)),
            "values must have shape (S, N, 3), got (5, 2, 4)",
        ),
        (lambda: DotAttention(3).memory(torch.zeros(5, 3)), "values must have shape (S, N, 3), got (5, 3)"),
        (
            lambda: DotAttention(3).memory(torch.zeros(5, 2, 3), [6, 1]),
            "lengths must lie between 0 and the 5 steps given, got 6 in row 0",
        ),
        (
            lambda: DotAttention(3).memory(torch.zeros(5, 2, 3), torch.tensor([1, 2, 3])),
            "lengths must be 2 numbers, one for each row, got shape (3,)",
        ),
        (
            lambda: DotAttention(3)(torch.zeros(2, 3), DotAttention(3).memory(torch.zeros(5, 2, 3))),
            "query must have shape (T, 2, 3), got (2, 3)",
        ),
        (
            lambda: DotAttention(3)(torch.zeros(1, 4, 3), DotAttention(3).memory(torch.zeros(5, 2, 3))),
            "query must have shape (T, 2, 3), got (1, 4, 3)",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()
