"""The parallel scan against stepping."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.nn.scan import operator, scan


def stepped(a, b, h):
    steps = []
    for t in range(len(a)):
        h = a[t] * h + b[t]
        steps.append(h)
    return np.stack(steps)


def draw(T, N, H, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    a = rng.choice([0.0, 1.0, rng.random(), rng.random()], (T, N, H))
    return (array.astype(dtype) for array in (a, 10 * rng.normal(size=(T, N, H)), rng.normal(size=(N, H))))


@settings(max_examples=100, deadline=None)
@given(T=st.integers(1, 70), N=st.integers(0, 3), H=st.integers(1, 5), seed=st.integers(0, 99))
def test_agrees_with_stepping(T, N, H, seed):
    a, b, h_0 = draw(T, N, H, seed)
    got = scan(*map(torch.from_numpy, (a, b, h_0)))
    np.testing.assert_allclose(got, stepped(a, b, h_0), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("T", [1, 2, 3, 8, 13])
def test_derivatives(T):
    tensors = [torch.from_numpy(array).requires_grad_() for array in draw(T, 2, 3, 0)]
    assert torch.autograd.gradcheck(scan, tensors)
    assert torch.autograd.gradgradcheck(scan, tensors)


@pytest.mark.parametrize("T", [1, 2, 9])
def test_operator(T):
    torch.library.opcheck(operator, tuple(map(torch.from_numpy, draw(T, 2, 3, 0))))


@pytest.mark.parametrize("dims", [(0, 0, 0), (2, None, 1), (None, 3, None), (None, None, 0)])
def test_operator_under_vmap(dims):
    a, b, h_0 = (
        torch.stack([torch.from_numpy(array)] * 4, dim)
        * torch.arange(4).reshape(-1, *[1] * (array.ndim - dim))
        if dim is not None
        else torch.from_numpy(array)
        for array, dim in zip(draw(5, 2, 3, 0), dims)
    )
    got = torch.func.vmap(operator, dims)(a, b, h_0)
    for k in range(4):
        own = [t if dim is None else t.select(dim, k) for t, dim in zip((a, b, h_0), dims)]
        assert torch.equal(got[k], operator(*own))


def test_a_long_sequence_in_single_precision():
    T = 100_000
    a, b, h_0 = draw(T, 1, 4, 0, np.float32)
    a[:, :, 0], b[:, :, 0] = 1.0, 0.0  # remembers for ever
    a[:, :, 1] = 0.999
    got = scan(*map(torch.from_numpy, (a, b, h_0)))
    assert (got[:, 0, 0] == h_0[0, 0].item()).all()
    want = stepped(*(array.astype(np.float64) for array in (a, b, h_0)))
    # A sum of about 1/(1 - 0.999) numbers near 10, each with a relative error near 2⁻²⁴.
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-2)
