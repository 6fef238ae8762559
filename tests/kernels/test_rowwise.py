"""Functions of rows against NumPy in float64: the same bits in any table, whatever its layout."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
def test_highest_of_each_row(columns, count, kind, dtype):
    x = normal(dtype, 4, columns)
    if kind == "ties":
        x = np.round(x)
    elif kind == "rising":
        x.sort(axis=1)
    elif kind == "few":
        x[x < 2] = -np.inf
    rows, found, sums = kernels.highest(x, np.zeros(4), np.arange(4), count)
    order = np.argsort(-x, axis=1, kind="stable")[:, :count]
    own, place = np.nonzero(np.take_along_axis(x, order, axis=1) > -np.inf)
    np.testing.assert_array_equal(rows, own)
    np.testing.assert_array_equal(found, order[own, place])
    np.testing.assert_array_equal(sums, x[own, order[own, place]])


def by_sorting(scores, totals, groups, count):
    found = []
    scores = scores + totals[:, None]
    for group in sorted(set(groups)):
        entries = [
            (-scores[row, column], row, column)
            for row in np.flatnonzero(groups == group)
            for column in range(scores.shape[1])
            if scores[row, column] > -np.inf
        ]
        found += [(row, column, -score) for score, row, column in sorted(entries)[:count]]
    return found


@settings(max_examples=200)
@given(
    groups=st.lists(st.integers(0, 3), min_size=1, max_size=6).map(sorted),
    V=st.sampled_from([1, 2, 7, 32, 33, 47, 48, 100, 333]),
    count=st.sampled_from([1, 2, 5, 40, 10_000]),
    kind=st.sampled_from(["any", "whole", "equal", "few"]),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 2**32 - 1),
)
def test_highest_of_groups_of_rows(groups, V, count, kind, dtype, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(groups), V)).astype(dtype)
    totals = np.round(rng.normal(size=len(groups)), 3)
    if kind == "whole":  # ties are common
        scores = np.round(scores)
    elif kind == "equal":
        scores[:] = -3.0
    elif kind == "few":
        scores[rng.random(scores.shape) < 0.98] = -np.inf
    found = kernels.highest(scores, totals, np.array(groups), count)
    assert list(zip(*found)) == by_sorting(scores, totals, np.array(groups), count)


@pytest.mark.parametrize("V", [3, 500])
def test_the_lowest_number_is_among_the_highest_and_minus_infinity_is_not(V):
    totals = np.zeros(2)
    scores = np.full((2, V), -np.inf, F)
    scores[1, V - 1] = np.finfo(F).min
    rows, columns, sums = kernels.highest(scores, totals, np.zeros(2, np.int64), 2)
    assert (rows.tolist(), columns.tolist(), sums.tolist()) == ([1], [V - 1], [np.finfo(F).min])
    assert not any(map(len, kernels.highest(np.full((2, V), -np.inf, F), totals, np.arange(2), 2)))


@DTYPES
@pytest.mark.parametrize("columns", [1, 15, 16, 17, 300])
def test_tanh_is_that_of_the_activations(columns, dtype):
    x = normal(dtype, 3, columns, scale=3)
    _, exact = kernels.activations(x.reshape(-1))
    np.testing.assert_array_equal(kernels.tanh(x), exact.reshape(x.shape), strict=True)
    np.testing.assert_array_equal(kernels.tanh(np.asfortranarray(x)), exact.reshape(x.shape), strict=True)


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
    assert kernels.tanh(np.zeros((0, 3), F)).shape == (0, 3)
    assert not any(map(len, kernels.highest(np.zeros((0, 3), F), np.zeros(0), np.zeros(0, int), 2)))
    table = np.zeros((2, 3), F)
    means, weights = kernels.additive_attention(np.zeros((0, 3), F), table, table[0], table)
    assert (means.shape, weights.shape) == ((0, 3), (0, 2))


def highest_of(x, count=1):
    return kernels.highest(x, np.zeros(1), np.zeros(1, int), count)


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
        (lambda: kernels.tanh(ONE[0]), "x must have shape (N, K), got (3,)"),
        (lambda: highest_of(ONE, count=0), "count must be a whole number of at least 1, got 0"),
        (lambda: highest_of(ONE, count=1.5), "count must be a whole number of at least 1, got 1.5"),
        (lambda: highest_of(ONE[:, :0]), "x must have at least one column, got shape (1, 0)"),
        (lambda: highest_of(TWO), "totals must have shape (2,), got (1,)"),
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
