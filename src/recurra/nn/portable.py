"""A stack computed by the cells' own equations over PyTorch tensors.

Slower than the kernels, but it runs on any device and autograd differentiates it to any order.
"""

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from recurra.cells import Stack


def run(
    stack: Stack,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    dropout_masks: Tensor | None,
    parameters: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """The output (T, N, D·H) and each final state (L·D, N, ·), for x (T, N, I).

    States come in the order of ``stack.cell.states``, parameters in that of ``stack.parameter_shapes()``,
    all of one dtype and on one device; ``lengths`` (N,) int64 have been checked, None for T each; the masks
    are as in `recurra.cells.Stack.forward`.
    """
    T, N, _ = x.shape
    lengths = torch.full((N,), T) if lengths is None else lengths
    device = x.device.type
    with torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext():
        output, state_n, _ = stack.forward(
            dict(zip(stack.parameter_shapes(), parameters)),
            x,
            dict(zip(stack.cell.states, state)),
            lengths.to(x.device),
            dropout_masks,
            xp=torch,
        )
    return output, *(state_n[name] for name in stack.cell.states)
