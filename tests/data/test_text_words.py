"""Texts as words with their characters: cut, looked up, saved."""

import json

import numpy as np
import pytest

from recurra.data import TextWords

TEXTS = ["A good film.", "Don't see it!", "GOOD it isn't"]


def test_words_and_their_characters():
    words = TextWords.fit(TEXTS)
    assert words.tokens("It's GOOD…") == ["it's", "good", "…"]
    assert words.vocabulary[1:3] == ("good", "it")
    assert words.word_count == len(words.vocabulary) == 10
    assert words.character_count == len(set("agoodfilm.don'tseeit!isn't")) + 1
    first, second = words(["Good film", "unseen, it"])
    place = {word: i for i, word in enumerate(words.vocabulary)}
    character = {c: i for i, c in enumerate(words.words.characters)}
    assert first.dtype == np.int64
    assert first.tolist() == [
        [place["good"], *(character[c] for c in "good")],
        [place["film"], *(character[c] for c in "film")],
    ]
    assert second[:, 0].tolist() == [0, 0, place["it"]]
    assert second[1].tolist() == [0, 0, -1, -1, -1, -1, -1]


def test_case_can_be_kept():
    words = TextWords.fit(TEXTS, lowercase=False)
    assert words.tokens("It's GOOD") == ["It's", "GOOD"]
    ids = words(["GOOD good"])[0]
    assert ids[0, 0] == ids[1, 0] > 0
    assert (ids[0, 1:] != ids[1, 1:]).all()


def test_limits_and_texts_without_words():
    assert TextWords.fit(TEXTS, min_count=2).vocabulary[1:] == ("good", "it")
    assert TextWords.fit(TEXTS, max_vocabulary=2).vocabulary[1:] == ("good",)
    assert [ids.shape for ids in TextWords.fit(TEXTS)(["", " \n"])] == [(0, 2), (0, 2)]


def test_a_saved_one_gives_the_same_ids():
    words = TextWords.fit(TEXTS, lowercase=False)
    again = TextWords.from_dict(json.loads(json.dumps(words.to_dict())))
    assert again == words
    np.testing.assert_array_equal(again(TEXTS)[1], words(TEXTS)[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TextWords.fit("one text"), "texts must be a list of texts, got one text; put it in a list"),
        (
            lambda: TextWords.fit(["", " "]),
            "the texts hold no words; give texts to learn the vocabulary from",
        ),
        (lambda: TextWords.fit(TEXTS, lowercase=None), "lowercase must be True or False, got None"),
        (
            lambda: TextWords.fit(TEXTS, min_count=0),
            "min_count must be a whole number of at least 1, got 0",
        ),
        (lambda: TextWords.from_dict({"lowercase": True}), "text must have words, got only lowercase"),
        (
            lambda: TextWords.from_dict({"lowercase": 1, "words": {}}),
            "text.lowercase must be true or false, got 1",
        ),
        (
            lambda: TextWords.from_dict({"lowercase": True, "words": {"words": []}}),
            "text.words must have characters, got only words",
        ),
    ],
)
def test_wrong_use(refusal, call, message):
    assert refusal(call) == message
