import json
import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import WordFeatures

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
SENTENCES = [["The", "cat", "sat"], ["the", "Cat", "!"], ["A", "1990s", "cat"]]
SENTENCE = st.lists(st.text(st.characters(exclude_categories=["Cs"])))


def test_words_and_their_characters():
    words = WordFeatures.fit(SENTENCES)
    assert words.words == (UNKNOWN, "cat", "the", "!", "1990s", "a", "sat")
    assert words.word_count == 7
    assert words.character_count == len(set("".join(map("".join, SENTENCES)))) + 1
    first, second, third = words([["The", "dog"], ["cAT!?"], []])
    character = {c: i for i, c in enumerate(words.characters)}
    assert first.tolist() == [
        [2, character["T"], character["h"], character["e"]],
        [0, 0, 0, 0],
    ]
    assert second.tolist() == [[0, *(character[c] for c in "cAT!"), 0]]
    assert third.shape == (0, 2)
    assert {ids.dtype for ids in (first, second, third)} == {np.dtype(np.int64)}


def test_shorter_words_end_in_minus_one():
    words = WordFeatures.fit(SENTENCES)
    ids = words([["a", "1990s", ""]])[0]
    assert ids.shape == (3, 6)
    assert (ids >= 0).sum(axis=1).tolist() == [2, 6, 1]
    assert (ids[0, 2:] == -1).all()
    assert (ids[2, 1:] == -1).all()
    assert words([[""]])[0].tolist() == [[0, -1]]


def test_of_a_long_word_both_ends_count():
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = WordFeatures.fit([[letters]])
    ids = words([[letters, letters[:32]]])[0]
    assert ids.shape == (2, 33)
    assert "".join(words.characters[i] for i in ids[0, 1:]) == letters[:16] + letters[-16:]
    assert "".join(words.characters[i] for i in ids[1, 1:]) == letters[:32]
    assert ids[:, 0].tolist() == [1, 0]


def test_the_rarest_words_are_unknown():
    assert WordFeatures.fit(SENTENCES, max_vocabulary=3).words == (UNKNOWN, "cat", "the")
    rare = WordFeatures.fit(SENTENCES, min_count=2)
    assert rare.words == (UNKNOWN, "cat", "the")
    assert "!" in rare.characters


def test_equal_words_have_equal_ids_however_they_are_composed():
    words = WordFeatures.fit([["Café", "x"]])
    composed, decomposed = words([["Café"], [unicodedata.normalize("NFD", "Café")]])
    np.testing.assert_array_equal(composed, decomposed)
    assert composed.min() > 0


@given(st.lists(SENTENCE, min_size=1))
def test_a_sentence_has_the_same_ids_alone_and_in_any_company(sentences):
    words = WordFeatures.fit([*SENTENCES, *sentences[:1]])
    for sentence, ids in zip(sentences, words(sentences)):
        np.testing.assert_array_equal(words([sentence])[0], ids)
        longest = max((len(unicodedata.normalize("NFC", word)) for word in sentence), default=1)
        assert ids.shape == (len(sentence), 1 + min(max(longest, 1), 32))
        assert ids[:, 0].min(initial=0) >= 0
        assert ids[:, 0].max(initial=0) < words.word_count
        assert ids[:, 1:].min(initial=-1) == -1
        assert ids[:, 1:].max(initial=0) < words.character_count
        # -1 comes at the end alone.
        assert (np.diff((ids[:, 1:] >= 0).astype(int), axis=1) <= 0).all()


@given(
    st.lists(SENTENCE, min_size=1).filter(lambda x: any(word not in ("", UNKNOWN) for s in x for word in s))
)
def test_known_words_come_back(sentences):
    words = WordFeatures.fit(sentences)
    for sentence, ids in zip(sentences, words(sentences)):
        for word, row in zip(sentence, ids):
            written = unicodedata.normalize("NFC", word)
            if len(written) <= 32:
                assert "".join(words.characters[i] for i in row[1:] if i >= 0) == written
            lower = unicodedata.normalize("NFC", written.lower())
            assert words.words[row[0]] == (lower or UNKNOWN)


def test_sentences_may_come_one_by_one():
    words = WordFeatures.fit(iter(SENTENCES))
    assert words == WordFeatures.fit(SENTENCES)
    assert len(words(iter(SENTENCES))) == 3


def test_saved_and_loaded():
    words = WordFeatures.fit(SENTENCES)
    assert WordFeatures.from_dict(json.loads(json.dumps(words.to_dict()))) == words


def test_seven_thousand_sentences_are_quick():
    sentences = [[f"word{(7 * i + j) % 9973}" for j in range(20)] for i in range(7_000)]
    words = WordFeatures.fit(sentences)
    start = time.process_time()
    words(sentences)
    assert time.process_time() - start < 2


WORDS = {"words": [UNKNOWN, "a"], "characters": [UNKNOWN, "b"]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: WordFeatures.fit([]),
            "the sentences hold no words; give sentences to learn the vocabulary from",
        ),
        (
            lambda: WordFeatures.fit([[], [""]]),
            "the sentences hold no words; give sentences to learn the vocabulary from",
        ),
        (
            lambda: WordFeatures.fit(SENTENCES, min_count=9),
            "a vocabulary of 50000 words that come at least 9 times is empty; "
            "raise max_vocabulary or lower min_count",
        ),
        (
            lambda: WordFeatures.fit(SENTENCES, max_vocabulary=0),
            "max_vocabulary must be a whole number of at least 1, got 0",
        ),
        (
            lambda: WordFeatures.fit(SENTENCES, min_count=0.5),
            "min_count must be a whole number of at least 1, got 0.5",
        ),
        (
            lambda: WordFeatures.fit("the cat"),
            "sentences must be a list of lists of words, got one text; cut it into words",
        ),
        (
            lambda: WordFeatures.fit(SENTENCES)([["the"], "the cat"]),
            "sentences[1] must be a list of words, got one text; cut it into words",
        ),
        (
            lambda: WordFeatures.fit(SENTENCES)([["the", None]]),
            "sentences[0][1] must be text, got NoneType",
        ),
        (lambda: WordFeatures.from_dict(None), "words must be a dict, got None"),
        (lambda: WordFeatures.from_dict({"words": []}), "words must have characters, got only words"),
        (lambda: WordFeatures.from_dict(WORDS | {"more": 1}), "words must not have 'more'"),
        (
            lambda: WordFeatures.from_dict(WORDS | {"words": ["a"]}),
            f"words.words must be a list of texts that begins with {UNKNOWN!r}, the unknown token",
        ),
        (
            lambda: WordFeatures.from_dict(WORDS | {"characters": [UNKNOWN, "b", "b"]}),
            "words.characters[2] comes twice: 'b'",
        ),
        (
            lambda: WordFeatures.from_dict(WORDS | {"characters": [UNKNOWN, 5]}, "spec.features"),
            "spec.features.characters[1] must be text that is not empty, got 5",
        ),
    ],
)
def test_wrong_arguments(refusal, call, message):
    assert refusal(call) == message
