"""The masks of training: their probabilities, their generator, and how a transform draws them."""

import math

import pytest
import torch

import recurra.nn
from recurra.cells import LSTM, Stack
from recurra.nn.noise import draw


def keep_masks(probability, sizes=(50, 40), dtype=torch.float32):
    stack = Stack(LSTM(3, 29, zoneout=probability))
    noise = draw(stack, torch.zeros(*sizes, 3, dtype=dtype), 0.0, 0.0, True)
    return noise.keep_h, noise.keep_c


@pytest.mark.parametrize("probability", [1e-3, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_zoneout_keeps_with_its_probability(probability, dtype):
    torch.manual_seed(0)
    for mask in keep_masks(probability, dtype=dtype):
        assert mask.shape == (1, 50, 40, 29)
        assert mask.dtype == dtype
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        deviation = math.sqrt(probability * (1 - probability) / mask.numel())
        assert abs(mask.mean().item() - probability) <= 4 * deviation + 2**-16


def test_masks_differ_by_state_step_row_and_unit():
    torch.manual_seed(0)
    h, c = keep_masks(0.5)
    assert not torch.equal(h, c)
    for axis in (1, 2, 3):
        first, second = h.select(axis, 0), h.select(axis, 1)
        agreement = (first == second).double().mean().item()
        assert abs(agreement - 0.5) < 4 * 0.5 / math.sqrt(first.numel())


def test_masks_come_from_the_generator_of_pytorch():
    torch.manual_seed(1)
    first, second = keep_masks(0.3), keep_masks(0.3)
    torch.manual_seed(1)
    again = keep_masks(0.3)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], second[0])


def test_no_steps_and_no_rows():
    assert keep_masks(0.5, (0, 2))[0].shape == (1, 0, 2, 29)
    assert keep_masks(0.5, (3, 0))[0].shape == (1, 3, 0, 29)


def test_masks_within_a_transform():
    layer = recurra.nn.GRU(2, 3, zoneout=0.5).double()
    x = torch.randn(4, 5, 2, 2, dtype=torch.float64)
    output = torch.func.vmap(lambda row: layer(row)[0], randomness="different")(x)
    assert output.shape == (4, 5, 2, 3)
