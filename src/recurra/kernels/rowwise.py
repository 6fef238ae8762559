"""Functions of each row of a table by itself, with the same bits in any table.

What is ready to be read goes to the native module, whose own checks are the fastest; what that refuses is
checked here, to say what is wrong or to bring it into order.
"""

from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.kernels import _native
from recurra.kernels.arguments import check_array, contiguous
from recurra.kernels.native import Array, by_precision, common_dtype

_NOT_READY = (AttributeError, IndexError, TypeError, ValueError)


def log_softmax(x: Array) -> Array:
    """The logarithm of the softmax of each row of x (N, K); InputError unless K is at least 1."""
    try:
        y = np.empty_like(x)
        _native.log_softmax32(x, y)
    except _NOT_READY:
        x = _table("x", x)
        y = np.empty_like(x)
        by_precision("log_softmax", x.dtype)(x, y)
    return y


def tanh(x: Array) -> Array:
    """The kernels' own tanh of x (N, K)."""
    try:
        y = np.empty_like(x)
        _native.tanh32(x, y)
    except _NOT_READY:
        x = check_array("x", x, ("N", "K"))
        x = contiguous(x, common_dtype({"x": x}))
        y = np.empty_like(x)
        by_precision("tanh", x.dtype)(x, y)
    return y


def highest(x: Array, totals: Array, groups: Array, count: int) -> tuple[Array, Array, Array]:
    """The ``count`` entries of each group of rows that are highest once their row's total is added.

    Args:
        x: (R, K), not NaN; −∞ for what can't be chosen.
        totals: (R,), finite.
        groups: (R,) whole numbers, ascending, the group of each row.
        count: of entries; fewer are found where a group has no more above −∞.

    Returns their rows, columns and sums (float64), three arrays (C,), by group and the highest first; of
    equal sums the lower row comes first, and of one row the higher entry, then the lower column. Raises
    InputError unless ``count`` and K are at least 1 and the shapes fit.
    """
    try:
        return _highest(_native.highest32, x, totals, groups, count)
    except _NOT_READY:
        x = _table("x", x)
        totals = contiguous(check_array("totals", totals, (len(x),)), np.float64)
        groups = contiguous(check_array("groups", groups, (len(x),)), np.int64)
        return _highest(by_precision("highest", x.dtype), x, totals, groups, positive_int("count", count))


def _highest(native: Any, x: Array, totals: Array, groups: Array, count: int) -> tuple[Array, Array, Array]:
    R, K = x.shape
    room = R, min(count, K)
    rows, columns, sums = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
    found = native(x, totals, groups, count, rows, columns, sums)
    return rows.ravel()[:found], columns.ravel()[:found], sums.ravel()[:found]


def additive_attention(query: Array, keys: Array, v: Array, values: Array) -> tuple[Array, Array]:
    """Each row's mean of the values and their weights in it, softmax over s of vᵀ tanh(q + k_s).

    Args:
        query: (N, A), q of each row.
        keys: (S, A), of the values, at least one.
        v: (A,).
        values: (S, M).

    Returns means (N, M) and weights (N, S). Raises InputError where shapes or precisions do not fit.
    """
    try:
        return _additive(_native.additive32, query, keys, v, values)
    except _NOT_READY:
        (A,) = check_array("v", v, ("A",)).shape
        S, _ = check_array("values", values, ("S", "M")).shape
        check_array("query", query, ("N", A))
        check_array("keys", keys, (S, A))
        if not S:
            raise InputError("values must have at least one row, got none") from None
        dtype = common_dtype({"query": query, "keys": keys, "v": v, "values": values})
        ready = (contiguous(array, dtype) for array in (query, keys, v, values))
        return _additive(by_precision("additive", dtype), *ready)


def _additive(native: Any, query: Array, keys: Array, v: Array, values: Array) -> tuple[Array, Array]:
    N, (S, M) = len(query), values.shape
    means, weights = np.empty((N, M), query.dtype), np.empty((N, S), query.dtype)
    native(query, keys, v, values, means, weights)
    return means, weights


def _table(name: str, x: Array) -> Array:
    """The array as the kernels read it, once it has columns."""
    x = contiguous(check_array(name, x, ("N", "K")), common_dtype({name: x}))
    if not x.shape[1]:
        raise InputError(f"{name} must have at least one column, got shape {x.shape}")
    return x
