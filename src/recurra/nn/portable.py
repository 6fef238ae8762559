"""A stack computed by the cells' own equations over PyTorch tensors.

Slower than the kernels, but it runs on any device and autograd differentiates it to any order.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from recurra.cells import Stack
from recurra.nn.noise import Noise


def run(
    stack: Stack,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    noise: Noise,
    parameters: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """The output (T, N, D·R) and each final state (L·D, N, ·), for x (T, N, I).

    States come in the order of ``stack.cell.states``, parameters in that of ``stack.parameter_shapes()``,
    all of one dtype and on one device; ``lengths`` (N,) int64 have been checked, None for T each.
    """
    T, N, _ = x.shape
    lengths = torch.full((N,), T) if lengths is None else lengths
    with without_autocast(x):
        output, state_n, _ = stack.forward(
            dict(zip(stack.parameter_shapes(), parameters)),
            x,
            dict(zip(stack.cell.states, state)),
            lengths.to(x.device),
            noise.between_layers,
            noise=noise.of_cells(),
            xp=torch,
        )
    return output, *(state_n[name] for name in stack.cell.states)


def without_autocast(x: Tensor) -> AbstractContextManager[Any]:
    """Within it autocast changes no dtype on x's device."""
    device = x.device.type
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()
