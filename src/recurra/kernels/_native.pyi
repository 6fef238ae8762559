"""Recurra's native core. recurra.kernels is its only importer."""

from typing import Annotated

import numpy
from numpy.typing import NDArray


class Layer32:
    """Packed weights of one direction of one recurrent layer."""

    def __init__(self, cell: str, weights: dict, threads: int) -> None: ...

    def forward(self, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], h0: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], c0: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, lengths: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)] | None, reverse: bool, y: Annotated[NDArray[numpy.float32], dict(device='cpu')], h_n: Annotated[NDArray[numpy.float32], dict(device='cpu')], c_n: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None, tape: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None, recurrent: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, keep_h: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, keep_c: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, zoneout: float, threads: int) -> None:
        """
        One pass over a batch: x [T, N, I], h0 [N, R], c0 [N, H]; writes y [T, N, R], h_n, c_n and the tape.
        """

    def step(self, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], h: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], c: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, h_new: Annotated[NDArray[numpy.float32], dict(device='cpu')], c_new: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None, zoneout: float) -> None:
        """
        One step of one row: x [I], h [R], c [H]; writes h_new [R] and c_new [H].
        """

    def start_size(self) -> int:
        """
        Values that one projected input takes; 0 where steps can't begin with it.
        """

class Projected32:
    """Inputs already multiplied into the layer that reads them."""

    def __init__(self, layer: Layer32, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)]) -> None: ...

def step_rows_of32(layer: Layer32, inputs: Projected32, places: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)], x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], h: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], c: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, h_new: Annotated[NDArray[numpy.float32], dict(device='cpu')], c_new: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None, threads: int) -> None:
    """
    One step of N rows whose inputs are rows `places` [N] of the projected ones and then x [N, I]; h [N, H], c [N, H]; writes h_new and c_new.
    """

class Stream32:
    """Layers stepped together for one row, whose state they keep."""

    def __init__(self, layers: list, zoneout: float) -> None: ...

    def step(self, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)]) -> object:
        """The output [R] of the next step, for x [I]."""

    def read_state(self, h: Annotated[NDArray[numpy.float32], dict(device='cpu')], c: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None) -> None:
        """Writes the state into h [L, R] and c [L, H]."""

    def write_state(self, h: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], c: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None) -> None:
        """Takes the state from h [L, R] and c [L, H]."""

    def step_of(self, inputs: Projected32, index: int) -> object:
        """
        The output [R] of the next step, for row `index` of the projected inputs.
        """

class Linear32:
    """Packed weights of a linear map."""

    def __init__(self, weight: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None) -> None: ...

    def forward(self, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float32], dict(device='cpu')], threads: int) -> None:
        """x [rows, inputs]; writes y [rows, outputs]."""

    def row(self, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float32], dict(device='cpu')]) -> None:
        """One row: x [inputs]; writes y [outputs]."""

def backward32(cell: str, weights: dict, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], h0: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], c0: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, lengths: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)] | None, reverse: bool, y: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], tape: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], dy: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], dh_n: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], dc_n: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, dx: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None, dh0: Annotated[NDArray[numpy.float32], dict(device='cpu')], dc0: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None, gradients: dict, recurrent: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, keep_h: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, keep_c: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None, zoneout: float, threads: int) -> None:
    """
    Gradients of one pass, from what forward was given and wrote, into the arrays whose names begin with d and those of `gradients`.
    """

def activations32(x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], sigmoid: Annotated[NDArray[numpy.float32], dict(device='cpu')], tanh: Annotated[NDArray[numpy.float32], dict(device='cpu')]) -> None:
    """The kernels' own sigmoid and tanh of x [count]."""

def log_softmax32(x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float32], dict(device='cpu')]) -> None:
    """The logarithm of the softmax of each row of x [rows, count]."""

def additive32(query: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], key: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], v: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], values: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], context: Annotated[NDArray[numpy.float32], dict(device='cpu')], shares: Annotated[NDArray[numpy.float32], dict(device='cpu')]) -> None:
    """
    Additive attention of query [queries, size] to key [keys, size], which stand for values [keys, width]: writes context [queries, width] and each value's share of it [queries, keys].
    """

def highest32(x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], totals: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], groups: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)], most: int, row: Annotated[NDArray[numpy.int64], dict(device='cpu')], column: Annotated[NDArray[numpy.int64], dict(device='cpu')], sum: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> int:
    """
    The `most` highest of x [rows, count] plus totals [rows] in each group of rows, groups [rows] ascending: writes row, column and sum of each, with room for [rows, min(most, count)], and says how many they are.
    """

def tanh32(x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float32], dict(device='cpu')]) -> None:
    """The kernels' own tanh of x [rows, count]."""

def mask32(key: int, below: int, value: float, mask: Annotated[NDArray[numpy.float32], dict(device='cpu')]) -> None:
    """
    Writes `value` to about below / 2**32 of mask [count], drawn by the key, and 0 to the others.
    """

class Layer64:
    """Packed weights of one direction of one recurrent layer."""

    def __init__(self, cell: str, weights: dict, threads: int) -> None: ...

    def forward(self, x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], h0: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], c0: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, lengths: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)] | None, reverse: bool, y: Annotated[NDArray[numpy.float64], dict(device='cpu')], h_n: Annotated[NDArray[numpy.float64], dict(device='cpu')], c_n: Annotated[NDArray[numpy.float64], dict(device='cpu')] | None, tape: Annotated[NDArray[numpy.float64], dict(device='cpu')] | None, recurrent: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, keep_h: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, keep_c: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, zoneout: float, threads: int) -> None:
        """
        One pass over a batch: x [T, N, I], h0 [N, R], c0 [N, H]; writes y [T, N, R], h_n, c_n and the tape.
        """

    def step(self, x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], h: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], c: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, h_new: Annotated[NDArray[numpy.float64], dict(device='cpu')], c_new: Annotated[NDArray[numpy.float64], dict(device='cpu')] | None, zoneout: float) -> None:
        """
        One step of one row: x [I], h [R], c [H]; writes h_new [R] and c_new [H].
        """

    def start_size(self) -> int:
        """
        Values that one projected input takes; 0 where steps can't begin with it.
        """

class Projected64:
    """Inputs already multiplied into the layer that reads them."""

    def __init__(self, layer: Layer64, x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)]) -> None: ...

def step_rows_of64(layer: Layer64, inputs: Projected64, places: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)], x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], h: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], c: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, h_new: Annotated[NDArray[numpy.float64], dict(device='cpu')], c_new: Annotated[NDArray[numpy.float64], dict(device='cpu')] | None, threads: int) -> None:
    """
    One step of N rows whose inputs are rows `places` [N] of the projected ones and then x [N, I]; h [N, H], c [N, H]; writes h_new and c_new.
    """

class Stream64:
    """Layers stepped together for one row, whose state they keep."""

    def __init__(self, layers: list, zoneout: float) -> None: ...

    def step(self, x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)]) -> object:
        """The output [R] of the next step, for x [I]."""

    def read_state(self, h: Annotated[NDArray[numpy.float64], dict(device='cpu')], c: Annotated[NDArray[numpy.float64], dict(device='cpu')] | None) -> None:
        """Writes the state into h [L, R] and c [L, H]."""

    def write_state(self, h: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], c: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None) -> None:
        """Takes the state from h [L, R] and c [L, H]."""

    def step_of(self, inputs: Projected64, index: int) -> object:
        """
        The output [R] of the next step, for row `index` of the projected inputs.
        """

class Linear64:
    """Packed weights of a linear map."""

    def __init__(self, weight: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None) -> None: ...

    def forward(self, x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float64], dict(device='cpu')], threads: int) -> None:
        """x [rows, inputs]; writes y [rows, outputs]."""

    def row(self, x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> None:
        """One row: x [inputs]; writes y [outputs]."""

def backward64(cell: str, weights: dict, x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], h0: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], c0: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, lengths: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)] | None, reverse: bool, y: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], tape: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], dy: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], dh_n: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], dc_n: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, dx: Annotated[NDArray[numpy.float64], dict(device='cpu')] | None, dh0: Annotated[NDArray[numpy.float64], dict(device='cpu')], dc0: Annotated[NDArray[numpy.float64], dict(device='cpu')] | None, gradients: dict, recurrent: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, keep_h: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, keep_c: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)] | None, zoneout: float, threads: int) -> None:
    """
    Gradients of one pass, from what forward was given and wrote, into the arrays whose names begin with d and those of `gradients`.
    """

def activations64(x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], sigmoid: Annotated[NDArray[numpy.float64], dict(device='cpu')], tanh: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> None:
    """The kernels' own sigmoid and tanh of x [count]."""

def log_softmax64(x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> None:
    """The logarithm of the softmax of each row of x [rows, count]."""

def additive64(query: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], key: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], v: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], values: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], context: Annotated[NDArray[numpy.float64], dict(device='cpu')], shares: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> None:
    """
    Additive attention of query [queries, size] to key [keys, size], which stand for values [keys, width]: writes context [queries, width] and each value's share of it [queries, keys].
    """

def highest64(x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], totals: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], groups: Annotated[NDArray[numpy.int64], dict(device='cpu', writable=False)], most: int, row: Annotated[NDArray[numpy.int64], dict(device='cpu')], column: Annotated[NDArray[numpy.int64], dict(device='cpu')], sum: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> int:
    """
    The `most` highest of x [rows, count] plus totals [rows] in each group of rows, groups [rows] ascending: writes row, column and sum of each, with room for [rows, min(most, count)], and says how many they are.
    """

def tanh64(x: Annotated[NDArray[numpy.float64], dict(device='cpu', writable=False)], y: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> None:
    """The kernels' own tanh of x [rows, count]."""

def mask64(key: int, below: int, value: float, mask: Annotated[NDArray[numpy.float64], dict(device='cpu')]) -> None:
    """
    Writes `value` to about below / 2**32 of mask [count], drawn by the key, and 0 to the others.
    """

class QuantizedLayer:
    """Weights of a layer rounded to bfloat16 or int8, for streams."""

    def __init__(self, cell: str, weights: dict, storage: str) -> None: ...

class QuantizedStream:
    """Layers stepped together for one row, whose state they keep."""

    def __init__(self, layers: list, zoneout: float) -> None: ...

    def step(self, x: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)]) -> object:
        """The output [R] of the next step, for x [I]."""

    def read_state(self, h: Annotated[NDArray[numpy.float32], dict(device='cpu')], c: Annotated[NDArray[numpy.float32], dict(device='cpu')] | None) -> None:
        """Writes the state into h [L, R] and c [L, H]."""

    def write_state(self, h: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)], c: Annotated[NDArray[numpy.float32], dict(device='cpu', writable=False)] | None) -> None:
        """Takes the state from h [L, R] and c [L, H]."""

def tape_per_step(cell: str, hidden: int, projection: int, layer_norm: bool, peephole: bool, noise: bool) -> tuple[int, int]:
    """Values of tape that one step of one row takes: [float32, float64]."""

def new_bytes(bytes: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None,))]:
    """Memory from the kernels' store, with whatever it holds."""

def variant() -> str:
    """Name of the kernels in use."""

def variants() -> list[str]:
    """Names of the kernels that this processor can run, best first."""
