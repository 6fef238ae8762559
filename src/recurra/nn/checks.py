"""Checks of what a layer is called with, in torch.nn's words, with its types of error and in its order."""

from collections.abc import Collection, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from recurra._base.errors import InputError


def check_rank(name: str, input: Tensor) -> None:  # noqa: A002
    """ValueError unless the input is (T, I) or batched."""
    if input.dim() not in (2, 3):
        noun = "D tensor" if name == "RNN" else "D"
        raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}{noun} instead")


def check_state_rank(rank: int, state: Sequence[Tensor]) -> None:
    """RuntimeError unless the states have as many axes as an input of that rank, 2 or 3, has."""
    if all(tensor.dim() == rank for tensor in state):
        return
    kind = "batched 3-D" if rank == 3 else "unbatched 2-D"
    ranks = [f"{tensor.dim()}-D" for tensor in state]
    if len(state) == 1:
        raise RuntimeError(f"For {kind} input, hx should also be {rank}-D but got {ranks[0]} tensor")
    raise RuntimeError(
        f"For {kind} input, hx and cx should also be {rank}-D but got ({', '.join(ranks)}) tensors"
    )


def attributes_of(module: torch.nn.Module, names: Collection[str]) -> list[Tensor]:
    """The parameters, also those that a parametrisation computes; InputError where one is gone."""
    own = module._parameters  # where most of them are, at a fifth of the cost of an attribute
    tensors = [own[name] if name in own else getattr(module, name, None) for name in names]
    for name, tensor in zip(names, tensors):
        if tensor is None:
            raise InputError(f"{name} must be a tensor, got None; it was deleted or set to None")
    return cast(list[Tensor], tensors)


def check_weight_dtype(weight: Tensor) -> None:
    """InputError unless the parameters, of which this is one, are of a floating dtype."""
    if not weight.dtype.is_floating_point:
        raise InputError(f"dtype must be a floating one, got {weight.dtype}")


def check_input(input: Tensor, weight: Tensor, rank: int) -> None:  # noqa: A002
    """ValueError for another dtype than the weight's, RuntimeError for another rank or size.

    InputError for complex weights. input (…, I); weight (·, I). Under autocast any floating input will do.
    """
    check_weight_dtype(weight)
    if input.dtype != weight.dtype and not _cast_by_autocast(input):
        raise ValueError(
            f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
        )
    if input.dim() != rank:
        raise RuntimeError(f"input must have {rank} dimensions, got {input.dim()}")
    if input.size(-1) != weight.size(-1):
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {weight.size(-1)}, got {input.size(-1)}"
        )


def check_state(state: Sequence[Tensor], shapes: Sequence[tuple[int, ...]]) -> None:
    """RuntimeError unless each state has its shape."""
    for k, (tensor, shape) in enumerate(zip(state, shapes)):
        name = f"hidden[{k}]" if len(state) > 1 else "hidden"
        if tuple(tensor.shape) != shape:
            raise RuntimeError(f"Expected {name} size {shape}, got {list(tensor.shape)}")


def check_together(x: Tensor, state: Sequence[Tensor], parameters: Sequence[Tensor]) -> None:
    """RuntimeError unless all are on one device, states have the input's dtype, and x (T, N, I) some steps.

    Under autocast the states may have any floating dtype.
    """
    for name, tensors in (("hidden", state), ("parameter", parameters)):
        for tensor in tensors:
            if tensor.device != x.device:
                raise RuntimeError(
                    f"Input and {name} tensors are not at the same device, found input tensor at "
                    f"{x.device} and {name} tensor at {tensor.device}"
                )
    for tensor in state:
        if tensor.dtype != x.dtype and not _cast_by_autocast(tensor):
            raise RuntimeError(
                f"Input and hidden tensors are not the same dtype, found input tensor with {x.dtype} "
                f"and hidden tensor with {tensor.dtype}"
            )
    if x.size(0) == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")


def check_pair(hx: Any, name: str) -> None:
    """InputError unless ``hx`` is a tuple of tensors, RuntimeError unless of two; ``name`` as in torch.nn."""
    if not (isinstance(hx, tuple | list) and all(isinstance(tensor, Tensor) for tensor in hx)):
        raise InputError(f"hx must be a pair of tensors (h_0, c_0), got {type(hx).__name__}")
    if len(hx) != 2:
        raise RuntimeError(f"{name} expects two hidden states")


def check_step(
    name: str,
    input: Tensor,  # noqa: A002
    state: Sequence[Tensor] | None,
    weight: Tensor,
    hidden_size: int,
) -> bool:
    """Whether the input of the cell called ``name`` is batched, (N, I) and not (I,).

    ValueError for another rank of input or states, RuntimeError for other sizes or dtypes. weight (·, I).
    """
    if input.dim() not in (1, 2):
        raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
    batched = input.dim() == 2
    for k, tensor in enumerate(state or ()):
        argument = f"hx[{k}]" if name == "LSTMCell" else "hidden"
        if tensor.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected {argument} to be 1D or 2D, got {tensor.dim()}D instead")
    if input.size(-1) != weight.size(-1):
        raise RuntimeError(
            f"input has inconsistent input_size: got {input.size(-1)} expected {weight.size(-1)}"
        )
    for k, tensor in enumerate(state or ()):
        size = tensor.shape if batched else (1, *tensor.shape)
        if batched and size[0] != input.size(0):
            raise RuntimeError(
                f"Input batch size {input.size(0)} doesn't match hidden{k} batch size {size[0]}"
            )
        if size[1] != hidden_size:
            raise RuntimeError(
                f"hidden{k} has inconsistent hidden_size: got {size[1]}, expected {hidden_size}"
            )
    for tensor in (input, *(state or ())):
        if tensor.dtype != weight.dtype and not _cast_by_autocast(tensor):
            raise RuntimeError(
                f"mat1 and mat2 must have the same dtype, but got {tensor.dtype} and {weight.dtype}"
            )
    return batched


def as_lengths(lengths: Any) -> Tensor | None:
    """The lengths as a tensor on the CPU; their number and range are checked where they are used."""
    if lengths is None:
        return None
    if not isinstance(lengths, Tensor):
        try:
            return torch.tensor(lengths)
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
