"""Checks of what a layer is called with, in torch.nn's words and with its types of error."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from recurra._base.errors import InputError


def check_rank(name: str, input: Tensor) -> None:  # noqa: A002
    """ValueError unless the input is (T, I) or batched."""
    if input.dim() not in (2, 3):
        noun = "D tensor" if name == "RNN" else "D"
        raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}{noun} instead")


def check_input(x: Tensor, weight: Tensor) -> None:
    """Raise ValueError for another dtype than the weight's, RuntimeError for another device or size.

    x (T, N, I); weight (·, I). Under autocast the input may have any floating dtype.
    """
    if x.dtype != weight.dtype and not _cast_by_autocast(x):
        raise ValueError(
            f"RNN input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({x.dtype})"
        )
    if not weight.dtype.is_floating_point:
        raise InputError(f"the dtype must be a floating one, got {weight.dtype}")
    if x.size(-1) != weight.size(-1):
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {weight.size(-1)}, got {x.size(-1)}"
        )
    if x.device != weight.device:
        raise RuntimeError(
            "Input and parameter tensors are not at the same device, found input tensor at "
            f"{x.device} and parameter tensor at {weight.device}"
        )
    if x.size(0) == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")


def check_state(input: Tensor, state: Sequence[Tensor], shapes: Sequence[tuple[int, ...]]) -> None:  # noqa: A002
    """RuntimeError unless each state has its shape, and the input's dtype and device.

    ``shapes`` has N = 1 in the middle for an unbatched input, whose states have two axes only.
    """
    rank = input.dim()
    if any(tensor.dim() != rank for tensor in state):
        kind = "batched 3-D" if rank == 3 else "unbatched 2-D"
        ranks = [f"{tensor.dim()}-D" for tensor in state]
        if len(state) == 1:
            raise RuntimeError(f"For {kind} input, hx should also be {rank}-D but got {ranks[0]} tensor")
        raise RuntimeError(
            f"For {kind} input, hx and cx should also be {rank}-D but got ({', '.join(ranks)}) tensors"
        )
    for k, (tensor, shape) in enumerate(zip(state, shapes)):
        name = f"hidden[{k}]" if len(state) > 1 else "hidden"
        size = tuple(tensor.shape) if rank == 3 else (tensor.size(0), 1, tensor.size(1))
        if size != shape:
            raise RuntimeError(f"Expected {name} size {shape}, got {list(size)}")
        if tensor.device != input.device:
            raise RuntimeError(
                f"Input and {name} tensors are not at the same device, found input tensor at "
                f"{input.device} and {name} tensor at {tensor.device}"
            )
        if tensor.dtype != input.dtype and not _cast_by_autocast(tensor):
            raise RuntimeError(
                f"Input and {name} tensors are not the same dtype, found input tensor with "
                f"{input.dtype} and {name} tensor with {tensor.dtype}"
            )


def as_lengths(lengths: Any) -> Tensor | None:
    """The lengths as a tensor on the CPU; their number and range are checked where they are used."""
    if lengths is None:
        return None
    if not isinstance(lengths, Tensor):
        try:
            return torch.as_tensor(lengths)
        except (TypeError, ValueError, RuntimeError):
            raise InputError(f"lengths must be whole numbers, got {lengths!r}") from None
    if lengths.device.type != "cpu":
        raise InputError(f"lengths must be on the CPU, got {lengths.device}; pass lengths.cpu()")
    return lengths


def _cast_by_autocast(tensor: Tensor) -> bool:
    device = tensor.device.type
    return (
        torch.amp.is_autocast_available(device)
        and torch.is_autocast_enabled(device)
        and tensor.is_floating_point()
    )
