"""A linear map whose result for one row is the same in any batch."""

import numpy as np

from recurra._base.errors import InputError
from recurra.kernels.native import Array, by_precision, common_dtype


class Linear:
    """y = x Wᵀ + b.

    ``weight`` (M, K) and ``bias`` (M,) or None are copied into the order in which the kernels read them.
    Each output has one accumulator over k, so a row has the same bits alone and in any batch, which a BLAS
    does not promise. Raises InputError where shapes or precisions do not fit.
    """

    def __init__(self, weight: Array, bias: Array | None = None) -> None:
        if weight.ndim != 2:
            raise InputError(f"weight must have shape (M, K), got {weight.shape}")
        self.outputs, self.inputs = weight.shape
        if bias is not None and bias.shape != (self.outputs,):
            raise InputError(f"bias must have shape ({self.outputs},), got {bias.shape}")
        self.dtype = common_dtype({"weight": weight} | ({} if bias is None else {"bias": bias}))
        self._native = by_precision("Linear", self.dtype)(
            np.ascontiguousarray(weight), None if bias is None else np.ascontiguousarray(bias)
        )

    def __call__(self, x: Array, *, threads: int = 1) -> Array:
        """y (..., M) of x (..., K)."""
        if x.ndim < 1 or x.shape[-1] != self.inputs:
            raise InputError(f"x must have shape (..., {self.inputs}), got {x.shape}")
        rows = np.ascontiguousarray(x, self.dtype).reshape(-1, self.inputs)
        y = np.empty((len(rows), self.outputs), self.dtype)
        self._native.forward(rows, y, threads)
        return y.reshape(*x.shape[:-1], self.outputs)
