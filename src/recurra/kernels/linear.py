"""A linear map whose result for one row is the same in any batch."""

import numpy as np

from recurra._base.errors import InputError
from recurra.kernels.arguments import check_array, check_threads, contiguous
from recurra.kernels.native import Array, by_precision, common_dtype


class Linear:
    """y = x Wᵀ + b.

    ``weight`` (M, K) and ``bias`` (M,) or None are copied into the order in which the kernels read them.
    Each output has one accumulator over k, so a row has the same bits alone and in any batch, which a BLAS
    does not promise. Raises InputError where shapes or precisions do not fit.
    """

    def __init__(self, weight: Array, bias: Array | None = None) -> None:
        self.outputs, self.inputs = check_array("weight", weight, ("M", "K")).shape
        if not weight.size:
            raise InputError(f"weight must have shape (M, K), both at least 1, got {weight.shape}")
        given = {"weight": weight}
        if bias is not None:
            given["bias"] = check_array("bias", bias, (self.outputs,))
        self.dtype = common_dtype(given)
        own = {name: contiguous(array, self.dtype) for name, array in given.items()}
        self._native = by_precision("Linear", self.dtype)(own["weight"], own.get("bias"))
        self._forward, self._row = self._native.forward, self._native.row

    def __call__(self, x: Array, *, threads: int = 1) -> Array:
        """y (..., M) of x (..., K)."""
        if isinstance(x, np.ndarray) and x.ndim == 2:
            # What is ready to be read is checked by the native module alone: between products whose weights
            # fill the caches, each line of Python is fetched anew.
            y = np.empty((len(x), self.outputs), self.dtype)
            try:
                self._forward(x, y, threads)
            except (TypeError, ValueError):
                pass
            else:
                return y
        x = check_array("x", x, ("...", self.inputs))
        rows = contiguous(x, self.dtype).reshape(-1, self.inputs)
        y = np.empty((len(rows), self.outputs), self.dtype)
        self._forward(rows, y, check_threads(threads))
        return y.reshape(*x.shape[:-1], self.outputs)

    def row(self, x: Array) -> Array:
        """y (M,) of one x (K,), as fast as one call from Python can be."""
        y = np.empty(self.outputs, self.dtype)
        try:
            self._row(x, y)
        except (TypeError, ValueError):
            # Only arrays that are ready to be read get through: say what is wrong, or copy.
            x = check_array("x", x, (self.inputs,))
            self._row(contiguous(x, self.dtype), y)
        return y
