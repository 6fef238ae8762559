"""Checks of single numbers: what they return, and how they refuse."""

import math

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra._base.validation import below_one, probability

NO_PROBABILITIES = [-0.1, 1.5, math.nan, math.inf, True, "0.5", None]


@pytest.mark.parametrize("check", [probability, below_one])
@pytest.mark.parametrize("value", [0, 0.25, np.float32(0.5), np.nextafter(1, 0)])
def test_what_both_take(check, value):
    found = check("dropout", value)
    assert type(found) is float
    assert found == value


@pytest.mark.parametrize("check", [probability, below_one])
@pytest.mark.parametrize("value", NO_PROBABILITIES)
def test_what_is_no_probability(check, value):
    with pytest.raises(InputError) as caught:
        check("dropout", value)
    assert str(caught.value) == f"dropout must be a number between 0 and 1, got {value!r}"


def test_one_drops_everything():
    assert probability("dropout", 1) == 1.0
    with pytest.raises(InputError) as caught:
        below_one("dropout", 1)
    assert str(caught.value) == "dropout must be below 1, as 1 leaves nothing to learn from, got 1"
