"""Viterbi against every sequence of tags, and one result for a row in any company."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.decoding import viterbi


def score(tags, emissions, transitions, start, end):
    """Of one row, emissions (T, K)."""
    total = start[tags[0]] + end[tags[-1]] + sum(emissions[t, tag] for t, tag in enumerate(tags))
    return total + sum(transitions[a, b] for a, b in itertools.pairwise(tags))


def best(emissions, transitions, start, end):
    """Of all sequences the best; of equally good ones that with the lowest tags, seen from the end."""
    T, K = emissions.shape
    return max(
        itertools.product(range(K), repeat=T),
        key=lambda tags: (score(tags, emissions, transitions, start, end), [-tag for tag in reversed(tags)]),
    )


def problem(rng, T, N, K, *, whole):
    """Whole numbers, between which ties are common and sums exact, or any."""

    def draw(*shape):
        return (rng.integers(-2, 3, shape) if whole else rng.normal(size=shape)).astype(np.float32)

    return draw(T, N, K), (draw(K, K), draw(K), draw(K))


@settings(max_examples=150, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    K=st.integers(1, 3),
    whole=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_best_of_all_sequences(lengths, K, whole, seed):
    T = max(lengths)
    emissions, scores = problem(np.random.default_rng(seed), T, len(lengths), K, whole=whole)
    for row, length in enumerate(lengths):
        emissions[length:, row] = np.nan
    got = viterbi(emissions, lengths, *scores)
    assert got.shape == (len(lengths), T)
    assert got.dtype == np.int64
    for row, length in enumerate(lengths):
        assert (got[row, length:] == -1).all()
        if length:
            exact = [array.astype(np.float64) for array in (emissions[:length, row], *scores)]
            want = best(*exact)
            if whole:
                assert tuple(got[row, :length]) == want
            else:
                assert score(got[row, :length], *exact) == pytest.approx(score(want, *exact), abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(lengths=st.lists(st.integers(0, 30), min_size=1, max_size=20), seed=st.integers(0, 2**32 - 1))
def test_a_row_has_the_same_tags_alone(lengths, seed):
    emissions, scores = problem(np.random.default_rng(seed), max(lengths) + 2, len(lengths), 17, whole=False)
    together = viterbi(emissions, lengths, *scores)
    for row, length in enumerate(lengths):
        alone = viterbi(emissions[:length, row : row + 1], None, *scores)
        np.testing.assert_array_equal(together[row, :length], alone[0])


def test_what_is_forbidden_is_never_chosen():
    rng = np.random.default_rng(0)
    emissions, (transitions, start, end) = problem(rng, 40, 8, 4, whole=False)
    transitions[1, 2] = start[3] = end[0] = -1e4
    tags = viterbi(emissions * 50, None, transitions, start, end)
    assert not ((tags[:, :-1] == 1) & (tags[:, 1:] == 2)).any()
    assert (tags[:, 0] != 3).all()
    assert (tags[:, -1] != 0).all()


def test_nothing_to_decode():
    scores = np.zeros((3, 3)), np.zeros(3), np.zeros(3)
    assert viterbi(np.zeros((0, 2, 3)), None, *scores).shape == (2, 0)
    assert viterbi(np.zeros((4, 0, 3)), None, *scores).shape == (0, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"emissions": np.zeros((4, 3))}, "emissions must have shape (T, N, K), got (4, 3)"),
        ({"emissions": np.zeros((4, 2, 0))}, "emissions must have shape (T, N, K), got (4, 2, 0)"),
        ({"transitions": np.zeros((3, 2))}, "transitions must have shape (3, 3), for 3 tags, got (3, 2)"),
        ({"start": np.zeros(1)}, "start must have shape (3,), for 3 tags, got (1,)"),
        ({"end": np.zeros((1, 3))}, "end must have shape (3,), for 3 tags, got (1, 3)"),
        ({"lengths": [4, 5]}, "lengths must lie between 0 and the 4 steps given, got 5 in row 1"),
    ],
)
def test_wrong_shapes(change, message):
    given = {
        "emissions": np.zeros((4, 2, 3)),
        "lengths": [4, 2],
        "transitions": np.zeros((3, 3)),
        "start": np.zeros(3),
        "end": np.zeros(3),
    }
    with pytest.raises(InputError) as error:
        viterbi(**{**given, **change})
    assert str(error.value) == message
