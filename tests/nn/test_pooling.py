"""Pools in PyTorch: what padding and empty rows do, gradients, and wrong use.

That they compute what the runtime computes is in tests/contracts/test_parts.py.
"""

import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError
from recurra.runtime.network_parts import POOLS

LENGTHS = [4, 0, 2]


def every_pool(**options):
    torch.manual_seed(0)
    pools = {how: nn.Pool(how, **options) for how in POOLS}
    return {**pools, "attention": nn.AttentionPool(6, 3, **options)}


def inputs(T=4, dtype=torch.float32):
    torch.manual_seed(1)
    return torch.randn(T, 3, 6, dtype=dtype)


@pytest.mark.parametrize("how", every_pool())
def test_a_row_alone_and_padded_with_nan(how):
    pool, x = every_pool()[how], inputs()
    for row, length in enumerate(LENGTHS):
        x[length:, row] = torch.nan
    got = pool(x, LENGTHS)
    assert not got[1].any()
    for row, length in enumerate(LENGTHS):
        alone = pool(x[:length, row : row + 1])
        torch.testing.assert_close(got[row : row + 1], alone)


@pytest.mark.parametrize("how", every_pool())
def test_gradients(how):
    pool, x = every_pool()[how].double(), inputs(dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: pool(x, LENGTHS), x)


@pytest.mark.parametrize("how", every_pool())
def test_no_nan_of_the_padding_reaches_a_gradient(how):
    pool, x = every_pool()[how], inputs()
    x[2:, 2] = torch.nan
    x.requires_grad_()
    pool(x, LENGTHS).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert not x.grad[2:, 2].any()
    for parameter in pool.parameters():
        assert torch.isfinite(parameter.grad).all()


@pytest.mark.parametrize("how", every_pool())
def test_batch_first(how):
    x = inputs()
    first = every_pool(batch_first=True)[how]
    assert torch.equal(first(x.transpose(0, 1), LENGTHS), every_pool()[how](x, LENGTHS))


@pytest.mark.parametrize("how", every_pool())
def test_no_steps(how):
    assert not every_pool()[how](inputs(T=0)).any()


def test_the_mean_beside_the_maximum():
    x = inputs()
    both = nn.Pool("mean_max")
    assert both.output_size(6) == 12
    assert torch.equal(both(x, LENGTHS), torch.cat([nn.Pool(how)(x, LENGTHS) for how in ("mean", "max")], 1))


def test_descriptions():
    assert repr(nn.Pool("mean")) == "Pool('mean')"
    assert list(nn.AttentionPool(6, 3).state_dict()) == ["key.weight", "key.bias", "score.weight"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Pool("sum"), "how must be one of last, ends, mean, max, mean_max, got 'sum'"),
        (lambda: nn.Pool()(torch.zeros(3, 4)), "x must have shape (T, N, H), got (3, 4)"),
        (
            lambda: nn.Pool(batch_first=True)(torch.zeros(3, 4)),
            "x must have shape (N, T, H), got (3, 4)",
        ),
        (
            lambda: nn.Pool("ends")(torch.zeros(3, 2, 5)),
            "x must have an even width, half for each direction, got 5",
        ),
        (
            lambda: nn.Pool("mean")(torch.zeros(3, 2, 5), [3, 4]),
            "lengths must lie between 0 and the 3 steps given, got 4 in row 1",
        ),
        (lambda: nn.AttentionPool(0, 3), "size must be a whole number of at least 1, got 0"),
        (
            lambda: nn.AttentionPool(3, 2.5),
            "attention_size must be a whole number of at least 1, got 2.5",
        ),
    ],
)
def test_wrong_use(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
