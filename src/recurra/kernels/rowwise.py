"""Functions of each row of a table by itself, with the same bits in any table."""

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.kernels.arguments import check_array, contiguous
from recurra.kernels.native import Array, by_precision, common_dtype


def log_softmax(x: Array) -> Array:
    """The logarithm of the softmax of each row of x (N, K); InputError unless K is at least 1."""
    x = _table("x", x)
    y = np.empty_like(x)
    by_precision("log_softmax", x.dtype)(x, y)
    return y


def highest(x: Array, count: int) -> Array:
    """The columns (N, min(count, K)) of the highest values of each row of x (N, K), which are not NaN.

    The highest comes first, and of equal ones that of the lower column. Raises InputError unless ``count``
    and K are at least 1.
    """
    x = _table("x", x)
    columns = np.empty((len(x), min(positive_int("count", count), x.shape[1])), np.int64)
    by_precision("highest", x.dtype)(x, columns)
    return columns


def additive_attention(query: Array, keys: Array, v: Array, values: Array) -> tuple[Array, Array]:
    """Each row's mean of the values and their weights in it, softmax over s of vᵀ tanh(q + k_s).

    Args:
        query: (N, A), q of each row.
        keys: (S, A), of the values, at least one.
        v: (A,).
        values: (S, M).

    Returns means (N, M) and weights (N, S). Raises InputError where shapes or precisions do not fit.
    """
    (A,) = check_array("v", v, ("A",)).shape
    S, M = check_array("values", values, ("S", "M")).shape
    check_array("query", query, ("N", A))
    check_array("keys", keys, (S, A))
    if not S:
        raise InputError("values must have at least one row, got none")
    dtype = common_dtype({"query": query, "keys": keys, "v": v, "values": values})
    query, keys, v, values = (contiguous(array, dtype) for array in (query, keys, v, values))
    means, weights = np.empty((len(query), M), dtype), np.empty((len(query), S), dtype)
    by_precision("additive", dtype)(query, keys, v, values, means, weights)
    return means, weights


def _table(name: str, x: Array) -> Array:
    """The array as the kernels read it, once it has columns."""
    x = contiguous(check_array(name, x, ("N", "K")), common_dtype({name: x}))
    if not x.shape[1]:
        raise InputError(f"{name} must have at least one column, got shape {x.shape}")
    return x
