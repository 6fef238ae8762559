"""The two operators that PyTorch sees: a whole stack forward, and its derivative. CPU, float32 or float64.

Shapes, for T steps, N rows, L layers, D directions: x (T, N, I); each state (L·D, N, ·), in the order of the
cell's ``states``; parameters in the order of ``Stack.parameter_shapes``; lengths (N,) int64 or None for T
each; dropout masks (L-1, T, N, D·H), already scaled, or None; the tape one flat tensor that only the kernels
understand. ``specification`` is a stack as JSON, since an operator takes no Python objects.
"""

import functools
import json
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from recurra import kernels
from recurra.cells import Stack, check_lengths


def specify(stack: Stack) -> str:
    """The stack as the text that the operators take."""
    return json.dumps(stack.to_dict())


@functools.cache
def stack_of(specification: str) -> Stack:
    """The stack that `specify` described."""
    return Stack.from_dict(json.loads(specification))


@torch.library.custom_op("recurra::stack", mutates_args=(), device_types="cpu")
def forward(
    specification: str,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    dropout_masks: Tensor | None,
    parameters: Sequence[Tensor],
    keep_tape: bool,
) -> list[Tensor]:
    """Output (T, N, D·H), each final state (L·D, N, ·), and the tape for `backward` or an empty tensor.

    Raises InputError for lengths that do not fit.
    """
    stack = stack_of(specification)
    packed = kernels.PackedStack(stack, _named(stack.parameter_shapes(), parameters))
    arguments = _array(x), _named(stack.cell.states, state), _lengths(x, lengths)
    threads = torch.get_num_threads()
    if keep_tape or dropout_masks is not None:
        output, state_n, tape = packed.forward_train(*arguments, _optional(dropout_masks), threads=threads)
    else:
        output, state_n = packed.forward(*arguments, threads=threads)
        tape = None
    return [
        torch.from_numpy(output),
        *(torch.from_numpy(state_n[name]) for name in stack.cell.states),
        torch.from_numpy(tape) if tape is not None and keep_tape else x.new_empty(0),
    ]


@forward.register_fake
def _(specification, x, state, lengths, dropout_masks, parameters, keep_tape):  # noqa: ARG001
    stack = stack_of(specification)
    T, N, _ = x.shape
    tape_size = kernels.tape_size(stack, T, N, _NUMPY_DTYPES[x.dtype]) if keep_tape else 0
    return [
        x.new_empty(T, N, stack.output_size),
        *(x.new_empty(shape) for shape in stack.state_shapes(N).values()),
        x.new_empty(tape_size),
    ]


@torch.library.custom_op("recurra::stack_backward", mutates_args=(), device_types="cpu")
def backward(
    specification: str,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    dropout_masks: Tensor | None,
    parameters: Sequence[Tensor],
    output: Tensor,
    tape: Tensor,
    d_output: Tensor,
    d_state_n: Sequence[Tensor],
    need_dx: bool,
) -> list[Tensor]:
    """Gradients of x (empty unless ``need_dx``), of each initial state and of each parameter.

    Takes what `forward` was given and what it returned, and the gradients of output and final states.
    """
    stack = stack_of(specification)
    dx, d_state, d_parameters = kernels.backward(
        stack,
        _named(stack.parameter_shapes(), parameters),
        _array(x),
        _named(stack.cell.states, state),
        _lengths(x, lengths),
        _optional(dropout_masks),
        _array(output),
        _array(tape),
        _array(d_output),
        _named(stack.cell.states, d_state_n),
        need_dx=need_dx,
        threads=torch.get_num_threads(),
    )
    return [
        x.new_empty(0) if dx is None else torch.from_numpy(dx),
        *(torch.from_numpy(d_state[name]) for name in stack.cell.states),
        *(torch.from_numpy(d_parameters[name]) for name in stack.parameter_shapes()),
    ]


@backward.register_fake
def _(specification, x, state, lengths, masks, parameters, output, tape, d_output, d_state_n, need_dx):  # noqa: ARG001
    dx = x.new_empty(x.shape if need_dx else 0)
    return [dx, *(tensor.new_empty(tensor.shape) for tensor in (*state, *parameters))]


_NUMPY_DTYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


def _array(tensor: Tensor) -> np.ndarray:
    """The tensor's memory as NumPy's, where the kernels can read it: its last axis contiguous."""
    return (tensor if tensor.stride(-1) == 1 else tensor.contiguous()).detach().numpy()


def _optional(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else _array(tensor)


def _named(names: Iterable[str], tensors: Sequence[Tensor]) -> dict[str, np.ndarray]:
    return {name: _array(tensor) for name, tensor in zip(names, tensors)}


def _lengths(x: Tensor, lengths: Tensor | None) -> np.ndarray | None:
    return None if lengths is None else check_lengths(lengths.numpy(), *x.shape[:2])
