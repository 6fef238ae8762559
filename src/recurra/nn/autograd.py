"""How autograd goes through a stack: kernels forward, kernels backward, portable equations from then on.

Tensors travel as ``x, *state, *parameters``, since autograd looks for them among a function's own arguments;
``states`` says how many of them are states.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from recurra.cells import check_lengths
from recurra.nn import ops, portable

Gradients: TypeAlias = tuple[Tensor | None, ...]


def run(
    specification: str,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    dropout_masks: Tensor | None,
    parameters: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """The output (T, N, D·H) and each final state (L·D, N, ·); arguments as in `recurra.nn.ops`.

    On the CPU the kernels compute them, elsewhere the portable equations. Raises InputError for lengths that
    do not fit.
    """
    if x.device.type != "cpu":
        if lengths is not None:
            check_lengths(lengths.numpy(), *x.shape[:2])
        return portable.run(ops.stack_of(specification), x, state, lengths, dropout_masks, parameters)
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x, *state, *parameters)):
        *results, _ = _Forward.apply(
            specification, len(state), lengths, dropout_masks, x, *state, *parameters
        )
    else:
        *results, _ = ops.forward(specification, x, state, lengths, dropout_masks, parameters, False)
    return tuple(results)


class _Forward(torch.autograd.Function):
    """(x, *state, *parameters) → (output, *state_n, tape)"""

    @staticmethod
    def forward(
        specification: str,
        states: int,
        lengths: Tensor | None,
        dropout_masks: Tensor | None,
        x: Tensor,
        *tensors: Tensor,
    ) -> tuple[Tensor, ...]:
        state, parameters = tensors[:states], tensors[states:]
        return tuple(ops.forward(specification, x, state, lengths, dropout_masks, parameters, True))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple[Tensor, ...]) -> None:
        specification, states, lengths, dropout_masks, *tensors = inputs
        result, tape = output[0], output[-1]
        ctx.specification, ctx.states = specification, states
        ctx.mark_non_differentiable(tape)
        ctx.save_for_backward(lengths, dropout_masks, result, tape, *tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Gradients:
        d_outputs = gradients[:-1]  # all but the tape's
        need_dx = ctx.needs_input_grad[4]
        # A compiled graph has no second derivative, and the compiler can't trace one function inside another.
        differentiate = _Backward.forward if torch.compiler.is_compiling() else _Backward.apply
        dx, *d_tensors = differentiate(ctx.specification, ctx.states, need_dx, *ctx.saved_tensors, *d_outputs)
        return None, None, None, None, dx if need_dx else None, *d_tensors


class _Backward(torch.autograd.Function):
    """(output, tape, x, *state, *parameters, d_output, *d_state_n) → (dx, *d_state, *d_parameters)

    Output and tape follow from the rest, so no gradient goes through them.
    """

    @staticmethod
    def forward(
        specification: str,
        states: int,
        need_dx: bool,
        lengths: Tensor | None,
        dropout_masks: Tensor | None,
        output: Tensor,
        tape: Tensor,
        x: Tensor,
        *tensors: Tensor,
    ) -> tuple[Tensor, ...]:
        state, parameters = tensors[:states], tensors[states : -states - 1]
        d_output, *d_state_n = tensors[-states - 1 :]
        return tuple(
            ops.backward(
                specification,
                x,
                state,
                lengths,
                dropout_masks,
                parameters,
                output,
                tape,
                d_output,
                d_state_n,
                need_dx,
            )
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple[Tensor, ...]) -> None:  # noqa: ARG004
        specification, states, need_dx, lengths, dropout_masks, _, _, *tensors = inputs
        ctx.specification, ctx.states, ctx.need_dx = specification, states, need_dx
        ctx.save_for_backward(lengths, dropout_masks, *tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Gradients:
        stack, states = ops.stack_of(ctx.specification), ctx.states
        lengths, dropout_masks, *tensors = ctx.saved_tensors

        def outputs(x: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
            state, parameters = tensors[:states], tensors[states:]
            return portable.run(stack, x, state, lengths, dropout_masks, parameters)

        def first_derivative(*tensors: Tensor) -> tuple[Tensor, ...]:
            inputs, d_outputs = tensors[: -states - 1], tensors[-states - 1 :]
            dx, *d_inputs = torch.func.vjp(outputs, *inputs)[1](d_outputs)
            return dx if ctx.need_dx else dx.new_empty(0), *d_inputs

        second_derivative = torch.func.vjp(first_derivative, *tensors)[1](gradients)
        return None, None, None, None, None, None, None, *second_derivative
