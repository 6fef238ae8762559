"""Ragged rows: each as if it were alone, in any order, and nothing past its end."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.nn.conftest import KINDS, gradients, random_state, states_of


def assert_rows_as_if_alone(layer, reference, x, hx, lengths):
    """Our layer on the batch x (T, N, I) against torch.nn on each row, cut to its length."""
    count = len(states_of(hx))
    output, *rest = gradients(layer, x, hx, lengths=lengths)
    state_n, dx, d_state, d_p = (
        rest[:count],
        rest[count],
        rest[count + 1 : 2 * count + 1],
        rest[2 * count + 1 :],
    )
    d_output, *d_state_n = gradients_given(output, *state_n)
    want_d_p = [torch.zeros_like(d) for d in d_p]
    for n, length in enumerate(int(length) for length in lengths):
        assert not output[length:, n].any()
        assert not dx[length:, n].any()
        own = [state[:, n : n + 1] for state in states_of(hx)]
        if length == 0:
            for got, want in zip(state_n + d_state, own + [d[:, n : n + 1] for d in d_state_n]):
                assert torch.equal(got[:, n : n + 1], want)
            continue
        row, *own = (tensor.detach().requires_grad_() for tensor in (x[:length, n : n + 1], *own))
        want, want_n = reference(row, tuple(own) if count > 1 else own[0])
        torch.testing.assert_close(output[:length, n : n + 1], want, rtol=1e-9, atol=1e-11)
        loss = (want * d_output[:length, n : n + 1]).sum()
        for k, state in enumerate(states_of(want_n)):
            torch.testing.assert_close(state_n[k][:, n : n + 1], state, rtol=1e-9, atol=1e-11)
            loss = loss + (state * d_state_n[k][:, n : n + 1]).sum()
        want_dx, *want_d = torch.autograd.grad(loss, [row, *own, *reference.parameters()])
        torch.testing.assert_close(dx[:length, n : n + 1], want_dx, rtol=1e-9, atol=1e-11)
        for k in range(count):
            torch.testing.assert_close(d_state[k][:, n : n + 1], want_d[k], rtol=1e-9, atol=1e-11)
        want_d_p = [total + d for total, d in zip(want_d_p, want_d[count:])]
    for got, want in zip(d_p, want_d_p):
        torch.testing.assert_close(got, want, rtol=1e-8, atol=1e-10)


def gradients_given(*results):
    """The output gradients that `gradients` drew for results of these shapes."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(r.shape, generator=generator, dtype=torch.float64).to(r) for r in results]


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("lengths", [[3, 5, 0, 1], [0, 0, 0, 0], [5, 5, 5, 5]])
def test_rows_are_as_if_alone(make_pair, device, num_layers, bidirectional, lengths):
    ours, theirs = make_pair(3, 4, num_layers, bidirectional=bidirectional, device=device)
    x = torch.randn(5, 4, 3, dtype=torch.float64, device=device)
    assert_rows_as_if_alone(ours, theirs, x, random_state(ours, 4, device=device), lengths)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)), T=st.integers(1, 7), N=st.integers(1, 12))
def test_any_lengths(data, kind, T, N):
    ours, theirs, fixed = KINDS[kind]
    lengths = data.draw(st.lists(st.integers(0, T), min_size=N, max_size=N))
    sizes = (data.draw(st.integers(1, 4)), data.draw(st.integers(1, 18)), data.draw(st.integers(1, 2)))
    options = {"bidirectional": data.draw(st.booleans()), "dtype": torch.float64, **fixed}
    theirs, ours = theirs(*sizes, **options), ours(*sizes, **options)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(T, N, sizes[0], dtype=torch.float64)
    assert_rows_as_if_alone(ours, theirs, x, random_state(ours, N), lengths)


@pytest.mark.parametrize(
    "lengths",
    [
        torch.tensor([2, 0, 4]),
        torch.tensor([2, 0, 4], dtype=torch.int32),
        [2, 0, 4],
        (2, 0, 4),
        np.array([2, 0, 4]),
        range(2, 5),
    ],
)
def test_lengths_of_any_kind(make, lengths):
    layer = make(3, 4, batch_first=True)
    x = torch.randn(3, 4, 3, dtype=torch.float64)
    output, _ = layer(x, lengths=lengths)
    want, _ = layer(x)
    for row, want_row, length in zip(output, want, map(int, lengths)):
        torch.testing.assert_close(row[:length], want_row[:length], rtol=1e-12, atol=1e-14)
        assert not row[length:].any()


def test_an_array_of_lengths_may_change_before_the_backward(make):
    layer = make(3, 4)
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    lengths = np.array([2, 5])
    output, _ = layer(x, lengths=lengths)
    lengths[:] = 0
    output.sum().backward()
    assert x.grad[:2, 0].any(-1).all()
    assert not x.grad[2:, 0].any()


def test_unbatched(make):
    layer = make(3, 4, 2, bidirectional=True)
    x = torch.randn(5, 3, dtype=torch.float64)
    output, state_n = layer(x, lengths=[3])
    want, want_n = layer(x[:3])
    torch.testing.assert_close(output[:3], want, rtol=1e-12, atol=1e-14)
    assert not output[3:].any()
    torch.testing.assert_close(state_n, want_n, rtol=1e-12, atol=1e-14)


def test_padding_may_hold_anything(make, device):
    layer = make(3, 4, 2, bidirectional=True, device=device)
    x = torch.randn(5, 2, 3, dtype=torch.float64, device=device)
    hx = random_state(layer, 2, device=device)
    clean = list(gradients(layer, x, hx, lengths=[3, 5]))
    x[3:, 0] = torch.nan
    for got, want in zip(gradients(layer, x, hx, lengths=[3, 5]), clean):
        torch.testing.assert_close(got, want, rtol=0, atol=0)


def test_dropout_with_lengths_leaves_padding_zero(make):
    layer = make(3, 4, 2, dropout=0.5)
    output, _ = layer(torch.randn(5, 2, 3, dtype=torch.float64), lengths=[3, 5])
    assert not output[3:, 0].any()
    assert output[:3, 0].any()
    assert output[4, 1].any()
