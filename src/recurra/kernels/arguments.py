"""Checks of what the kernels are given: InputError names the argument, what came and what was expected.

They take any real numbers and copy only what is not already laid out and as precise as the kernels read it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_int
from recurra._base.wording import count
from recurra.cells import Stack
from recurra.cells.lengths import check_lengths
from recurra.kernels.native import Array, common_dtype
from recurra.kernels.plan import plan_of

Arrays = dict[str, Array]
Shape = tuple[int | str, ...]
"""Sizes of the axes; a letter where any will do."""

MOST_THREADS = 1024


def check_array(name: str, value: Any, shape: Shape) -> Array:
    """The array as it is, once it holds real numbers in that shape; leading ``"..."`` stands for any axes."""
    if not isinstance(value, np.ndarray):
        raise InputError(f"{name} must be a NumPy array, got {type(value).__name__}")
    if value.dtype.kind not in "fiub":
        raise InputError(f"{name} must hold real numbers, got {value.dtype}")
    if value.shape != shape and not _fits(value.shape, shape):
        wanted = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
        raise InputError(f"{name} must have shape ({wanted}), got {value.shape}")
    return value


def _fits(own: tuple[int, ...], shape: Shape) -> bool:
    if shape[0] == "...":
        own, shape = own[1 - len(shape) :], shape[1:]
    return len(own) == len(shape) and all(
        isinstance(want, str) or want == got for want, got in zip(shape, own)
    )


def contiguous(array: Array, dtype: Any) -> Array:
    """The array in that precision, C-contiguous and aligned."""
    flags = array.flags
    if array.dtype == dtype and flags.c_contiguous and flags.aligned:
        return array
    return np.require(array, dtype, ["C", "A"])


def strided(array: Array, dtype: Any) -> Array:
    """The array in that precision, aligned and with a contiguous last axis."""
    flags = array.flags
    if array.dtype == dtype and flags.aligned and (flags.c_contiguous or array.strides[-1] == array.itemsize):
        return array
    return np.require(array, dtype, ["C", "A"])


def check_threads(threads: Any) -> int:
    """The number of threads as an int, between 1 and 1024."""
    if positive_int("threads", threads) > MOST_THREADS:
        raise InputError(f"threads must be at most {MOST_THREADS}, got {threads}")
    return int(threads)


def check_parameters(stack: Stack, parameters: Any) -> np.dtype[Any]:
    """The one precision of the stack's parameters, once each is there and has its shape."""
    _check_mapping("parameters", parameters)
    own = {}
    for name, shape in stack.parameter_shapes().items():
        if name not in parameters:
            raise InputError(f"parameter {name} is missing, got {', '.join(map(str, parameters)) or 'none'}")
        own[name] = check_array(name, parameters[name], shape)
    return common_dtype(own)


def check_state(
    stack: Stack, state: Any, N: int | None, dtype: np.dtype[Any], *, name: str = "state"
) -> Arrays:
    """The states (L·D, N, ·), or (L·D, ·) for N None, as the kernels read them; zeros where None is given."""
    plan = plan_of(stack)
    axes = (len(plan.runs),) if N is None else (len(plan.runs), N)
    shapes = {key: (*axes, width) for key, width in plan.widths.items()}
    if state is None:
        return {key: np.zeros(shape, dtype) for key, shape in shapes.items()}
    _check_mapping(name, state)
    for key in shapes:
        if key not in state:
            raise InputError(f"{name} {key!r} is missing, got {', '.join(map(str, state)) or 'none'}")
    if len(state) > len(shapes):
        for key in state:
            one_of(name, key, shapes)
    return {
        key: contiguous(check_array(f"{name} {key!r}", state[key], shape), dtype)
        for key, shape in shapes.items()
    }


class Inputs(NamedTuple):
    """What a pass over a batch is given, as the kernels read it."""

    x: Array
    """(T, N, I), its last axis contiguous."""
    states: Arrays
    lengths: Array | None
    dropout_masks: Array | None
    noise: Arrays
    """"recurrent" (L·D, N, ·), "keep_h" and "keep_c" (L·D, T, N, ·), each or none."""
    threads: int

    @classmethod
    def of(
        cls,
        stack: Stack,
        dtype: np.dtype[Any],
        x: Any,
        state: Any,
        lengths: Any,
        dropout_masks: Any = None,
        noise: Any = None,
        threads: Any = 1,
    ) -> "Inputs":
        """The inputs, checked; InputError names the first that is wrong."""
        x = check_array("x", x, ("T", "N", stack.cell.input_size))
        T, N = x.shape[:2]
        if dropout_masks is not None:
            shape = (stack.num_layers - 1, T, N, stack.output_size)
            check_array("dropout_masks", dropout_masks, shape)
        states = check_state(stack, state, N, dtype)
        if lengths is not None:
            lengths = _check_lengths(lengths, T, N)
        noise = _check_noise(stack, noise, T, N)
        return cls.laid_out(dtype, x, states, lengths, dropout_masks, noise, check_threads(threads))

    @classmethod
    def laid_out(
        cls,
        dtype: np.dtype[Any],
        x: Array,
        states: Arrays,
        lengths: Array | None,
        dropout_masks: Array | None,
        noise: Arrays,
        threads: int,
    ) -> "Inputs":
        """The same of what is known to fit."""
        return cls(
            strided(x, dtype),
            {name: contiguous(array, dtype) for name, array in states.items()},
            lengths,
            None if dropout_masks is None else contiguous(dropout_masks, dtype),
            {name: contiguous(mask, dtype) for name, mask in noise.items()},
            threads,
        )

    @property
    def noisy(self) -> bool:
        return bool(self.noise)

    def noise_of_run(self, k: int) -> list[Array | None]:
        """The masks of run ``k`` in the order in which the native functions take them."""
        if not self.noise:
            return _NO_NOISE
        return [self.noise[name][k] if name in self.noise else None for name in _NOISE]


_NOISE = ("recurrent", "keep_h", "keep_c")
_NO_NOISE: list[Array | None] = [None] * len(_NOISE)


def _check_noise(stack: Stack, noise: Any, T: int, N: int) -> Arrays:
    if noise is None:
        return {}
    _check_mapping("noise", noise)
    if not noise:
        return {}
    if not stack.cell.has_recurrent_weights:
        raise InputError(f"noise must be None for {stack.cell.name}, got {', '.join(map(str, noise))}")
    runs, widths = len(plan_of(stack).runs), plan_of(stack).widths
    shapes: dict[str, Shape] = {"recurrent": (runs, N, widths["h"])}
    shapes |= {f"keep_{state}": (runs, T, N, width) for state, width in widths.items()}
    for name in noise:
        one_of("noise", name, shapes)
    return {name: check_array(f"noise {name!r}", mask, shapes[name]) for name, mask in noise.items()}


def _check_lengths(lengths: Any, T: int, N: int) -> Array:
    try:
        lengths = np.asarray(lengths)
    except ValueError as error:
        raise InputError(
            f"lengths must be {count(N, 'number')}, one for each row, got {lengths!r}"
        ) from error
    return check_lengths(lengths, T, N)


def _check_mapping(name: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be a dict of arrays, got {type(value).__name__}")
