"""Whole stacks of recurrent layers on the native kernels: inference, training, one step.

Time-major: x (T, N, I), output (T, N, D·H), states (L·D, N, H) by layer, then direction. x may have any
strides as long as its last axis is contiguous, so a transposed (N, T, I) costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.cells import Direction, Stack
from recurra.cells.lengths import check_lengths
from recurra.kernels.native import Array, by_precision, common_dtype, native_name, native_tape_per_step

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
            (run, layer(native_name(run.cell), _own_parameters(run, parameters))) for run in stack.layers()
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
        output, state_n, _ = self._forward(x, state, lengths, None, None, False, threads)
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
    ) -> tuple[Array, Arrays, Array]:
        """As `forward`, and the tape (`tape_size` values) that `backward` reads.

        ``dropout_masks`` (L-1, T, N, D·H) multiply what each layer passes to the next, already scaled by
        1/(1-p). ``noise`` may hold, for each of the L·D runs, "recurrent" (L·D, N, ·), which multiplies the
        h′ that enters W_hh, and "keep_h" (L·D, T, N, ·) and "keep_c" (L·D, T, N, H), how much of the old
        state stays (zoneout); without the last two zoneout acts by its expectation.
        """
        return self._forward(x, state, lengths, dropout_masks, noise, True, threads)

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
                _zoneout(self.stack),
            )
            x = new["h"][k]
        return x.copy(), new

    def _forward(
        self,
        x: Array,
        state: Mapping[str, Array] | None,
        lengths: Array | None,
        dropout_masks: Array | None,
        noise: Mapping[str, Array] | None,
        train: bool,
        threads: int,
    ) -> tuple[Array, Arrays, Array]:
        stack = self.stack
        x = _readable(_checked(x, "x", (None, None, stack.cell.input_size)), self.dtype)
        T, N = x.shape[:2]
        lengths = None if lengths is None else check_lengths(lengths, T, N)
        states = _given_state(stack, state, N, self.dtype)
        new = {name: np.empty_like(array) for name, array in states.items()}
        masks = _given_noise(stack, noise, T, N, self.dtype)
        # Zeros where rows are ragged: the places of dead steps stay unwritten; equal calls give equal tapes.
        room = np.empty if lengths is None else np.zeros
        tape = room(tape_size(stack, T, N, self.dtype, noisy=bool(masks)) if train else 0, self.dtype)
        views = _TapeViews.of(stack, T, N, tape, bool(masks)) if train else None
        D, R = stack.num_directions, stack.cell.output_size
        output = x
        for layer in range(stack.num_layers):
            if layer and dropout_masks is not None:
                x = x * dropout_masks[layer - 1]
            inner = views is not None and layer < stack.num_layers - 1
            output = (
                views.outputs[layer] if views is not None and inner else np.empty((T, N, D * R), self.dtype)
            )
            for d in range(D):
                k = layer * D + d
                self._runs[k][1].forward(
                    x,
                    states["h"][k],
                    states["c"][k] if "c" in states else None,
                    lengths,
                    d == 1,
                    output[:, :, d * R : (d + 1) * R],
                    new["h"][k],
                    new["c"][k] if "c" in new else None,
                    views.runs[k] if views is not None else None,
                    *_masks_of_run(masks, k),
                    _zoneout(stack),
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
    noise: Mapping[str, Array] | None = None,
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
    D, R = stack.num_directions, stack.cell.output_size
    masks = _given_noise(stack, noise, T, N, dtype)
    lengths = None if lengths is None else check_lengths(lengths, T, N)
    states = _given_state(stack, state, N, dtype)
    d_states_n = _given_state(stack, d_state_n, N, dtype)
    d_states = {name: np.empty_like(array) for name, array in states.items()}
    gradients = {name: np.empty(shape, dtype) for name, shape in stack.parameter_shapes().items()}
    views = _TapeViews.of(stack, T, N, tape, bool(masks))
    native_backward = by_precision("backward", dtype)
    d_output = _readable(_checked(d_output, "d_output", (T, N, D * R)), dtype)
    runs = stack.layers()
    dx: Array | None = None
    for layer in reversed(range(stack.num_layers)):
        layer_x = x if layer == 0 else views.outputs[layer - 1]
        if layer and dropout_masks is not None:
            layer_x = layer_x * dropout_masks[layer - 1]
        y = output if layer == stack.num_layers - 1 else views.outputs[layer]
        dx = None
        for run in runs[layer * D : (layer + 1) * D]:
            k, own = run.index, slice(run.reverse * R, (run.reverse + 1) * R)
            own_dx = np.empty(layer_x.shape, dtype) if layer or need_dx else None
            native_backward(
                native_name(run.cell),
                _own_parameters(run, parameters),
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
                run.parameters(gradients),
                *_masks_of_run(masks, k),
                _zoneout(stack),
                threads,
            )
            dx = own_dx if dx is None or own_dx is None else np.add(dx, own_dx, out=dx)
        if layer:
            assert dx is not None  # noqa: S101 - inner layers always compute it
            d_output = dx if dropout_masks is None else dx * dropout_masks[layer - 1]
    return dx, d_states, gradients


def tape_size(stack: Stack, T: int, N: int, dtype: Any = np.float32, *, noisy: bool = False) -> int:
    """Values that `PackedStack.forward_train` keeps for `backward`, whatever the lengths.

    ``noisy``: whether it is given ``noise``.
    """
    return sum(_tape_parts(stack, T, N, np.dtype(dtype), noisy))


def _tape_parts(stack: Stack, T: int, N: int, dtype: np.dtype[Any], noisy: bool) -> list[int]:
    noisy = noisy or _zoneout(stack) != 0
    runs = [T * N * native_tape_per_step(run.cell, dtype, noisy) for run in stack.layers()]
    return runs + [T * N * stack.output_size] * (stack.num_layers - 1)


@dataclass(frozen=True)
class _TapeViews:
    """A flat tape, part by part: what each run kept; the output (T, N, D·H) of all layers but the last."""

    runs: list[Array]
    outputs: list[Array]

    @classmethod
    def of(cls, stack: Stack, T: int, N: int, tape: Array, noisy: bool) -> "_TapeViews":
        sizes = _tape_parts(stack, T, N, tape.dtype, noisy)
        if tape.shape != (sum(sizes),):
            raise InputError(f"tape must have shape ({sum(sizes)},), got {tape.shape}")
        parts = np.split(tape, np.cumsum(sizes)[:-1])
        runs = len(stack.layers())
        outputs = [part.reshape(T, N, stack.output_size) for part in parts[runs:]]
        return cls(parts[:runs], outputs)


def _zoneout(stack: Stack) -> float:
    return getattr(stack.cell, "zoneout", 0.0)


def _own_parameters(run: Direction, parameters: Mapping[str, Array]) -> Arrays:
    return {name: np.ascontiguousarray(array) for name, array in run.parameters(parameters).items()}


def _given_noise(
    stack: Stack, noise: Mapping[str, Array] | None, T: int, N: int, dtype: np.dtype[Any]
) -> Arrays:
    if noise and not stack.cell.has_recurrent_weights:
        raise InputError(f"noise must be None for {stack.cell.name}, got {', '.join(noise)}")
    runs, R, H = len(stack.layers()), stack.cell.output_size, stack.cell.hidden_size
    shapes = {"recurrent": (runs, N, R), "keep_h": (runs, T, N, R)}
    if "c" in stack.cell.states:
        shapes["keep_c"] = (runs, T, N, H)
    masks = {}
    for name, array in (noise or {}).items():
        one_of("noise", name, shapes)
        if array.shape != shapes[name]:
            raise InputError(f"noise {name!r} must have shape {shapes[name]}, got {array.shape}")
        masks[name] = np.ascontiguousarray(array, dtype)
    return masks


def _masks_of_run(masks: Arrays, k: int) -> list[Array | None]:
    return [masks[name][k] if name in masks else None for name in ("recurrent", "keep_h", "keep_c")]


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
