"""Connectionist temporal classification against every alignment, and streams against the whole."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.decoding import CtcReader, ctc_beam, ctc_frames, ctc_greedy


def frames_of(rng, T, V, impossible=0.0):
    """Log-probabilities, some of them −∞ but never all of a frame."""
    logits = rng.normal(0, 2, (T, V))
    logits[(rng.random((T, V)) < impossible) & (logits < logits.max(axis=1, keepdims=True))] = -np.inf
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def meaning(alignment, blank):
    """The text, and the frames in which its symbols begin."""
    begins = [
        t for t, symbol in enumerate(alignment) if symbol != blank and (t == 0 or alignment[t - 1] != symbol)
    ]
    return tuple(alignment[t] for t in begins), begins


def every_alignment(logs, blank):
    """Of each text that can be: the log-probability, and the best alignment."""
    T, V = logs.shape
    sums, best = defaultdict(lambda: -math.inf), {}
    for alignment in itertools.product(range(V), repeat=T):
        value = sum(logs[t, symbol] for t, symbol in enumerate(alignment))
        if value > -math.inf:
            text, begins = meaning(alignment, blank)
            sums[text] = np.logaddexp(sums[text], value)
            best[text] = max(best.get(text, (-math.inf, [])), (value, begins))
    return sums, best


def by_definition(logs, blank, size):
    """Prefix beam search, after Hannun et al. 2014, algorithm 1, with dictionaries."""
    beam = {(): (0.0, -math.inf)}
    for frame in logs:
        found = defaultdict(lambda: [-math.inf, -math.inf])
        for text, (in_blank, in_symbol) in beam.items():
            total = np.logaddexp(in_blank, in_symbol)
            for symbol, log in enumerate(frame):
                if symbol == blank:
                    found[text][0] = np.logaddexp(found[text][0], total + log)
                    continue
                own = found[(*text, symbol)]
                if text and symbol == text[-1]:
                    own[1] = np.logaddexp(own[1], in_blank + log)
                    found[text][1] = np.logaddexp(found[text][1], in_symbol + log)
                else:
                    own[1] = np.logaddexp(own[1], total + log)
        possible = {text: both for text, both in found.items() if max(both) > -math.inf}
        beam = dict(sorted(possible.items(), key=lambda one: -np.logaddexp(*one[1]))[:size])
    return {text: np.logaddexp(*both) for text, both in beam.items()}


def check(found, want):
    """Against log-probabilities by text."""
    order = sorted(want, key=lambda text: -want[text])[: len(found)]
    assert [tuple(one.tokens.tolist()) for one in found] == order
    logs = [one.log_probability for one in found]
    np.testing.assert_allclose(logs, [want[text] for text in order], rtol=1e-10, atol=1e-12)
    assert all(one.ended and one.score == one.log_probability for one in found)
    assert all(one.tokens.dtype == np.int64 for one in found)


inputs = {
    "T": st.integers(0, 5),
    "V": st.integers(1, 3),
    "impossible": st.sampled_from([0.0, 0.4]),
    "seed": st.integers(0, 2**32 - 1),
}


@settings(max_examples=150, deadline=None)
@given(**inputs, data=st.data())
def test_a_wide_beam_sums_over_every_alignment(T, V, impossible, seed, data):
    logs, blank = frames_of(np.random.default_rng(seed), T, V, impossible), data.draw(st.integers(0, V - 1))
    sums, _ = every_alignment(logs, blank)
    found = ctc_beam(logs, blank, size=500, n_best=500)
    assert len(found) == len(sums)
    check(found, sums)
    assert np.logaddexp.reduce([one.log_probability for one in found]) == pytest.approx(0, abs=1e-9)
    check(ctc_beam(logs, blank, size=500), sums)


@settings(max_examples=100, deadline=None)
@given(T=st.integers(0, 30), V=st.integers(1, 5), size=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_a_narrow_beam_is_its_definition(T, V, size, seed):
    logs = frames_of(np.random.default_rng(seed), T, V)
    check(ctc_beam(logs, V - 1, size, n_best=size), by_definition(logs, V - 1, size))


def test_a_text_of_many_alignments_beats_the_best_alignment():
    # Both blank 0.6 * 0.6 = 0.36; "a" is 0.6 * 0.4 twice and 0.4 * 0.4 = 0.64.
    logs = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert ctc_greedy(logs, 0)[0].tolist() == []
    best, second = ctc_beam(logs, 0, size=2, n_best=2)
    assert (best.tokens.tolist(), math.exp(best.score)) == ([1], pytest.approx(0.64))
    assert (second.tokens.tolist(), math.exp(second.score)) == ([], pytest.approx(0.36))


def test_long_clips_neither_underflow_nor_lose_precision():
    logs = np.full((5000, 3), math.log(1 / 3), np.float32)
    (found,) = ctc_beam(logs, 0, size=1)
    assert found.log_probability == pytest.approx(5000 * float(logs[0, 0]), rel=1e-12)
    sharp = np.full((5000, 3), -1e4)
    sharp[np.arange(5000), np.arange(5000) % 3] = 0
    (found,) = ctc_beam(sharp, 0, size=10)
    assert (found.tokens.tolist(), found.log_probability) == ([1, 2] * 1666 + [1], 0)


def test_equal_texts_stand_in_the_order_of_their_ids():
    found = ctc_beam(np.log(np.full((1, 4), 0.25)), 1, size=4, n_best=4)
    assert [one.tokens.tolist() for one in found] == [[], [0], [2], [3]]


BY_HAND = np.log(
    # blank, a, b
    [
        [0.1, 0.8, 0.1],  # a
        [0.1, 0.6, 0.3],  # a goes on
        [0.7, 0.2, 0.1],
        [0.2, 0.7, 0.1],  # a again, past a blank
        [0.1, 0.3, 0.6],  # b
        [0.4, 0.2, 0.4],  # equal: the blank, of the lower id
        [0.8, 0.1, 0.1],
        [0.3, 0.3, 0.4],  # b
    ]
)


def test_greedy_by_hand():
    tokens, frames = ctc_greedy(BY_HAND, 0)
    assert (tokens.tolist(), frames.tolist()) == ([1, 1, 2, 2], [0, 3, 4, 7])
    assert (tokens.dtype, frames.dtype) == (np.int64, np.int64)
    tokens, frames = ctc_greedy(BY_HAND.astype(np.float32).tolist(), 2)
    assert (tokens.tolist(), frames.tolist()) == ([1, 0, 1, 0], [0, 2, 3, 5])


@settings(max_examples=100, deadline=None)
@given(**inputs, data=st.data())
def test_frames_are_those_of_the_best_alignment(T, V, impossible, seed, data):
    logs, blank = frames_of(np.random.default_rng(seed), T, V, impossible), data.draw(st.integers(0, V - 1))
    for text, (_, begins) in every_alignment(logs, blank)[1].items():
        frames = ctc_frames(logs, np.array(text, np.int64), blank)
        assert (frames.tolist(), frames.dtype) == (begins, np.int64)
    tokens, frames = ctc_greedy(logs, blank)
    assert (tuple(tokens), frames.tolist()) == meaning(logs.argmax(axis=1).tolist(), blank)
    assert ctc_frames(logs, tokens, blank).tolist() == frames.tolist()


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=8).map(sorted), seed=st.integers(0, 2**32 - 1))
def test_a_stream_in_any_cut_reads_what_the_whole_means(cuts, seed):
    logs = frames_of(np.random.default_rng(seed), 40, 3)
    reader, tokens, frames = CtcReader(1), [], []
    for part in np.split(logs, cuts):
        found, begins = reader.read(part)
        tokens += found.tolist()
        frames += begins.tolist()
        saved, reader = reader.state(), CtcReader(1)
        reader.restore(saved)
    want = ctc_greedy(logs, 1)
    assert (tokens, frames) == (want[0].tolist(), want[1].tolist())
    assert {name: (array.dtype, array.tolist()) for name, array in reader.state().items()} == {
        "last": (np.int64, logs[-1].argmax()),
        "frames": (np.int64, 40),
    }


def test_a_reader_goes_back_to_the_beginning_and_reads_nothing_after_an_error():
    reader = CtcReader(0)
    reader.read(BY_HAND[:4])
    before = reader.state()
    with pytest.raises(InputError):
        reader.read(np.vstack([BY_HAND[4:], np.full((1, 3), np.nan)]))
    assert reader.state() == before
    tokens, frames = reader.read(BY_HAND[3:])
    assert (tokens.tolist(), frames.tolist()) == ([2, 2], [5, 8])
    reader.reset()
    assert [part.tolist() for part in reader.read(BY_HAND)] == [[1, 1, 2, 2], [0, 3, 4, 7]]


def test_no_frames_and_no_symbols_but_the_blank():
    for T, V in ((0, 3), (0, 1), (4, 1)):
        logs = np.log(np.full((T, V), 1 / V))
        assert [part.tolist() for part in ctc_greedy(logs, 0)] == [[], []]
        assert ctc_frames(logs, np.empty(0, np.int64), 0).tolist() == []
        (found,) = ctc_beam(logs, 0, size=3, n_best=3)
        assert (found.tokens.tolist(), found.log_probability) == ([], 0)


WRONG = [
    (np.zeros(3), 0, "log_probabilities must have shape (T, V), a row for each frame, got (3,)"),
    (np.zeros((3, 0)), 0, "log_probabilities must have shape (T, V), a row for each frame, got (3, 0)"),
    (np.zeros((2, 3)), 3, "blank must be one of the 3 symbols, from 0, got 3"),
    (np.zeros((2, 3)), -1, "blank must be one of the 3 symbols, from 0, got -1"),
    (
        [[0, 0], [math.nan, 0]],
        0,
        "log_probabilities must have a finite highest value, got nan in frame 1",
    ),
    (
        [[-math.inf, -math.inf], [0, 0]],
        0,
        "log_probabilities must have a finite highest value, got -inf in frame 0",
    ),
    ([[math.inf, 0]], 0, "log_probabilities must have a finite highest value, got inf in frame 0"),
]


@pytest.mark.parametrize(
    "decode",
    [ctc_greedy, ctc_beam, lambda logs, blank: ctc_frames(logs, np.empty(0, np.int64), blank)],
    ids=["greedy", "beam", "frames"],
)
@pytest.mark.parametrize(("logs", "blank", "message"), WRONG, ids=range(len(WRONG)))
def test_refused_frames(decode, logs, blank, message):
    with pytest.raises(InputError) as error:
        decode(logs, blank)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("size", "n_best", "message"),
    [
        (0, 1, "size must be a whole number of at least 1, got 0"),
        (5, 0, "n_best must be a whole number of at least 1, got 0"),
        (5, 6, "n_best must be at most the beam's size, 5, got 6; widen the beam or ask for fewer"),
    ],
)
def test_refused_beams(size, n_best, message):
    with pytest.raises(InputError) as error:
        ctc_beam(BY_HAND, 0, size, n_best)
    assert str(error.value) == message


IMPOSSIBLE = np.array([[-1.0, 0, -np.inf]] * 3)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([1, 3], "tokens must be symbols below 3 other than the blank, 0, got [1, 3]"),
        ([1, -1], "tokens must be symbols below 3 other than the blank, 0, got [1, -1]"),
        ([1, 0], "tokens must be symbols below 3 other than the blank, 0, got [1, 0]"),
        ([1, 1, 2], "tokens need at least 4 frames, with a blank between two of a kind, got 3 frames"),
        ([1, 2], "tokens must be a text that these frames can mean, got [1, 2]"),
    ],
    ids=str,
)
def test_texts_that_cannot_be(tokens, message):
    with pytest.raises(InputError) as error:
        ctc_frames(IMPOSSIBLE, np.array(tokens), 0)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "the state of a reader must have the arrays last and frames, got none"),
        (
            {"last": np.array(1), "frame": np.array(1)},
            "the state of a reader must have the arrays last and frames, got frame, last",
        ),
        (
            {"last": np.array([1]), "frames": np.array(1)},
            "state 'last' must be a whole number of at least 0, int64 (), got array([1])",
        ),
        (
            {"last": np.array(1), "frames": np.array(-1)},
            "state 'frames' must be a whole number of at least 0, int64 (), got array(-1)",
        ),
        (
            {"last": np.array(1.0), "frames": np.array(1)},
            "state 'last' must be a whole number of at least 0, int64 (), got array(1.)",
        ),
        (
            {"last": 1, "frames": np.array(1)},
            "state 'last' must be a whole number of at least 0, int64 (), got 1",
        ),
    ],
    ids=range(6),
)
def test_refused_states(state, message):
    with pytest.raises(InputError) as error:
        CtcReader(0).restore(state)
    assert str(error.value) == message
