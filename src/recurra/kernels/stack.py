"""Whole stacks of recurrent layers on the native kernels: inference, training, one step.

Time-major: x (T, N, I), output (T, N, D·H), states (L·D, N, H) by layer, then direction. x may have any
strides as long as its last axis is contiguous, so a transposed (N, T, I) costs nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.kernels.arguments import (
    Arrays,
    Inputs,
    check_array,
    check_parameters,
    check_state,
    check_threads,
    contiguous,
    strided,
)
from recurra.kernels.memory import empty
from recurra.kernels.native import Array, by_precision
from recurra.kernels.plan import Run, plan_of
from recurra.kernels.tape import TapeViews, check_tape, new_tape

_PLAIN = (None, None, None)  # no noise


class PackedStack:
    """The parameters of a stack, copied into the order in which the kernels read them.

    Immutable: changing the arrays afterwards does not show, and any number of threads may use one. Raises
    InputError where a parameter is missing, has another shape or another precision than the rest, and unless
    ``threads``, which copy them, lie between 1 and 1024.
    """

    def __init__(self, stack: Stack, parameters: Mapping[str, Array], *, threads: int = 1) -> None:
        self.stack = stack
        self.plan = plan_of(stack)
        self.dtype = check_parameters(stack, parameters)
        threads = check_threads(threads)
        layer = by_precision("Layer", self.dtype)
        self.layers: list[Any] = [
            layer(run.cell, own_parameters(run, parameters, self.dtype), threads) for run in self.plan.runs
        ]
        """The native layer of each run of the stack."""

    def forward(
        self,
        x: Array,
        state: Mapping[str, Array] | None = None,
        lengths: Array | None = None,
        *,
        threads: int = 1,
    ) -> tuple[Array, Arrays]:
        """Output (T, N, D·H) and final states of x (T, N, I); ``state`` None is zeros.

        ``lengths`` (N,) whole numbers, any order, zero allowed: output is zero past a row's length, a row's
        final state is that of its own last step (its initial state for length 0), and the reverse direction
        starts at that step. A row gives the same bits in every batch and with any number of threads.
        """
        output, state_n, _ = self.run(self._inputs(x, state, lengths, None, None, threads))
        return output, state_n

    def forward_train(
        self,
        x: Array,
        state: Mapping[str, Array] | None = None,
        lengths: Array | None = None,
        dropout_masks: Array | None = None,
        noise: Mapping[str, Array] | None = None,
        *,
        threads: int = 1,
        equal_tapes: bool = True,
    ) -> tuple[Array, Arrays, Array]:
        """As `forward`, and the tape (`tape_size` values) that `backward` reads.

        Equal passes leave equal tapes; ``equal_tapes`` False saves the time that this takes with ``lengths``.

        ``dropout_masks`` (L-1, T, N, D·H) multiply what each layer passes to the next, already scaled by
        1/(1-p). ``noise`` may hold, for each of the L·D runs, "recurrent" (L·D, N, ·), which multiplies the
        h′ that enters W_hh, and "keep_h" (L·D, T, N, ·) and "keep_c" (L·D, T, N, H), how much of the old
        state stays (zoneout); without the last two zoneout acts by its expectation.
        """
        inputs = self._inputs(x, state, lengths, dropout_masks, noise, threads)
        return self.run(inputs, new_tape(self.plan, inputs, equal=equal_tapes))

    def step(self, x: Array, state: Mapping[str, Array]) -> tuple[Array, Arrays]:
        """One step of one row, in one direction: x (I,), states (L, H); output (H,) and new states."""
        if self.stack.bidirectional:
            raise InputError(
                "step needs a stack in one direction, got bidirectional=True; give forward whole sequences"
            )
        x = contiguous(check_array("x", x, (self.stack.cell.input_size,)), self.dtype)
        states = check_state(self.stack, state, None, self.dtype)
        new = {name: np.empty_like(array) for name, array in states.items()}
        for k, layer in enumerate(self.layers):
            layer.step(
                x,
                states["h"][k],
                states["c"][k] if "c" in states else None,
                new["h"][k],
                new["c"][k] if "c" in new else None,
                self.plan.zoneout,
            )
            x = new["h"][k]
        return x.copy(), new

    def step_rows(self, x: Array, state: Mapping[str, Array], *, threads: int = 1) -> tuple[Array, Arrays]:
        """One step of N rows, in one direction: x (N, I), states (L, N, ·); output (N, R) and new states.

        The bits of `forward`, in less time where rows are few, for arrays that are ready to be read:
        C-contiguous and of the parameters' precision. Raises ValueError or TypeError for others.
        """
        if self.stack.bidirectional:
            raise InputError("step_rows needs a stack in one direction, got bidirectional=True; use forward")
        new = {name: np.empty_like(array) for name, array in state.items()}
        return step_layers(self.layers, 0, x, state, new, self.plan.zoneout, threads), new

    def _inputs(self, *given: Any) -> Inputs:
        return Inputs.of(self.stack, self.dtype, *given)

    def run(self, inputs: Inputs, tape: Array | None = None) -> tuple[Array, Arrays, Array]:
        """Output, final states and tape of inputs that are known to fit; ``tape`` is `new_tape`'s or none."""
        stack, x, states = self.stack, inputs.x, inputs.states
        T, N = x.shape[:2]
        zoneout = self.plan.zoneout
        new = {name: np.empty_like(array) for name, array in states.items()}
        views = None if tape is None else TapeViews.of(self.plan, inputs, tape)
        D, R = stack.num_directions, stack.cell.output_size
        output = x
        for layer in range(stack.num_layers):
            if layer and inputs.dropout_masks is not None:
                x = x * inputs.dropout_masks[layer - 1]
            inner = views is not None and layer < stack.num_layers - 1
            output = views.outputs[layer] if views is not None and inner else empty((T, N, D * R), self.dtype)
            for d in range(D):
                k = layer * D + d
                self.layers[k].forward(
                    x,
                    states["h"][k],
                    states["c"][k] if "c" in states else None,
                    inputs.lengths,
                    d == 1,
                    output[:, :, d * R : (d + 1) * R],
                    new["h"][k],
                    new["c"][k] if "c" in new else None,
                    views.runs[k] if views is not None else None,
                    *inputs.noise_of_run(k),
                    zoneout,
                    inputs.threads,
                )
            x = output
        return output, new, np.empty(0, self.dtype) if tape is None else tape


def step_layers(
    layers: Sequence[Any],
    first: int,
    x: Array,
    state: Mapping[str, Array],
    new: Mapping[str, Array],
    zoneout: float,
    threads: int,
) -> Array:
    """One step of N rows, x (N, ·), by layers whose states begin at ``first``: the last output (N, R)."""
    h, c, x = state["h"], state.get("c"), x[None]
    for k, layer in enumerate(layers, start=first):
        y = np.empty((1, *h.shape[1:]), h.dtype)
        own = (None, None) if c is None else (c[k], new["c"][k])
        layer.forward(x, h[k], own[0], None, False, y, new["h"][k], own[1], None, *_PLAIN, zoneout, threads)
        x = y
    return x[0]


def backward(
    stack: Stack,
    parameters: Mapping[str, Array],
    x: Array,
    state: Mapping[str, Array] | None,
    lengths: Array | None,
    dropout_masks: Array | None,
    output: Array,
    tape: Array,
    d_output: Array,
    d_state_n: Mapping[str, Array],
    noise: Mapping[str, Array] | None = None,
    *,
    need_dx: bool = True,
    threads: int = 1,
) -> tuple[Array | None, Arrays, Arrays]:
    """Gradients of x (None unless ``need_dx``), of the initial states and of every parameter.

    Takes what `PackedStack.forward_train` was given and what it returned, and the gradients of output and
    final states. Changes none of them, so it may be called again.
    """
    dtype = check_parameters(stack, parameters)
    inputs = Inputs.of(stack, dtype, x, state, lengths, dropout_masks, noise, threads)
    T, N = inputs.x.shape[:2]
    shape = T, N, stack.output_size
    check_array("output", output, shape)
    tape = check_tape(plan_of(stack), inputs, tape)
    check_array("d_output", d_output, shape)
    d_states_n = check_state(stack, d_state_n, N, dtype, name="d_state_n")
    return differentiate(stack, parameters, inputs, output, tape, d_output, d_states_n, need_dx=need_dx)


def differentiate(
    stack: Stack,
    parameters: Mapping[str, Array],
    inputs: Inputs,
    output: Array,
    tape: Array,
    d_output: Array,
    d_state_n: Mapping[str, Array],
    *,
    need_dx: bool,
) -> tuple[Array | None, Arrays, Arrays]:
    """`backward` of arrays that are known to fit; ``tape`` contiguous."""
    plan, dtype = plan_of(stack), inputs.x.dtype
    x, states, dropout_masks = inputs.x, inputs.states, inputs.dropout_masks
    D, R = stack.num_directions, stack.cell.output_size
    output, d_output = strided(output, dtype), strided(d_output, dtype)
    d_states_n = {name: contiguous(array, dtype) for name, array in d_state_n.items()}
    views = TapeViews.of(plan, inputs, tape)
    d_states = {name: np.empty_like(array) for name, array in states.items()}
    gradients = {name: empty(shape, dtype) for name, shape in stack.parameter_shapes().items()}
    native_backward = by_precision("backward", dtype)
    dx: Array | None = None
    for layer in reversed(range(stack.num_layers)):
        layer_x = x if layer == 0 else views.outputs[layer - 1]
        if layer and dropout_masks is not None:
            layer_x = layer_x * dropout_masks[layer - 1]
        y = output if layer == stack.num_layers - 1 else views.outputs[layer]
        dx = None
        for run in plan.runs[layer * D : (layer + 1) * D]:
            k, own = run.index, slice(run.reverse * R, (run.reverse + 1) * R)
            own_dx = empty(layer_x.shape, dtype) if layer or need_dx else None
            native_backward(
                run.cell,
                own_parameters(run, parameters, dtype),
                layer_x,
                states["h"][k],
                states["c"][k] if "c" in states else None,
                inputs.lengths,
                run.reverse,
                y[:, :, own],
                views.runs[k],
                d_output[:, :, own],
                d_states_n["h"][k],
                d_states_n["c"][k] if "c" in states else None,
                own_dx,
                d_states["h"][k],
                d_states["c"][k] if "c" in states else None,
                run.parameters(gradients),
                *inputs.noise_of_run(k),
                plan.zoneout,
                inputs.threads,
            )
            dx = own_dx if dx is None or own_dx is None else np.add(dx, own_dx, out=dx)
        if layer:
            assert dx is not None  # noqa: S101 - inner layers always compute it
            d_output = dx if dropout_masks is None else dx * dropout_masks[layer - 1]
    return dx, d_states, gradients


def own_parameters(run: Run, parameters: Mapping[str, Array], dtype: np.dtype[Any]) -> Arrays:
    return {name: contiguous(array, dtype) for name, array in run.parameters(parameters).items()}
