import math

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.evaluation.log_likelihood import LogLikelihood


def likelihood(*rows) -> LogLikelihood:
    return LogLikelihood.of([np.array(row) for row in rows], name="rows", lengths=[len(row) for row in rows])


def test_by_hand():
    found = likelihood([-1.0, -2.0], [], [-4.5])
    assert (found.count, found.nats) == (3, 7.5)
    # Off the mean 2.5 by −2, 0 and 2; √(3/2 · 8) / 3.
    assert found.standard_error() == pytest.approx(math.sqrt(12) / 3)


def test_the_error_is_how_much_the_mean_varies():
    random = np.random.default_rng(0)

    def sample() -> LogLikelihood:
        """60 sequences of other lengths; the steps of one are alike."""
        level = random.gamma(2.0, size=60)
        return likelihood(*([-nats] * (3 + random.integers(20)) for nats in level))

    samples = [sample() for _ in range(400)]
    means = [found.nats / found.count for found in samples]
    errors = [found.standard_error() for found in samples]
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.1)


def test_one_sequence_is_cut_into_blocks():
    row = -np.random.default_rng(1).gamma(2.0, size=3_700)
    found = likelihood(row).standard_error()
    assert found == likelihood(*np.array_split(row, 3)).standard_error()
    assert math.isnan(likelihood(row[:1_999]).standard_error())
    assert math.isfinite(likelihood(row[:2_000]).standard_error())


def test_what_is_impossible_costs_everything():
    found = likelihood([-1.0], [-math.inf])
    assert found.nats == math.inf
    assert math.isnan(found.standard_error())


@pytest.mark.parametrize(
    ("rows", "lengths", "message"),
    [
        ([[-1.0]], [1, 1], "rows has 1 sequence and 2 are scored; give as many of each"),
        ([[-1.0], [-1.0, -2.0]], [1, 1], "rows[1] must have shape (1,), one for each step, got (2,)"),
        ([[[-1.0]]], [1], "rows[0] must have shape (1,), one for each step, got (1, 1)"),
        ([[-1.0, 0.1]], [2], "rows[0] has 0.1, expected logarithms of probabilities"),
        ([[-1.0, math.nan]], [2], "rows[0] has nan, expected logarithms of probabilities"),
        ([[], []], [0, 0], "rows has no steps, expected at least one; give sequences that have some"),
        ([], [], "rows has no steps, expected at least one; give sequences that have some"),
    ],
    ids=["count", "length", "axes", "above 0", "nan", "no steps", "none"],
)
def test_refusals(rows, lengths, message):
    with pytest.raises(InputError) as caught:
        LogLikelihood.of([np.array(row) for row in rows], name="rows", lengths=lengths)
    assert str(caught.value) == message


def test_a_sum_that_rounding_lifted_above_0_is_taken():
    assert likelihood([1e-12]).nats == -1e-12
