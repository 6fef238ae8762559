"""Sequences that are drawn: as often as the model says, and alike in any company."""

import math
from collections import Counter

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.decoding import Beam, Sampling, beam_search, sample
from tests.decoding.fake import FakeModel

END = 3


def generators(rows, seed=0):
    return np.random.default_rng(seed).spawn(rows)


def drawn(model, sources, sampling, limits, seed=0, **options):
    state = model.initial_state(np.array(sources))
    options = {"generators": generators(len(sources), seed), **options}
    return sample(
        model,
        state,
        len(sources),
        sampling,
        start=END,
        end=END,
        max_lengths=limits,
        **options,
    )


def same(first, second):
    return first.tokens.tolist() == second.tokens.tolist() and (
        (first.log_probability, first.score, first.ended)
        == (second.log_probability, second.score, second.ended)
    )


@pytest.mark.parametrize("never", [[], [0], [0, 1]])
def test_at_temperature_0_they_are_those_of_a_beam_of_one(never):
    model, sources, limits = FakeModel(END + 1), list(range(40)), [n % 7 for n in range(40)]
    got = drawn(model, sources, Sampling(temperature=0), limits, never=never)
    state, greedy = model.initial_state(np.array(sources)), Beam(size=1, length_penalty=0)
    want = beam_search(model, state, 40, greedy, start=END, end=END, never=never, max_lengths=limits)
    assert all(same(one, other) for one, (other,) in zip(got, want, strict=True))
    assert {one.ended for one in got} == {True, False}


def test_each_is_drawn_as_often_as_it_is_probable():
    model, times = FakeModel(END + 1), 4000
    found = drawn(model, [5] * times, Sampling(), [2] * times)
    counts = Counter((tuple(one.tokens.tolist()), one.ended) for one in found)
    expected = {}
    for first in range(END):
        for second in range(END):
            both = (END, first, second)
            expected[(first, second), True] = math.exp(model.score(5, (*both, END)))
            expected[(first, second), False] = math.exp(model.score(5, both)) - expected[both[1:], True]
        expected[(first,), True] = math.exp(model.score(5, (END, first, END)))
    expected[(), True] = math.exp(model.score(5, (END, END)))
    assert sum(expected.values()) == pytest.approx(1)
    for outcome, probability in expected.items():
        spread = math.sqrt(probability * (1 - probability) / times)
        assert abs(counts[outcome] / times - probability) < 4.5 * spread + 1e-12
    for one in found:
        tokens = (END, *one.tokens.tolist(), *[END] * one.ended)
        assert one.log_probability == one.score == pytest.approx(model.score(5, tokens), abs=1e-12)


def test_a_source_draws_the_same_in_any_company():
    model, sources, limits = FakeModel(END + 1), [3, 1, 4, 1, 5, 9], [9, 9, 2, 0, 9, 9]
    sampling = Sampling(0.8, top_k=3, repetition_penalty=1.2)
    together = drawn(model, sources, sampling, limits)
    for row in range(6):
        alone = drawn(model, [sources[row]], sampling, [limits[row]], generators=[generators(6)[row]])[0]
        assert same(together[row], alone)


def test_what_is_never_written_and_how_much():
    found = drawn(FakeModel(END + 1), range(200), Sampling(), [4] * 200, never=[1])
    assert not any(1 in one.tokens for one in found)
    assert {len(one.tokens) for one in found} == {0, 1, 2, 3, 4}
    assert all(one.tokens.dtype == np.int64 for one in found)
    assert all(one.ended for one in found if len(one.tokens) < 4)


def test_the_repetition_penalty_is_for_what_the_sequence_has():
    class Ever:
        def step(self, tokens, state):
            return np.log(np.tile([0.5, 0.3, 0.15, 0.05], (len(tokens), 1))), state

        def select(self, state, rows):
            return state

    # Squared, 0.25 is less than 0.3, then 0.09 less than 0.25.
    sampling = Sampling(temperature=0, repetition_penalty=2.0)
    (found,) = sample(
        Ever(), None, 1, sampling, start=END, end=END, max_lengths=[4], generators=generators(1)
    )
    assert found.tokens.tolist() == [0, 1, 0, 0]
    assert found.log_probability == pytest.approx(math.log(0.5**3 * 0.3))
    assert not found.ended


def test_nothing_to_draw():
    assert drawn(FakeModel(END + 1), np.empty(0, np.int64), Sampling(), []) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_lengths": [1]}, "max_lengths must be 2 numbers, one for each source, got shape (1,)"),
        ({"generators": generators(3)}, "generators must be 2, one for each source, got 3"),
        (
            {"never": [0, 1, 2, 3]},
            "log_probabilities must have a finite highest value, got -inf; no token can be drawn",
        ),
    ],
    ids=["lengths", "generators", "never"],
)
def test_refused(options, message):
    model = FakeModel(END + 1)
    options = {"max_lengths": [4, 4], "generators": generators(2), **options}
    with pytest.raises(InputError) as error:
        sample(model, model.initial_state(np.arange(2)), 2, Sampling(), start=END, end=END, **options)
    assert str(error.value) == message
