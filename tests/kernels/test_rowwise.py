"""Functions of rows against NumPy in float64: the same bits in any table, whatever its layout."""

import numpy as np
import pytest

from recurra import kernels
from recurra._base.errors import InputError

F = np.float32
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-14}
DTYPES = pytest.mark.parametrize("dtype", TOLERANCE)


def normal(dtype, *shape, scale=1.0):
    return (np.random.default_rng(0).normal(size=shape) * scale).astype(dtype)


@DTYPES
@pytest.mark.parametrize("columns", [1, 2, 15, 16, 17, 100, 6001])
def test_log_softmax(columns, dtype):
    x = normal(dtype, 5, columns, scale=6)
    found = kernels.log_softmax(x)
    exact = x.astype(float)
    exact -= np.log(np.exp(exact).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found, exact, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    assert found.dtype == dtype
    np.testing.assert_array_equal(kernels.log_softmax(x[3:4]), found[3:4])
    np.testing.assert_array_equal(kernels.log_softmax(np.asfortranarray(x)), found)


def test_log_softmax_of_what_cannot_be_and_of_large_numbers():
    x = np.array([[0, -np.inf, 0], [3e38, -3e38, 3e38], [np.nan, 0, 0]], F)
    half = np.log(F(0.5))
    found = kernels.log_softmax(x)
    np.testing.assert_allclose(found[:2], [[half, -np.inf, half]] * 2, rtol=1e-6)
    assert np.isnan(found[2]).all()


@DTYPES
@pytest.mark.parametrize("columns", [1, 5, 127, 128, 129, 1000])
@pytest.mark.parametrize("count", [1, 5, 2000])
@pytest.mark.parametrize("kind", ["any", "ties", "rising", "few"])
def test_highest(columns, count, kind, dtype):
    x = normal(dtype, 4, columns)
    if kind == "ties":
        x = np.round(x)
    elif kind == "rising":
        x.sort(axis=1)
    elif kind == "few":
        x[x < 2] = -np.inf
    found = kernels.highest(x, count)
    np.testing.assert_array_equal(found, np.argsort(-x, axis=1, kind="stable")[:, :count], strict=True)


@DTYPES
@pytest.mark.parametrize(("keys", "size", "width"), [(1, 1, 1), (3, 16, 5), (14, 70, 33), (40, 17, 64)])
def test_additive_attention(keys, size, width, dtype):
    rng = np.random.default_rng(1)
    query, key, v, values = (
        rng.normal(size=shape).astype(dtype) for shape in [(6, size), (keys, size), (size,), (keys, width)]
    )
    means, weights = kernels.additive_attention(query, key, v, values)
    powers = np.exp(np.tanh(query.astype(float)[:, None] + key) @ v)
    exact = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weights, exact, rtol=10 * TOLERANCE[dtype])
    np.testing.assert_allclose(means, exact @ values, rtol=10 * TOLERANCE[dtype], atol=TOLERANCE[dtype])
    for n in range(6):
        for found, one in zip((means, weights), kernels.additive_attention(query[n : n + 1], key, v, values)):
            np.testing.assert_array_equal(one, found[n : n + 1], strict=True)


def test_no_rows():
    assert kernels.log_softmax(np.zeros((0, 3), F)).shape == (0, 3)
    assert kernels.highest(np.zeros((0, 3), F), 2).shape == (0, 2)
    table = np.zeros((2, 3), F)
    means, weights = kernels.additive_attention(np.zeros((0, 3), F), table, table[0], table)
    assert (means.shape, weights.shape) == ((0, 3), (0, 2))


ONE, TWO = np.zeros((1, 3), F), np.zeros((2, 3), F)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kernels.log_softmax([1.0]), "x must be a NumPy array, got list"),
        (lambda: kernels.log_softmax(ONE[0]), "x must have shape (N, K), got (3,)"),
        (lambda: kernels.log_softmax(ONE[:, :0]), "x must have at least one column, got shape (1, 0)"),
        (
            lambda: kernels.log_softmax(np.zeros((1, 3), int)),
            "x must be float32 or float64, got int64; convert it with astype",
        ),
        (lambda: kernels.highest(ONE, 0), "count must be a whole number of at least 1, got 0"),
        (lambda: kernels.highest(ONE[:, :0], 1), "x must have at least one column, got shape (1, 0)"),
        (
            lambda: kernels.additive_attention(ONE, TWO[:, :2], ONE[0], TWO),
            "keys must have shape (2, 3), got (2, 2)",
        ),
        (
            lambda: kernels.additive_attention(ONE[0], TWO, ONE[0], TWO),
            "query must have shape (N, 3), got (3,)",
        ),
        (
            lambda: kernels.additive_attention(ONE, TWO[:0], ONE[0], TWO[:0]),
            "values must have at least one row, got none",
        ),
        (
            lambda: kernels.additive_attention(ONE, TWO.astype(float), ONE[0], TWO),
            "keys is float64 but query is float32; give all of them one precision",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
