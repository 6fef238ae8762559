"""The operators that PyTorch sees: a whole stack forward, and its derivative. CPU, float32 or float64.

Shapes, for T steps, N rows, L layers, D directions: x (T, N, I); each state (L·D, N, ·), in the order of the
cell's ``states``; parameters in the order of ``Stack.parameter_shapes``; lengths (N,) int64 or None for T
each; masks as in `recurra.nn.noise.Noise`; the tape one flat tensor that only the kernels understand.
``specification`` is a stack as JSON, since an operator takes no Python objects.

An operator's call costs tens of microseconds more than its function's; `recurra.nn.direct` says when
nothing needs it.
"""

import functools
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra import kernels
from recurra.cells import Stack, check_lengths
from recurra.nn.noise import Noise


def specify(stack: Stack) -> str:
    """The stack as the text that the operators take."""
    return json.dumps(stack.to_dict())


@functools.cache
def stack_of(specification: str) -> Stack:
    """The stack that `specify` described."""
    return Stack.from_dict(json.loads(specification))


def _forward(
    equal_tapes: bool,
    specification: str,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    between_layers: Tensor | None,
    recurrent: Tensor | None,
    keep_h: Tensor | None,
    keep_c: Tensor | None,
    parameters: Sequence[Tensor],
    keep_tape: bool,
) -> list[Tensor]:
    stack = stack_of(specification)
    own = _named(stack.parameter_shapes(), parameters)
    packed = kernels.PackedStack(stack, own, threads=torch.get_num_threads())
    inputs = _inputs(stack, x, state, lengths, Noise(between_layers, recurrent, keep_h, keep_c))
    tape = kernels.new_tape(packed.plan, inputs, equal=equal_tapes) if keep_tape else None
    output, state_n, tape = packed.run(inputs, tape)
    return [
        torch.from_numpy(output),
        *(torch.from_numpy(state_n[name]) for name in stack.cell.states),
        torch.from_numpy(tape),
    ]


forward_directly = functools.partial(_forward, False)
"""`forward` as a function, but for what stands in the tape where no row has a step."""


@torch.library.custom_op("recurra::stack", mutates_args=(), device_types="cpu")
def forward(
    specification: str,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    between_layers: Tensor | None,
    recurrent: Tensor | None,
    keep_h: Tensor | None,
    keep_c: Tensor | None,
    parameters: Sequence[Tensor],
    keep_tape: bool,
) -> list[Tensor]:
    """Output (T, N, D·R), each final state (L·D, N, ·), and the tape for `backward` or an empty tensor.

    Raises InputError for lengths that do not fit.
    """
    masks = between_layers, recurrent, keep_h, keep_c
    return _forward(True, specification, x, state, lengths, *masks, parameters, keep_tape)


@forward.register_fake
def _(specification, x, state, lengths, between_layers, recurrent, keep_h, keep_c, parameters, keep_tape):  # noqa: ARG001
    stack = stack_of(specification)
    T, N, _ = x.shape
    noisy = any(mask is not None for mask in (recurrent, keep_h, keep_c))
    tape_size = kernels.tape_size(stack, T, N, _NUMPY_DTYPES[x.dtype], noisy=noisy) if keep_tape else 0
    return [
        x.new_empty(T, N, stack.output_size),
        *(x.new_empty(shape) for shape in stack.state_shapes(N).values()),
        x.new_empty(tape_size),
    ]


def backward_directly(
    specification: str,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    between_layers: Tensor | None,
    recurrent: Tensor | None,
    keep_h: Tensor | None,
    keep_c: Tensor | None,
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
    dx, d_state, d_parameters = kernels.differentiate(
        stack,
        _named(stack.parameter_shapes(), parameters),
        _inputs(stack, x, state, lengths, Noise(between_layers, recurrent, keep_h, keep_c)),
        _array(output),
        _array(tape),
        _array(d_output),
        _named(stack.cell.states, d_state_n),
        need_dx=need_dx,
    )
    return [
        x.new_empty(0) if dx is None else torch.from_numpy(dx),
        *(torch.from_numpy(d_state[name]) for name in stack.cell.states),
        *(torch.from_numpy(d_parameters[name]) for name in stack.parameter_shapes()),
    ]


backward = torch.library.custom_op(
    "recurra::stack_backward", backward_directly, mutates_args=(), device_types="cpu"
)


@backward.register_fake
def _(specification, x, state, lengths, between_layers, recurrent, keep_h, keep_c, parameters, *rest):  # noqa: ARG001
    dx = x.new_empty(x.shape if rest[-1] else 0)
    return [dx, *(tensor.new_empty(tensor.shape) for tensor in (*state, *parameters))]


@torch.library.custom_op("recurra::checked_lengths", mutates_args=(), device_types="cpu")
def checked_lengths(lengths: Tensor, T: int, N: int) -> Tensor:
    """The lengths as int64 (N,); InputError unless `recurra.cells.check_lengths` lets them pass.

    An operator, so that a compiled graph makes the check when it runs.
    """
    return torch.from_numpy(check_lengths(lengths.numpy(), T, N))


@checked_lengths.register_fake
def _(lengths, T, N):  # noqa: ARG001
    return lengths.new_empty(N, dtype=torch.int64)


@torch.library.custom_op("recurra::live", mutates_args=())
def live(x: Tensor, lengths: Tensor) -> Tensor:
    """Whether each step of x (T, N, I) is within its row, (T, N, 1) on its device.

    InputError as by `checked_lengths`. Takes x and not its sizes, which a trace would pin.
    """
    T, N = x.shape[:2]
    checked = torch.from_numpy(check_lengths(lengths.numpy(), T, N)).to(x.device)
    return (torch.arange(T, device=x.device)[:, None] < checked)[..., None]


@live.register_fake
def _(x, lengths):  # noqa: ARG001
    return x.new_empty(*x.shape[:2], 1, dtype=torch.bool)


@live.register_vmap
def _(info: Any, in_dims: tuple, x: Tensor, lengths: Tensor) -> tuple[Tensor, int | None]:  # noqa: ARG001
    x_dim, lengths_dim = in_dims
    x = x if x_dim is None else x.select(x_dim, 0)  # only its shape matters
    if lengths_dim is None:
        return live(x, lengths), None
    return torch.stack([live(x, entry) for entry in lengths.unbind(lengths_dim)]), 0


def _one_by_one(operator: Any) -> Any:
    """How ``operator`` maps over a new axis, under torch.func.vmap: a call for each entry of it."""

    def entry(argument: Any, dim: Any, k: int) -> Any:
        if isinstance(argument, list | tuple):
            return [entry(*each, k) for each in zip(argument, dim)]
        return argument if dim is None else argument.select(dim, k)

    def rule(info: Any, in_dims: tuple, *arguments: Any) -> tuple[list[Tensor], list[int]]:
        calls = [
            operator(*(entry(*each, k) for each in zip(arguments, in_dims))) for k in range(info.batch_size)
        ]
        results = [torch.stack(entries) for entries in zip(*calls)]
        return results, [0] * len(results)

    return rule


torch.library.register_vmap(forward, _one_by_one(forward))
torch.library.register_vmap(backward, _one_by_one(backward))


_NUMPY_DTYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


def _array(tensor: Tensor) -> np.ndarray:
    """The tensor's memory as NumPy's."""
    return tensor.numpy(force=True)  # a view, in half the time of detach().numpy()


def _inputs(
    stack: Stack, x: Tensor, state: Sequence[Tensor], lengths: Tensor | None, noise: Noise
) -> kernels.Inputs:
    """What the kernels read. The layers have checked the shapes of all but the lengths."""
    return kernels.Inputs.laid_out(
        _NUMPY_DTYPES[x.dtype],
        _array(x),
        _named(stack.cell.states, state),
        None if lengths is None else check_lengths(lengths.numpy(), *x.shape[:2]),
        None if noise.between_layers is None else _array(noise.between_layers),
        {name: _array(mask) for name, mask in noise.of_cells().items()},
        torch.get_num_threads(),
    )


def _named(names: Iterable[str], tensors: Sequence[Tensor]) -> dict[str, np.ndarray]:
    return {name: _array(tensor) for name, tensor in zip(names, tensors)}
