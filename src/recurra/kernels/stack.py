"""Whole stacks of recurrent layers on the native kernels: inference, training, one step.

Time-major: x (T, N, I), output (T, N, D·H), states (L·D, N, H) by layer, then direction. x may have any
strides as long as its last axis is contiguous, so a transposed (N, T, I) costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import Direction, Stack
from recurra.cells.lengths import check_lengths
from recurra.kernels import _native
from recurra.kernels.native import Array, by_precision, common_dtype, native_name

Arrays = dict[str, Array]


class PackedStack:
    """The parameters of a stack, copied into the order in which the kernels read them.

    Immutable: changing the arrays afterwards does not show, and any number of threads may use one. Raises
    InputError where a parameter is missing, has another shape or another precision than the rest.
    """

    def __init__(self, stack: Stack, parameters: Mapping[str, Array]) -> None:
        self.stack = stack
        self.dtype = _check_parameters(stack, parameters)
        layer = by_precision("Layer", self.dtype)
        self._runs = [
            (run, layer(native_name(run.cell), *_own_parameters(run, parameters))) for run in stack.layers()
        ]

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
        output, state_n, _ = self._forward(x, state, lengths, None, False, threads)
        return output, state_n

    def forward_train(
        self,
        x: Array,
        state: Mapping[str, Array] | None = None,
        lengths: Array | None = None,
        dropout_masks: Array | None = None,
        *,
        threads: int = 1,
    ) -> tuple[Array, Arrays, Array]:
        """As `forward`, and the tape (`tape_size` values) that `backward` reads.

        ``dropout_masks`` (L-1, T, N, D·H) multiply what each layer passes to the next, already scaled by
        1/(1-p).
        """
        return self._forward(x, state, lengths, dropout_masks, True, threads)

    def step(self, x: Array, state: Mapping[str, Array]) -> tuple[Array, Arrays]:
        """One step of one row, in one direction: x (I,), states (L, H); output (H,) and new states."""
        if self.stack.bidirectional:
            raise InputError(
                "step needs a stack in one direction, got bidirectional=True; give forward whole sequences"
            )
        cell = self.stack.cell
        if x.shape != (cell.input_size,):
            raise InputError(f"x must have shape ({cell.input_size},), got {x.shape}")
        states = _given_state(self.stack, state, None, self.dtype)
        new = {name: np.empty_like(array) for name, array in states.items()}
        x = np.ascontiguousarray(x, self.dtype)
        for run, layer in self._runs:
            k = run.index
            layer.step(
                x,
                states["h"][k],
                states["c"][k] if "c" in states else None,
                new["h"][k],
                new["c"][k] if "c" in new else None,
            )
            x = new["h"][k]
        return x.copy(), new

    def _forward(
        self,
        x: Array,
        state: Mapping[str, Array] | None,
        lengths: Array | None,
        dropout_masks: Array | None,
        train: bool,
        threads: int,
    ) -> tuple[Array, Arrays, Array]:
        stack = self.stack
        x = _readable(_checked(x, "x", (None, None, stack.cell.input_size)), self.dtype)
        T, N = x.shape[:2]
        lengths = None if lengths is None else check_lengths(lengths, T, N)
        states = _given_state(stack, state, N, self.dtype)
        new = {name: np.empty_like(array) for name, array in states.items()}
        # Zeros where rows are ragged: the places of dead steps stay unwritten; equal calls give equal tapes.
        room = np.empty if lengths is None else np.zeros
        tape = room(tape_size(stack, T, N, self.dtype) if train else 0, self.dtype)
        views = _TapeViews.of(stack, T, N, tape) if train else None
        D, H = stack.num_directions, stack.cell.output_size
        output = x
        for layer in range(stack.num_layers):
            if layer and dropout_masks is not None:
                x = x * dropout_masks[layer - 1]
            inner = views is not None and layer < stack.num_layers - 1
            output = (
                views.outputs[layer] if views is not None and inner else np.empty((T, N, D * H), self.dtype)
            )
            for d in range(D):
                k = layer * D + d
                self._runs[k][1].forward(
                    x,
                    states["h"][k],
                    states["c"][k] if "c" in states else None,
                    lengths,
                    d == 1,
                    output[:, :, d * H : (d + 1) * H],
                    new["h"][k],
                    new["c"][k] if "c" in new else None,
                    views.runs[k] if views is not None else None,
                    threads,
                )
            x = output
        return output, new, tape


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
    *,
    need_dx: bool = True,
    threads: int = 1,
) -> tuple[Array | None, Arrays, Arrays]:
    """Gradients of x (None unless ``need_dx``), of the initial states and of every parameter.

    Takes what `PackedStack.forward_train` was given and what it returned, and the gradients of output and
    final states. Changes none of them, so it may be called again.
    """
    dtype = _check_parameters(stack, parameters)
    x = _readable(_checked(x, "x", (None, None, stack.cell.input_size)), dtype)
    T, N = x.shape[:2]
    D, H = stack.num_directions, stack.cell.output_size
    lengths = None if lengths is None else check_lengths(lengths, T, N)
    states = _given_state(stack, state, N, dtype)
    d_states_n = _given_state(stack, d_state_n, N, dtype)
    d_states = {name: np.empty_like(array) for name, array in states.items()}
    gradients = {name: np.empty(shape, dtype) for name, shape in stack.parameter_shapes().items()}
    views = _TapeViews.of(stack, T, N, tape)
    native_backward = by_precision("backward", dtype)
    d_output = _readable(_checked(d_output, "d_output", (T, N, D * H)), dtype)
    runs = stack.layers()
    dx: Array | None = None
    for layer in reversed(range(stack.num_layers)):
        layer_x = x if layer == 0 else views.outputs[layer - 1]
        if layer and dropout_masks is not None:
            layer_x = layer_x * dropout_masks[layer - 1]
        y = output if layer == stack.num_layers - 1 else views.outputs[layer]
        dx = None
        for run in runs[layer * D : (layer + 1) * D]:
            k, own = run.index, slice(run.reverse * H, (run.reverse + 1) * H)
            weight_ih, weight_hh = _own_parameters(run, parameters)[:2]
            own_dx = np.empty(layer_x.shape, dtype) if layer or need_dx else None
            d_own = [
                gradients.get(name + run.suffix) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            native_backward(
                native_name(run.cell),
                weight_ih,
                weight_hh,
                layer_x,
                states["h"][k],
                states["c"][k] if "c" in states else None,
                lengths,
                run.reverse,
                y[:, :, own],
                views.runs[k],
                d_output[:, :, own],
                d_states_n["h"][k],
                d_states_n["c"][k] if "c" in states else None,
                own_dx,
                d_states["h"][k],
                d_states["c"][k] if "c" in states else None,
                *d_own,
                threads,
            )
            dx = own_dx if dx is None or own_dx is None else np.add(dx, own_dx, out=dx)
        if layer:
            assert dx is not None  # noqa: S101 - inner layers always compute it
            d_output = dx if dropout_masks is None else dx * dropout_masks[layer - 1]
    return dx, d_states, gradients


def tape_size(stack: Stack, T: int, N: int, dtype: Any = np.float32) -> int:
    """Values that `PackedStack.forward_train` keeps for `backward`, whatever the lengths."""
    inner = (stack.num_layers - 1) * T * N * stack.output_size
    return inner + sum(T * N * _tape_per_step(run, np.dtype(dtype)) for run in stack.layers())


@dataclass(frozen=True)
class _TapeViews:
    """A flat tape, part by part: what each run kept; the output (T, N, D·H) of all layers but the last."""

    runs: list[Array]
    outputs: list[Array]

    @classmethod
    def of(cls, stack: Stack, T: int, N: int, tape: Array) -> "_TapeViews":
        expected = tape_size(stack, T, N, tape.dtype)
        if tape.shape != (expected,):
            raise InputError(f"tape must have shape ({expected},), got {tape.shape}")
        runs = stack.layers()
        sizes = [T * N * _tape_per_step(run, tape.dtype) for run in runs]
        sizes += [T * N * stack.output_size] * (stack.num_layers - 1)
        parts = np.split(tape, np.cumsum(sizes)[:-1])
        outputs = [part.reshape(T, N, stack.output_size) for part in parts[len(runs) :]]
        return cls(parts[: len(runs)], outputs)


def _tape_per_step(run: Direction, dtype: np.dtype[Any]) -> int:
    sizes = _native.tape_per_step(native_name(run.cell), run.cell.input_size, run.cell.hidden_size)
    return sizes[dtype == np.float64]


def _own_parameters(run: Direction, parameters: Mapping[str, Array]) -> list[Array | None]:
    """weight_ih, weight_hh, bias_ih, bias_hh of one run; None for biases that the cell does not have."""
    shapes = run.cell.parameter_shapes()
    return [
        np.ascontiguousarray(parameters[name + run.suffix]) if name in shapes else None
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]


def _check_parameters(stack: Stack, parameters: Mapping[str, Array]) -> np.dtype[Any]:
    for name, shape in stack.parameter_shapes().items():
        if name not in parameters:
            raise InputError(f"parameter {name} is missing, got {', '.join(parameters) or 'none'}")
        if parameters[name].shape != shape:
            raise InputError(f"{name} must have shape {shape}, got {parameters[name].shape}")
    return common_dtype({name: parameters[name] for name in stack.parameter_shapes()})


def _checked(array: Array, name: str, shape: tuple[int | None, ...]) -> Array:
    if array.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape)):
        letters = iter("TN")
        wanted = ", ".join(next(letters) if size is None else str(size) for size in shape)
        raise InputError(f"{name} must have shape ({wanted}), got {array.shape}")
    return array


def _readable(array: Array, dtype: np.dtype[Any]) -> Array:
    """The array in that precision with a contiguous last axis, copied only where it has to be."""
    array = array.astype(dtype, copy=False)
    if array.shape[-1] > 1 and array.strides[-1] != array.itemsize:
        return np.ascontiguousarray(array)
    return array


def _given_state(
    stack: Stack, state: Mapping[str, Array] | None, N: int | None, dtype: np.dtype[Any]
) -> Arrays:
    """The states (L·D, N, H), or (L·D, H) for N None, as the kernels read them; zeros where none is given."""
    shapes = {
        name: shape if N is not None else (shape[0], shape[2])
        for name, shape in stack.state_shapes(N or 0).items()
    }
    if state is None:
        return {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
    for name, shape in shapes.items():
        if name not in state:
            raise InputError(f"state {name!r} is missing, got {', '.join(state) or 'none'}")
        if state[name].shape != shape:
            raise InputError(f"state {name!r} must have shape {shape}, got {state[name].shape}")
    return {name: np.ascontiguousarray(state[name], dtype) for name in shapes}
