"""The highest entries against sorting all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.decoding.highest import highest


def by_sorting(scores, groups, count):
    found = []
    for group in sorted(set(groups)):
        entries = [
            (-scores[row, column], row, column)
            for row in np.flatnonzero(groups == group)
            for column in range(scores.shape[1])
            if scores[row, column] > -np.inf
        ]
        found += [(row, column) for _, row, column in sorted(entries)[:count]]
    return found


@settings(max_examples=200, deadline=None)
@given(
    groups=st.lists(st.integers(0, 3), min_size=1, max_size=6).map(sorted),
    V=st.sampled_from([1, 2, 7, 32, 33, 47, 48, 100, 333]),
    count=st.sampled_from([1, 2, 5, 40, 10_000]),
    kind=st.sampled_from(["any", "whole", "equal", "few"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_as_sorted(groups, V, count, kind, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(groups), V))
    if kind == "whole":  # ties are common
        scores = np.round(scores)
    elif kind == "equal":
        scores[:] = -3.0
    elif kind == "few":
        scores[rng.random(scores.shape) < 0.98] = -np.inf
    rows, columns = highest(scores, np.array(groups), count)
    assert list(zip(rows, columns)) == by_sorting(scores, np.array(groups), count)


@pytest.mark.parametrize("V", [3, 500])
def test_the_lowest_number_can_be_chosen_and_minus_infinity_cannot(V):
    scores = np.full((2, V), -np.inf)
    scores[1, V - 1] = np.finfo(np.float64).min
    rows, columns = highest(scores, np.zeros(2, np.int64), 2)
    assert (rows.tolist(), columns.tolist()) == ([1], [V - 1])
    rows, columns = highest(np.full((2, V), -np.inf), np.arange(2), 2)
    assert (rows.tolist(), columns.tolist()) == ([], [])
