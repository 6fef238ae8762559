"""Random masks, drawn in PyTorch's name: its generator gives the key, the kernels the values."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from recurra.kernels import random_mask
from recurra.nn.direct import directly, in_transform

_NUMPY_DTYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


def draw_mask(like: Tensor, shape: Sequence[int], probability: float, value: float = 1.0) -> Tensor:
    """``value`` with that probability, else 0: on the device of ``like`` and of its dtype.

    torch.bernoulli draws a value at a time, which would take longer than a layer itself: on the CPU it is
    left to other types, and to transforms of torch.func.
    """
    if like.device.type != "cpu" or like.dtype not in _NUMPY_DTYPES or in_transform():
        return torch.bernoulli(like.new_full(shape, probability)) * value
    key = torch.randint(2**63 - 1, ())
    return (_draw if directly(like) else _operator)(key, probability, value, shape, like.dtype)


def drop_out(x: Tensor, probability: float) -> Tensor:
    """x with values dropped with that probability, the others scaled by 1/(1-p)."""
    if probability == 1:
        return x * 0
    return x * draw_mask(x, x.shape, 1 - probability, 1 / (1 - probability))


def _draw(key: Tensor, probability: float, value: float, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(random_mask(int(key), probability, value, shape, _NUMPY_DTYPES[dtype]))


_operator = torch.library.custom_op("recurra::mask", _draw, mutates_args=(), device_types="cpu")


@_operator.register_fake
def _(key, probability, value, shape, dtype):  # noqa: ARG001
    return key.new_empty(shape, dtype=dtype)
