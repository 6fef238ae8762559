"""Beam search against trying everything, and narrow beams against the definition in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.decoding import Beam, beam_search
from tests.decoding.fake import FakeModel


class Rules:
    """What may follow what, a token at a time, for one source of a model whose last id is the boundary."""

    def __init__(self, model, source, beam, never, most):
        self.model, self.source, self.beam, self.never = model, source, beam, never
        self.end = model.vocabulary - 1
        self.limit = most if beam.max_length is None else min(most, beam.max_length)

    def score(self, log_probability, tokens):
        return log_probability / ((5 + len(tokens)) / 6) ** self.beam.length_penalty

    def following(self, tokens):
        """Log-probabilities of what may follow, by id."""
        logs = self.model.after(self.source, (self.end, *tokens))
        return {
            token: log for token, log in enumerate(logs) if log > -math.inf and self.allows(tokens, token)
        }

    def allows(self, tokens, token):
        if token in self.never or (token == self.end and len(tokens) < self.beam.min_length):
            return False
        size = self.beam.block_ngrams
        if token == self.end or size is None:
            return True
        runs = [(*tokens, token)[i : i + size] for i in range(len(tokens) + 2 - size)]
        return len(runs) == len(set(runs))

    def ranked(self, found):
        """(tokens, log-probability, score, ended), those that ended first."""
        scored = [(tokens, log, self.score(log, tokens), ended) for tokens, log, ended in found]
        return sorted(scored, key=lambda one: (not one[3], -one[2]))[: self.beam.n_best]

    def by_trying_everything(self):
        found, pending = [], [((), 0.0)]
        while pending:
            tokens, total = pending.pop()
            following = self.following(tokens)
            if self.end in following:
                found.append((tokens, total + following.pop(self.end), True))
            elif len(tokens) == self.limit or not following:
                found.append((tokens, total, False))
            if len(tokens) < self.limit:
                pending += [((*tokens, token), total + log) for token, log in following.items()]
        return self.ranked(found)

    def by_definition(self):
        found, open_ = [], [((), 0.0)]
        while open_:
            continuations, closed = [], []
            for tokens, total in open_:
                following = self.following(tokens)
                continuations += [(tokens, token, total + log) for token, log in following.items()]
                if len(tokens) == self.limit or not following:
                    closed.append((tokens, total))
            kept = sorted(continuations, key=lambda one: -one[2])[: self.beam.size]
            over = {tokens: total for tokens, token, total in kept if token == self.end}
            found += [(tokens, total, True) for tokens, total in over.items()]
            found += [(tokens, total, False) for tokens, total in closed if tokens not in over]
            open_ = [
                ((*tokens, token), total)
                for tokens, token, total in kept
                if token != self.end and len(tokens) < self.limit and self.hopes(total, found)
            ]
        return self.ranked(found)

    def hopes(self, total, found):
        ended = sorted((self.score(log, tokens) for tokens, log, over in found if over), reverse=True)
        best = total / ((5 + self.limit) / 6) ** self.beam.length_penalty
        return len(ended) < self.beam.n_best or best > ended[self.beam.n_best - 1]


def search(model, sources, beam, never, limits, **options):
    state = model.initial_state(np.array(sources, np.int64))
    boundary = model.vocabulary - 1
    options = {"start": boundary, "end": boundary, "never": never, "max_lengths": limits, **options}
    return beam_search(model, state, len(sources), beam, **options)


def check(got, want):
    assert [(tuple(one.tokens.tolist()), one.ended) for one in got] == [(one[0], one[3]) for one in want]
    np.testing.assert_allclose([one.log_probability for one in got], [one[1] for one in want], rtol=1e-12)
    np.testing.assert_allclose([one.score for one in got], [one[2] for one in want], rtol=1e-12)
    assert all(one.tokens.dtype == np.int64 for one in got)


problems = st.fixed_dictionaries(
    {
        "vocabulary": st.integers(1, 4),
        "impossible": st.sets(st.integers(0, 3), max_size=1),
        "sources": st.lists(st.tuples(st.integers(0, 999), st.integers(0, 4)), max_size=3),
        "never": st.lists(st.integers(0, 2), max_size=1),
        "length_penalty": st.sampled_from([0, 0.6, 1.0, 3.0]),
        "min_length": st.integers(0, 3),
        "max_length": st.none() | st.just(3),
        "block_ngrams": st.none() | st.integers(1, 3),
    }
)


def set_up(problem, size, n_best):
    vocabulary = problem["vocabulary"]
    impossible = tuple(token for token in problem["impossible"] if token < vocabulary and vocabulary > 1)
    never = [token for token in problem["never"] if token < vocabulary - 1]
    options = {name: problem[name] for name in ("length_penalty", "min_length", "max_length", "block_ngrams")}
    sources, limits = [one[0] for one in problem["sources"]], [one[1] for one in problem["sources"]]
    return FakeModel(vocabulary, impossible), sources, Beam(size, n_best, **options), never, limits


@settings(max_examples=300, deadline=None)
@given(problem=problems, n_best=st.integers(1, 6))
def test_a_beam_as_wide_as_there_are_prefixes_finds_the_best_of_all_sequences(problem, n_best):
    model, sources, beam, never, limits = set_up(problem, 4**5, n_best)
    got = search(model, sources, beam, never, limits)
    assert len(got) == len(sources)
    for source, limit, own in zip(sources, limits, got):
        check(own, Rules(model, source, beam, never, limit).by_trying_everything())


@settings(max_examples=300, deadline=None)
@given(problem=problems, size=st.integers(1, 5), data=st.data())
def test_a_narrow_beam_is_its_definition(problem, size, data):
    model, sources, beam, never, limits = set_up(problem, size, data.draw(st.integers(1, size)))
    got = search(model, sources, beam, never, limits)
    for source, limit, own in zip(sources, limits, got):
        check(own, Rules(model, source, beam, never, limit).by_definition())


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**20), size=st.integers(1, 6), block=st.none() | st.integers(1, 2))
def test_sources_are_found_as_they_are_alone(seed, size, block):
    model, beam = FakeModel(7), Beam(size, size, block_ngrams=block)
    sources, limits = [seed, seed + 1, seed, seed + 2], [6, 9, 2, 0]
    together = search(model, sources, beam, [0], limits)
    for source, limit, own in zip(sources, limits, together):
        alone = search(model, [source], beam, [0], [limit])[0]
        assert [one.tokens.tolist() for one in own] == [one.tokens.tolist() for one in alone]
        for one, other in zip(own, alone):
            assert (one.log_probability, one.score, one.ended) == (
                other.log_probability,
                other.score,
                other.ended,
            )


@pytest.mark.parametrize("source", range(20))
def test_a_beam_of_one_is_greedy(source):
    model, limit = FakeModel(6), 8
    tokens, total, ended = [], 0.0, False
    while True:
        logs = model.after(source, (5, *tokens))
        token = int(logs.argmax())
        ended = token == 5
        if not ended and len(tokens) == limit:
            break
        total += logs[token]
        if ended:
            break
        tokens.append(token)
    (found,) = search(model, [source], Beam(size=1), [], [limit])[0]
    assert (found.tokens.tolist(), found.log_probability, found.ended) == (tokens, total, ended)


@pytest.mark.parametrize("source", range(20))
def test_no_beam_finds_better_than_one_that_misses_nothing(source):
    model = FakeModel(4)
    best = search(model, [source], Beam(size=4**5, length_penalty=0.7), [], [4])[0][0]
    for size in (1, 2, 3, 8):
        narrow = search(model, [source], Beam(size=size, length_penalty=0.7), [], [4])[0][0]
        assert not narrow.ended or narrow.score <= best.score


class Table:
    """Says the same after everything; keeps what it says, which nobody may change."""

    def __init__(self, probabilities, dtype=np.float64):
        with np.errstate(divide="ignore"):
            self.log_probabilities = np.log(np.array(probabilities, dtype))
        self.log_probabilities.flags.writeable = False
        self.steps = []

    def initial_state(self, source):
        return np.zeros(len(source))

    def step(self, tokens, state):
        assert tokens.shape == state.shape
        assert tokens.dtype == np.int64
        self.steps.append(tokens.tolist())
        return np.broadcast_to(self.log_probabilities, (len(tokens), len(self.log_probabilities))), state

    def select(self, state, rows):
        return state[rows]


def of_table(model, beam, limits=(9,), **options):
    state = model.initial_state(limits)
    return beam_search(
        model, state, len(limits), beam, **{"start": 0, "end": 0, "max_lengths": limits, **options}
    )


def written(hypotheses):
    return [(one.tokens.tolist(), one.ended) for one in hypotheses]


def test_it_goes_on_as_long_as_an_open_hypothesis_can_beat_what_ended():
    # ln 0.2 / (5 / 6) = -1.93 has ended at once; ln 0.8 / (14 / 6) and what follows can beat it.
    model = Table([0.2, 0.8])
    (found,) = of_table(model, Beam(size=2, length_penalty=1.0))[0]
    want = (math.log(0.2) + 9 * math.log(0.8)) / (14 / 6)
    assert (found.tokens.tolist(), found.score) == ([1] * 9, pytest.approx(want))
    assert len(model.steps) == 10
    # ln 0.9 / (5 / 6) = -0.13; ln 0.1 / (14 / 6) = -0.99 can't beat it.
    model = Table([0.9, 0.1])
    assert written(of_table(model, Beam(size=2))[0]) == [([], True)]
    assert len(model.steps) == 1
    # The second best is ln 0.09 / 1 = -2.41, which ln 0.01 / (14 / 6) = -1.97 may beat, -2.96 may not.
    model = Table([0.9, 0.1])
    assert written(of_table(model, Beam(size=2, n_best=2))[0]) == [([], True), ([1], True)]
    assert len(model.steps) == 3


def test_a_source_leaves_when_it_is_done():
    model = Table([0.01, 0.59, 0.4])
    of_table(model, Beam(size=2), limits=(1, 4, 0))
    assert [len(step) for step in model.steps] == [3, 4, 2, 2, 2]


def test_what_ended_comes_before_what_had_no_room():
    model = Table([0.2, 0.5, 0.3])
    found = of_table(model, Beam(size=3, n_best=3, length_penalty=0), limits=(1,))[0]
    assert written(found) == [([], True), ([1], False), ([2], False)]
    assert [one.log_probability for one in found] == pytest.approx(np.log([0.2, 0.5, 0.3]))
    assert found[0].score < found[1].score


def test_below_the_shortest_length_nothing_ends():
    model = Table([0.98, 0.01, 0.01])
    for one in of_table(model, Beam(size=4, n_best=4, min_length=3))[0]:
        assert len(one.tokens) >= 3
        assert one.ended
    for one in of_table(model, Beam(size=4, n_best=4, min_length=3), limits=(2,))[0]:
        assert (len(one.tokens), one.ended) == (2, False)


def test_what_cannot_go_on_by_the_rules_has_not_ended():
    model = Table([0.5, 0.3, 0.2])
    found = of_table(model, Beam(size=9, n_best=9, length_penalty=0, block_ngrams=1, min_length=3))[0]
    assert written(found) == [([1, 2], False), ([2, 1], False)]
    assert found[0].log_probability == pytest.approx(math.log(0.3 * 0.2))
    assert written(of_table(model, Beam(min_length=1), never=[1, 2])[0]) == [([], False)]
    assert of_table(model, Beam(min_length=1), never=[1, 2])[0][0].log_probability == 0


def test_what_cannot_go_on_does_not_close_what_may_still_end():
    class Tree:
        """After 1 comes only 1; after 2 comes 3, and then the end, 0."""

        def step(self, tokens, state):
            after = {0: [0, 0.9, 0.1, 0], 1: [0, 1, 0, 0], 2: [0, 0, 0, 1], 3: [1, 0, 0, 0]}
            with np.errstate(divide="ignore"):
                return np.log([after[token] for token in tokens.tolist()]), state

        def select(self, state, rows):
            return state

    options = {"start": 0, "end": 0, "max_lengths": [9]}
    found = beam_search(Tree(), None, 1, Beam(size=2, n_best=1, block_ngrams=1), **options)[0]
    assert written(found) == [([2, 3], True)]
    found = beam_search(Tree(), None, 1, Beam(size=2, n_best=2, block_ngrams=1), **options)[0]
    assert written(found) == [([2, 3], True), ([1], False)]


def test_blocked_runs_by_hand():
    model = Table([1e-9, 0.6, 0.4])
    for size, tokens in [(1, [1, 2]), (2, [1, 1, 2, 1]), (3, [1, 1, 1, 2, 1, 1])]:
        found = of_table(model, Beam(size=1, block_ngrams=size, length_penalty=0))[0]
        assert written(found) == [(tokens, True)]


def test_of_equal_scores_the_first_is_the_shorter_then_that_of_lower_ids():
    # Nothing costs anything, so that all are equal.
    model = Table([1, 1, 1, 1])
    found = of_table(model, Beam(size=64, n_best=7, length_penalty=0), limits=(2,))[0]
    assert [one.tokens.tolist() for one in found] == [[], [1], [2], [3], [1, 1], [1, 2], [1, 3]]
    # The end is the lowest id: of 12 continuations of 1, 2 and 3 a beam of 6 keeps 4 and 2.
    found = of_table(model, Beam(size=6, n_best=6, length_penalty=0), limits=(2,))[0]
    assert [one.tokens.tolist() for one in found] == [[], [1], [2], [1, 1], [1, 2], [1, 3]]


def test_probabilities_of_either_precision_add_up_in_double():
    probabilities = [0.2, 0.7, 0.1]
    single = of_table(Table(probabilities, np.float32), Beam())[0][0]
    logs = np.log(np.array(probabilities, np.float32)).astype(np.float64)
    total = sum([float(logs[1])] * len(single.tokens)) + float(logs[0])
    assert single.log_probability == pytest.approx(total, rel=1e-14)


def test_the_strongest_length_penalty_at_the_greatest_length():
    model = Table([0.5, 0.5])
    (found,) = of_table(model, Beam(size=1, length_penalty=10), limits=(2**63 - 1,))[0]
    assert (found.tokens.tolist(), found.score) == ([], pytest.approx(math.log(0.5) / (5 / 6) ** 10))


def test_nothing_to_search():
    class Silent:
        def step(self, tokens, state):
            raise AssertionError("nothing is to be asked")

        select = step

    assert beam_search(Silent(), None, 0, Beam(), start=0, end=0, max_lengths=[]) == []


def test_a_vocabulary_of_the_end_alone():
    assert written(of_table(Table([1.0]), Beam(), limits=(3, 0))[1]) == [([], True)]
    assert written(of_table(Table([1.0]), Beam(size=2, n_best=2, min_length=1))[0]) == [([], False)]


def test_a_start_other_than_the_end():
    model = Table([0.2, 0.7, 0.1])
    (found,) = of_table(model, Beam(size=1), limits=(2,), start=2, end=1)[0]
    assert model.steps == [[2]]
    assert (found.tokens.tolist(), found.ended) == ([], True)


@pytest.mark.parametrize(
    ("wrong", "highest"),
    [([0.5, math.nan], "nan"), ([-math.inf, -math.inf], "-inf"), ([-1, math.inf], "inf")],
    ids=["nan", "none", "infinite"],
)
def test_a_model_that_says_nothing(wrong, highest):
    class Broken(Table):
        def step(self, tokens, state):
            log_probabilities = np.log(np.full((len(tokens), 2), 0.5))
            if len(self.steps) == 2:
                log_probabilities[-1] = wrong
            self.steps.append(None)
            return log_probabilities, state

    with pytest.raises(InputError) as error:
        of_table(Broken([0.5, 0.5]), Beam(size=2, length_penalty=0, n_best=2, min_length=3), limits=(5, 5, 5))
    assert str(error.value) == (
        f"log_probabilities must have a finite highest value, got {highest} for source 2; no token can follow"
    )


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([3], "max_lengths must be 2 numbers, one for each source, got shape (1,)"),
        (3, "max_lengths must be 2 numbers, one for each source, got shape ()"),
        ([3, -1], "max_lengths must be whole numbers of at least 0, got [3, -1]"),
        ([3, 1.5], "max_lengths must be whole numbers of at least 0, got [3.0, 1.5]"),
    ],
    ids=str,
)
def test_refused_lengths(lengths, message):
    with pytest.raises(InputError) as error:
        beam_search(Table([1.0]), np.zeros(2), 2, Beam(), start=0, end=0, max_lengths=lengths)
    assert str(error.value) == message


PENALTY = "length_penalty must be a number between 0, which ranks by probability, and 10, got "


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size must be a whole number of at least 1, got 0"),
        ({"size": 2.0}, "size must be a whole number of at least 1, got 2.0"),
        ({"n_best": 0}, "n_best must be a whole number of at least 1, got 0"),
        (
            {"n_best": 7},
            "n_best must be at most the beam's size, 5, got 7; widen the beam or ask for fewer",
        ),
        ({"length_penalty": -0.1}, PENALTY + "-0.1"),
        ({"length_penalty": 10.5}, PENALTY + "10.5"),
        ({"length_penalty": math.nan}, PENALTY + "nan"),
        ({"length_penalty": True}, PENALTY + "True"),
        ({"length_penalty": "1"}, PENALTY + "'1'"),
        ({"min_length": -1}, "min_length must be a whole number from 0 to 100,000, got -1"),
        ({"min_length": 1.0}, "min_length must be a whole number from 0 to 100,000, got 1.0"),
        ({"min_length": True}, "min_length must be a whole number from 0 to 100,000, got True"),
        ({"min_length": 10**30}, f"min_length must be a whole number from 0 to 100,000, got {10**30}"),
        ({"max_length": 10**30}, f"max_length must lie between min_length, 0, and 100,000, got {10**30}"),
        ({"size": 10**6}, "size must be at most 10,000, got 1000000; a narrower beam finds as much"),
        ({"max_length": 0}, "max_length must be a whole number of at least 1, got 0"),
        ({"min_length": 7, "max_length": 5}, "max_length must lie between min_length, 7, and 100,000, got 5"),
        ({"block_ngrams": 0}, "block_ngrams must be a whole number of at least 1, got 0"),
    ],
    ids=str,
)
def test_refused_settings(options, message):
    with pytest.raises(InputError) as error:
        Beam(**options)
    assert str(error.value) == message


@pytest.mark.parametrize(("never", "steps"), [((), 4), ((4,), 3)])
def test_no_step_is_taken_only_to_see_an_end_that_may_not_come(never, steps):
    class Counting(FakeModel):
        taken = 0

        def step(self, tokens, state):
            self.taken += 1
            return super().step(tokens, state)

    model = Counting(5)
    found = beam_search(
        model,
        model.initial_state(np.arange(2)),
        2,
        Beam(3, n_best=3, length_penalty=0.0),
        start=4,
        end=4,
        never=never,
        max_lengths=np.array([3, 3]),
    )
    assert model.taken == steps
    if never:
        assert [[len(own.tokens) for own in best] for best in found] == [[3, 3, 3]] * 2
        assert not any(own.ended for best in found for own in best)
