"""The highest entries against sorting all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.decoding.highest import highest


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


@settings(max_examples=200, deadline=None)
@given(
    groups=st.lists(st.integers(0, 3), min_size=1, max_size=6).map(sorted),
    V=st.sampled_from([1, 2, 7, 32, 33, 47, 48, 100, 333]),
    count=st.sampled_from([1, 2, 5, 40, 10_000]),
    kind=st.sampled_from(["any", "whole", "equal", "few"]),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 2**32 - 1),
)
def test_as_sorted(groups, V, count, kind, dtype, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(groups), V)).astype(dtype)
    totals = np.round(rng.normal(size=len(groups)), 3)
    if kind == "whole":  # ties are common
        scores = np.round(scores)
    elif kind == "equal":
        scores[:] = -3.0
    elif kind == "few":
        scores[rng.random(scores.shape) < 0.98] = -np.inf
    found = highest(scores, totals, np.array(groups), count)
    assert list(zip(*found)) == by_sorting(scores, totals, np.array(groups), count)


@pytest.mark.parametrize("V", [3, 500])
def test_the_lowest_number_can_be_chosen_and_minus_infinity_cannot(V):
    totals = np.zeros(2)
    scores = np.full((2, V), -np.inf, np.float32)
    scores[1, V - 1] = np.finfo(np.float32).min
    rows, columns, sums = highest(scores, totals, np.zeros(2, np.int64), 2)
    assert (rows.tolist(), columns.tolist(), sums.tolist()) == ([1], [V - 1], [np.finfo(np.float32).min])
    assert not any(map(len, highest(np.full((2, V), -np.inf, np.float32), totals, np.arange(2), 2)))
