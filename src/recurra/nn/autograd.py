"""How autograd goes through a stack: kernels forward, kernels backward, portable equations from then on.

Tensors travel as ``*noise, x, *state, *parameters``, since autograd looks for them among a function's own
arguments; ``states`` says how many of them are states.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd import forward_ad

from recurra.nn import ops, portable
from recurra.nn.direct import directly, in_transform
from recurra.nn.noise import Noise

Gradients: TypeAlias = tuple[Tensor | None, ...]


def run(
    specification: str,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    noise: Noise,
    parameters: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """The output (T, N, D·R) and each final state (L·D, N, ·); arguments as in `recurra.nn.ops`.

    The kernels compute them on the CPU, the portable equations elsewhere and in forward-mode differentiation.
    Raises InputError for lengths that do not fit.
    """
    if x.device.type != "cpu" or in_forward_mode():
        if lengths is not None:
            lengths = ops.checked_lengths(lengths, *x.shape[:2])
        return portable.run(ops.stack_of(specification), x, state, lengths, noise, parameters)
    direct = directly(lengths, *noise, x, *state, *parameters)
    if needs_gradient(x, *state, *parameters):
        function = _DirectForward if direct else _Forward
        *results, _ = function.apply(specification, len(state), lengths, *noise, x, *state, *parameters)
    else:
        forward = ops.forward_directly if direct else ops.forward
        *results, _ = forward(specification, x, state, lengths, *noise, parameters, False)
    return tuple(results)


def in_forward_mode() -> bool:
    """Whether some tensor may carry a tangent, which an operator would drop without a word."""
    # There is no public way to ask, and a tensor within torch.func's own wrappers does not show its tangent.
    return not torch.compiler.is_compiling() and forward_ad._current_level >= 0


def needs_gradient(*tensors: Tensor) -> bool:
    """Whether a function of these tensors is to keep what its derivative takes."""
    if torch.compiler.is_exporting() or torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]
        return False  # what is exported or traced is for inference
    # Under vmap a tensor does not show that a transform outside it wants its gradient.
    return torch.is_grad_enabled() and (any(tensor.requires_grad for tensor in tensors) or in_transform())


class _Forward(torch.autograd.Function):
    """(lengths, *noise, x, *state, *parameters) → (output, *state_n, tape)"""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        specification: str, states: int, lengths: Tensor | None, *tensors: Tensor | None
    ) -> tuple[Tensor, ...]:
        noise, x, state, parameters = _split(tensors, states)
        return tuple(ops.forward(specification, x, state, lengths, *noise, parameters, True))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple[Tensor, ...]) -> None:
        ctx.specification, ctx.states, *tensors = inputs
        result, tape = output[0], output[-1]
        ctx.mark_non_differentiable(tape)
        ctx.set_materialize_grads(False)  # the tape's would be as large as the tape
        ctx.save_for_backward(result, tape, *tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Gradients:
        saved = ctx.saved_tensors  # to be asked for once: checkpoints compute them anew
        result, _, _, *tensors = saved
        _, _, state, _ = _split(tensors, ctx.states)
        d_outputs = [
            torch.zeros_like(output) if gradient is None else gradient
            for output, gradient in zip([result, *state], gradients)  # the tape's is left out
        ]
        need_dx = ctx.needs_input_grad[3 + len(Noise._fields)]
        # A compiled graph has no second derivative, and the compiler can't trace one function inside another.
        second = torch.is_grad_enabled() and not torch.compiler.is_compiling()
        differentiate = _Backward.apply if second else _Backward.forward
        dx, *d_tensors = differentiate(ctx.specification, ctx.states, need_dx, *saved, *d_outputs)
        return *_NONE, dx if need_dx else None, *d_tensors


class _DirectForward(torch.autograd.Function):
    """`_Forward` for plain tensors, without what torch.func and the operators ask for."""

    @staticmethod
    def forward(
        ctx: Any, specification: str, states: int, lengths: Tensor | None, *tensors: Tensor | None
    ) -> tuple[Tensor, ...]:
        noise, x, state, parameters = _split(tensors, states)
        output = tuple(ops.forward_directly(specification, x, state, lengths, *noise, parameters, True))
        _Forward.setup_context(ctx, (specification, states, lengths, *tensors), output)
        return output

    backward = _Forward.backward


class _Backward(torch.autograd.Function):
    """(output, tape, lengths, *noise, x, *state, *parameters, d_output, *d_state_n)
    → (dx, *d_state, *d_parameters)

    Output and tape follow from the rest, so no gradient goes through them.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(
        specification: str,
        states: int,
        need_dx: bool,
        output: Tensor,
        tape: Tensor,
        lengths: Tensor | None,
        *tensors: Tensor | None,
    ) -> tuple[Tensor, ...]:
        noise, x, state, rest = _split(tensors, states)
        parameters, (d_output, *d_state_n) = rest[: -states - 1], rest[-states - 1 :]
        differentiate = ops.backward_directly if directly(output, lengths, *tensors) else ops.backward
        return tuple(
            differentiate(
                specification,
                x,
                state,
                lengths,
                *noise,
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
        ctx.specification, ctx.states, ctx.need_dx, _, _, *tensors = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Gradients:
        stack, states = ops.stack_of(ctx.specification), ctx.states
        lengths, *tensors = ctx.saved_tensors
        count = len(Noise._fields)
        noise, tensors = Noise(*tensors[:count]), tensors[count:]

        def outputs(x: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
            state, parameters = tensors[:states], tensors[states:]
            return portable.run(stack, x, state, lengths, noise, parameters)

        def first_derivative(*tensors: Tensor) -> tuple[Tensor, ...]:
            inputs, d_outputs = tensors[: -states - 1], tensors[-states - 1 :]
            dx, *d_inputs = torch.func.vjp(outputs, *inputs)[1](d_outputs)
            return dx if ctx.need_dx else dx.new_empty(0), *d_inputs

        second_derivative = torch.func.vjp(first_derivative, *tensors)[1](gradients)
        return None, None, None, *_NONE, *second_derivative


_NONE = (None,) * (3 + len(Noise._fields))
"""The gradients of specification, ``states``, lengths and noise."""


def _split(tensors: Sequence[Any], states: int) -> tuple[Noise, Tensor, Sequence[Tensor], Sequence[Tensor]]:
    """Noise, x, states and the rest, out of tensors in the order in which they travel."""
    count = len(Noise._fields)
    x, *others = tensors[count:]
    return Noise(*tensors[:count]), x, others[:states], others[states:]
