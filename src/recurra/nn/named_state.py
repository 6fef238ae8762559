"""A layer of ours with its states by name, whatever its cell."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra.cells import Stack


def stack_of(layer: torch.nn.Module) -> Stack:
    """The layer's specification; raises InputError for what is no layer of ours, or is not time-major."""
    stack = getattr(layer, "stack", None)
    if not isinstance(stack, Stack):
        kind = f"{type(layer).__module__}.{type(layer).__name__}"
        raise InputError(f"layer must be a recurrent layer of recurra.nn, got {kind}")
    if layer.batch_first:
        raise InputError("layer must be time-major, got batch_first=True")
    return stack


def run(
    layer: torch.nn.Module, x: Tensor, state: Mapping[str, Tensor] | None, lengths: Any = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Output (T, N, D·H) and final states (L·D, N, ·), for x (T, N, I) and the initial states.

    None for the layer's own initial state; lengths and errors as the layer's.
    """
    names = stack_of(layer).cell.states
    hx = None if state is None else tuple(state[name] for name in names)
    output, state_n = layer(x, hx[0] if hx is not None and len(hx) == 1 else hx, lengths)
    return output, dict(zip(names, state_n if isinstance(state_n, tuple) else (state_n,)))
