"""Sampling against the definitions, a token at a time in plain Python, and draws against their shares."""

import dataclasses
import math
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.decoding import Sampling, draw


def by_definition(sampling: Sampling, logs: list[float], seen: list[int]) -> list[float]:
    scores = [x * sampling.repetition_penalty if i in seen else x for i, x in enumerate(logs)]
    # Python's sort is stable: the lower id first.
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    if sampling.temperature == 0:
        return [float(i == order[0]) for i in range(len(scores))]
    odds = [math.exp((x - max(scores)) / sampling.temperature) for x in scores]
    kept = order[: sampling.top_k]
    total = sum(odds[i] for i in kept)
    if sampling.top_p is not None:
        mass, nucleus = 0.0, []
        for i in kept:
            nucleus.append(i)
            mass += odds[i] / total
            if mass >= sampling.top_p:
                break
        kept = nucleus
        total = sum(odds[i] for i in kept)
    return [odds[i] / total if i in kept else 0.0 for i in range(len(scores))]


def logs_of(weights) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(weights, float) / sum(weights))


@settings(max_examples=400, deadline=None)
@given(
    # Small whole numbers: ties are common, and some tokens cannot follow.
    weights=st.lists(st.integers(0, 6), min_size=1, max_size=12),
    temperature=st.sampled_from([0, 0.3, 1, 1.0, 2.5]),
    top_k=st.none() | st.integers(1, 14),
    top_p=st.none() | st.floats(0.01, 1),
    penalty=st.sampled_from([1.0, 0.5, 1.7]),
    data=st.data(),
)
def test_each_rule_is_its_definition(weights, temperature, top_k, top_p, penalty, data):
    assume(any(weights))
    logs = logs_of(weights)
    seen = data.draw(st.lists(st.integers(0, len(weights) - 1), max_size=6))
    sampling = Sampling(temperature, top_k, top_p, penalty)
    before = logs.copy()
    found = sampling.probabilities(logs, seen)
    want = by_definition(sampling, logs.tolist(), seen)
    if top_p is not None:
        # Where the share is met but for rounding, one token more or less is right.
        whole = sorted(by_definition(dataclasses.replace(sampling, top_p=None), logs.tolist(), seen))[::-1]
        assume(abs(np.cumsum(whole) - top_p).min() > 1e-9 or top_p == 1)
    np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-300)
    assert (found.dtype, found.shape) == (np.float64, logs.shape)
    np.testing.assert_array_equal(logs, before)


def test_the_defaults_are_the_model():
    logs = logs_of(np.random.default_rng(0).gamma(0.3, size=65))
    np.testing.assert_allclose(Sampling().probabilities(logs, [1, 2]), np.exp(logs), rtol=1e-12)


@pytest.mark.parametrize(
    ("sampling", "want"),
    [
        (Sampling(temperature=0), [0, 1, 0, 0, 0]),
        (Sampling(top_k=1), [0, 1, 0, 0, 0]),
        (Sampling(top_k=2), [0, 1 / 2, 1 / 2, 0, 0]),
        (Sampling(top_k=4), [2 / 10, 3 / 10, 3 / 10, 0, 2 / 10]),
        (Sampling(top_k=5), [2 / 11, 3 / 11, 3 / 11, 1 / 11, 2 / 11]),
        (Sampling(top_k=900), [2 / 11, 3 / 11, 3 / 11, 1 / 11, 2 / 11]),
        (Sampling(top_p=1e-9), [0, 1, 0, 0, 0]),
        (Sampling(top_p=5 / 11), [0, 1 / 2, 1 / 2, 0, 0]),
        (Sampling(top_p=7 / 11), [2 / 8, 3 / 8, 3 / 8, 0, 0]),
        (Sampling(top_p=1), [2 / 11, 3 / 11, 3 / 11, 1 / 11, 2 / 11]),
        # The share is of what top-k left: two thirds of 3 + 3 need both.
        (Sampling(top_k=2, top_p=0.6), [0, 1 / 2, 1 / 2, 0, 0]),
        (Sampling(top_k=2, top_p=0.5), [0, 1, 0, 0, 0]),
        # The squares are 4, 9, 9, 1, 4.
        (Sampling(temperature=0.5, top_p=0.5), [0, 1 / 2, 1 / 2, 0, 0]),
    ],
    ids=str,
)
def test_by_hand(sampling, want):
    np.testing.assert_allclose(sampling.probabilities(logs_of([2, 3, 3, 1, 2])), want, rtol=1e-12)


def test_what_was_seen_is_penalised_once_however_often_it_was():
    logs = logs_of([1, 4, 16, 11])
    for seen in ([1, 2], [2, 1, 1, 2, 2], np.array([1, 2, 1])):
        found = Sampling(repetition_penalty=2.0).probabilities(logs, seen)
        odds = np.array([1 / 32, (4 / 32) ** 2, (16 / 32) ** 2, 11 / 32])
        np.testing.assert_allclose(found, odds / odds.sum(), rtol=1e-12)
    greedy = Sampling(temperature=0, repetition_penalty=2.0)
    assert greedy.probabilities(logs).argmax() == 2
    assert greedy.probabilities(logs, [2]).argmax() == 3


def test_adding_to_all_logits_changes_no_penalty():
    # What a penalty on logits would do: the log-probabilities of both are the same.
    logits = np.random.default_rng(2).normal(size=9)
    first, second = (x - np.log(np.exp(x).sum()) for x in (logits, logits + 5))
    sampling = Sampling(repetition_penalty=1.3)
    np.testing.assert_allclose(
        sampling.probabilities(first, [4, 7]), sampling.probabilities(second, [4, 7]), rtol=1e-12
    )


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-9])
def test_temperatures_near_0_are_greedy(temperature):
    logs = logs_of([3, 1, 5, 0, 5])
    assert Sampling(temperature).probabilities(logs).tolist() == [0, 0, 0.5, 0, 0.5]
    assert Sampling(0).probabilities(logs).tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("temperature", [1e9, 1e308])
def test_high_temperatures_draw_evenly_from_what_can_follow(temperature):
    found = Sampling(temperature).probabilities(logs_of([3, 1, 5, 0, 5]))
    np.testing.assert_allclose(found, [1 / 4, 1 / 4, 1 / 4, 0, 1 / 4], rtol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_an_array_gives_the_same_bits(dtype):
    rows = np.random.default_rng(0).normal(size=(7, 65)).astype(dtype)
    sampling = Sampling(0.8, 20, 0.9, 1.2)
    for row in np.asfortranarray(rows):
        alone = np.ascontiguousarray(row)
        assert (sampling.probabilities(row, [3]) == sampling.probabilities(alone, [3])).all()


def test_draws_follow_the_shares_and_the_seed():
    probabilities = np.array([0, 0.5, 0.125, 0, 0.375, 0])
    generator = np.random.default_rng(5)
    drawn = [draw(probabilities, generator) for _ in range(40_000)]
    np.testing.assert_allclose(np.bincount(drawn, minlength=6) / 40_000, probabilities, atol=0.01)
    # One uniform number each: the first token whose cumulative share is above it.
    uniform = np.random.default_rng(5).random(40_000)
    assert drawn == np.select([uniform < 0.5, uniform < 0.625], [1, 2], 4).tolist()
    assert all(type(token) is int for token in drawn)


@given(
    weights=st.lists(st.floats(1e-300, 1), min_size=1, max_size=50),
    zeros=st.integers(0, 3),
    uniform=st.sampled_from([0.0, 1e-320, 0.5, 1 - 2**-53]),
)
def test_a_token_of_probability_0_is_never_drawn(weights, zeros, uniform):
    probabilities = np.array([0.0] * zeros + weights + [0.0] * zeros)
    probabilities /= probabilities.sum()
    generator = Mock(spec=np.random.Generator)
    generator.random.return_value = uniform
    assert probabilities[draw(probabilities, generator)] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"temperature": -0.1},
            "temperature must be a finite number of at least 0, where 0 is greedy, got -0.1",
        ),
        (
            {"temperature": math.inf},
            "temperature must be a finite number of at least 0, where 0 is greedy, got inf",
        ),
        (
            {"temperature": math.nan},
            "temperature must be a finite number of at least 0, where 0 is greedy, got nan",
        ),
        (
            {"temperature": "1"},
            "temperature must be a finite number of at least 0, where 0 is greedy, got '1'",
        ),
        (
            {"temperature": True},
            "temperature must be a finite number of at least 0, where 0 is greedy, got True",
        ),
        ({"top_k": 0}, "top_k must be a whole number of at least 1, got 0"),
        ({"top_k": -3}, "top_k must be a whole number of at least 1, got -3"),
        ({"top_k": 2.5}, "top_k must be a whole number of at least 1, got 2.5"),
        ({"top_p": 0}, "top_p must be a number above 0 and at most 1, got 0"),
        ({"top_p": 1.01}, "top_p must be a number above 0 and at most 1, got 1.01"),
        ({"top_p": math.nan}, "top_p must be a number above 0 and at most 1, got nan"),
        ({"top_p": "0.9"}, "top_p must be a number above 0 and at most 1, got '0.9'"),
        ({"repetition_penalty": 0}, "repetition_penalty must be a finite number above 0, got 0"),
        ({"repetition_penalty": math.inf}, "repetition_penalty must be a finite number above 0, got inf"),
    ],
    ids=str,
)
def test_refused_settings(options, message):
    with pytest.raises(InputError) as caught:
        Sampling(**options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("logs", "highest"),
    [([-math.inf, -math.inf], "-inf"), ([-1.0, math.nan], "nan"), ([0.0, math.inf], "inf")],
)
@pytest.mark.parametrize("temperature", [0, 1])
def test_refused_when_nothing_can_follow(logs, highest, temperature):
    with pytest.raises(InputError) as caught:
        Sampling(temperature).probabilities(np.array(logs))
    assert str(caught.value) == (
        f"log_probabilities must have a finite highest value, got {highest}; no token can be drawn"
    )
