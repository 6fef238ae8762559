import json
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra._base.errors import MissingExtraError
from recurra.data import TextFeatures
from recurra.data.byte_pairs import byte_alphabet

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
TEXTS = ["The film is good.", "the film isn't bad", "A film!", "good good film"]
UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
ODD = [
    "e\u0301te\u0301 \u212bngstro\u0308m",
    "\U0001f469\u200d\U0001f4bb\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea",
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u202bمی\u200cخواهم\u202c",
    "汉字、かな カード 한국어",
    "no\u00a0break\u200bzero\u00ad\u2060\ufeff",
    "line\r\nline\n\rline\u2028\x85",
    " Ġ  <unk> \x00\x1f\ufffe\U0010ffff",
    "",
    "  two  spaces  ",
]


def features(level: str, texts: list[str] = TEXTS, **options) -> TextFeatures:
    return TextFeatures.fit(texts, level=level, **options)


def test_words():
    words = features("word")
    assert words.vocabulary == (UNKNOWN, "film", "good", "the", "!", ".", "a", "bad", "is", "isn't")
    assert (words.size, words.lowercase, words.merges) == (10, True, None)
    rows = words(["A GOOD, film!", "", " \n"])
    assert [row.tolist() for row in rows] == [[6, 2, 0, 1, 4], [], []]
    assert [(row.dtype, row.ndim) for row in rows] == [(np.int64, 1)] * 3
    assert words.tokens("A GOOD, film!") == ["a", "good", ",", "film", "!"]
    assert words.decode(rows[0]) == f"a good {UNKNOWN} film !"


def test_words_in_their_own_case():
    words = features("word", lowercase=False)
    assert "The" in words.vocabulary
    assert "the" in words.vocabulary
    assert [row.tolist() for row in words(["THE"])] == [[0]]


def test_characters_are_code_points():
    characters = features("char", ["abé", "e\u0301"])
    assert characters.vocabulary == (UNKNOWN, "é", "a", "b")
    # The parts of what was never seen whole are known, or not, one by one.
    assert characters(["ba\u0301\u00e9"])[0].tolist() == [3, 0, 1]
    assert features("char", ["a\u0323 x\u0308"])(["x\u0308"])[0].tolist() != [0, 0]
    assert characters.tokens("ab?") == ["a", "b", "?"]
    assert characters.decode([3, 0, 1]) == f"b{UNKNOWN}é"


@pytest.mark.parametrize(
    ("level", "options", "vocabulary"),
    [
        ("word", {"max_vocabulary": 3}, (UNKNOWN, "film", "good")),
        ("word", {"min_count": 2}, (UNKNOWN, "film", "good", "the")),
        ("word", {"min_count": 2, "max_vocabulary": 2}, (UNKNOWN, "film")),
        ("char", {"min_count": 6}, (UNKNOWN, " ", "i", "o")),
        ("char", {"min_count": 6, "max_vocabulary": 3}, (UNKNOWN, " ", "i")),
        ("char", {"lowercase": True, "max_vocabulary": 4}, (UNKNOWN, " ", "i", "o")),
    ],
)
def test_rare_tokens_are_unknown(level, options, vocabulary):
    assert features(level, **options).vocabulary == vocabulary


def test_words_that_come_once_are_left_out_of_many():
    few = features("word", ["common rare", *["common"] * 9_997])
    assert few.vocabulary == (UNKNOWN, "common", "rare")
    many = features("word", ["common rare", *["common"] * 9_998])
    assert many.vocabulary == (UNKNOWN, "common")
    assert features("word", ["common rare", *["common"] * 9_998], min_count=1) == TextFeatures(
        "word", True, (UNKNOWN, "common", "rare")
    )


def test_equal_texts_have_equal_tokens_however_they_are_composed():
    for level in ("char", "word", "bpe"):
        found = features(level, ["caf\u00e9 \u1e9b\u0323"])
        composed, decomposed = found(
            ["caf\u00e9 \u1e9b\u0323", unicodedata.normalize("NFD", "caf\u00e9 \u1e9b\u0323")]
        )
        np.testing.assert_array_equal(composed, decomposed)
        assert composed.all()


def test_lower_case_stays_composed():
    for text in ("ΟΔΟΣ", "İI", "STRASSE ẞ", "\u1f88", "J\u030c"):
        found = features("char", [text], lowercase=True)
        assert unicodedata.is_normalized("NFC", found.normalise(text))
        assert found.decode(found([text])[0]) == found.normalise(text)
        assert found.normalise(found.normalise(text)) == found.normalise(text)


@pytest.fixture(scope="module")
def odd_bytes() -> TextFeatures:
    return features("bpe", [*ODD, *TEXTS * 10], max_vocabulary=300)


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_come_back(text, odd_bytes):
    for found in (features("char", ODD), odd_bytes):
        ids = found([text])[0]
        assert found.decode(ids) == unicodedata.normalize("NFC", text)
        assert found.decode(ids.tolist()) == found.normalise(text)
        assert ids.all()


@given(UNICODE)
def test_any_text_comes_back_from_byte_pairs(text):
    found = TextFeatures.from_dict(SAVED)
    assert found.decode(found([text])[0]) == unicodedata.normalize("NFC", text)


@given(st.lists(UNICODE, min_size=1).filter(any), st.booleans())
def test_known_characters_come_back(texts, lowercase):
    if all(found in ("", UNKNOWN) for found in texts):
        texts = [*texts, "a"]
    found = features("char", texts, lowercase=lowercase)
    for text, ids in zip(texts, found(texts)):
        assert found.decode(ids) == found.normalise(text)
        assert [found.vocabulary[i] for i in ids] == found.tokens(text)
        assert lowercase or found.normalise(text) == unicodedata.normalize("NFC", text)


@given(st.lists(UNICODE), st.sampled_from(["char", "word", "bpe"]))
def test_a_text_has_the_same_ids_alone_and_in_any_company(texts, level):
    found = features(level, [*TEXTS, *ODD], max_vocabulary=260)
    for text, ids in zip(texts, found(texts)):
        np.testing.assert_array_equal(found([text])[0], ids)
        assert len(found.tokens(text)) == len(ids)


def test_byte_pairs():
    found = features("bpe", TEXTS * 10, max_vocabulary=275)
    assert found.size == 275
    assert set(found.vocabulary[1:257]) == byte_alphabet()
    assert found.lowercase is False
    assert found.tokens("the film") == ["the", "Ġfilm"]
    ids = found(["the film"])[0]
    assert [found.vocabulary[i] for i in ids] == ["the", "Ġfilm"]
    assert found.decode([0, *ids]) == f"{UNKNOWN}the film"
    # Half of a character is shown as unknown, and nothing breaks.
    assert found.decode(found(["é"])[0][:1]) == UNKNOWN


def test_byte_pairs_are_those_of_the_library():
    tokenizers = pytest.importorskip("tokenizers")
    assert byte_alphabet() == set(tokenizers.pre_tokenizers.ByteLevel.alphabet())


PRINT = (
    "import sys, json; from recurra.data import TextFeatures;"
    "print(json.dumps(TextFeatures.fit(json.loads(sys.argv[1]), level='bpe', max_vocabulary=300).to_dict()))"
)


def test_byte_pairs_are_learned_alike_in_every_process():
    texts = [" ".join(text[::step] for text in TEXTS * 20 for step in (1, -1, 2))]
    here = features("bpe", texts, max_vocabulary=300).to_dict()
    assert len(here["merges"]) > 10
    for _ in range(2):
        there = subprocess.run(
            [sys.executable, "-c", PRINT, json.dumps(texts)], capture_output=True, check=True
        )
        assert json.loads(there.stdout) == here
        assert there.stderr == b""


@pytest.mark.parametrize("level", ["char", "word", "bpe"])
def test_saved_and_loaded(level):
    found = features(level, ODD + TEXTS)
    again = TextFeatures.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    for before, after in zip(found(ODD), again(ODD)):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: features("words"),
            "level must be one of char, word, bpe, got 'words'; did you mean 'word'?",
        ),
        (lambda: features("word", lowercase="yes"), "lowercase must be True, False or None, got 'yes'"),
        (
            lambda: features("word", max_vocabulary=0),
            "max_vocabulary must be a whole number of at least 1, got 0",
        ),
        (lambda: features("word", min_count=0), "min_count must be a whole number of at least 1, got 0"),
        (
            lambda: features("word", max_vocabulary=1),
            "a vocabulary of 1 words that come at least 1 times is empty; "
            "raise max_vocabulary or lower min_count",
        ),
        (
            lambda: features("word", min_count=9),
            "a vocabulary of 20000 words that come at least 9 times is empty; "
            "raise max_vocabulary or lower min_count",
        ),
        (
            lambda: features("bpe", max_vocabulary=256),
            "max_vocabulary must be at least 257 for bpe, the 256 bytes and the unknown token; got 256",
        ),
        (
            lambda: features("word", ["", " "]),
            "the texts hold no words; give texts to learn the vocabulary from",
        ),
        (
            lambda: features("char", ["", ""]),
            "the texts hold no characters; give texts to learn the vocabulary from",
        ),
        (
            lambda: features("bpe", []),
            "the texts hold no characters; give texts to learn the vocabulary from",
        ),
        (
            lambda: TextFeatures.fit("a film", level="word"),
            "texts must be a list of texts, got one text; put it in a list",
        ),
        (lambda: features("word")(["a", 3]), "texts[1] must be text, got int"),
        (
            lambda: features("char")(["ab\ud83d"]),
            "a text holds half a surrogate pair at character 3, which is no character; "
            "decode the text anew from its bytes",
        ),
        (
            lambda: features("word").decode([1, 10]),
            "ids must be between 0 and 9, the vocabulary's last, got 10",
        ),
        (lambda: features("word").decode([-1]), "ids must be between 0 and 9, the vocabulary's last, got -1"),
        (
            lambda: features("word").decode([0.5]),
            "ids must be whole numbers in one row, got float64 of shape (1,)",
        ),
        (
            lambda: features("word").decode(np.zeros((2, 2), int)),
            "ids must be whole numbers in one row, got int64 of shape (2, 2)",
        ),
    ],
)
def test_wrong_arguments(refusal, call, message):
    assert refusal(call) == message


def test_nothing_decodes_to_nothing():
    for level in ("char", "word", "bpe"):
        assert features(level).decode([]) == ""
        assert features(level)([]) == []


def test_texts_may_come_one_by_one():
    found = TextFeatures.fit(iter(TEXTS), level="word")
    assert found == features("word")
    assert [row.tolist() for row in found(iter(["good"]))] == [[2]]


def test_without_the_library(monkeypatch):
    saved = features("bpe").to_dict()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    words = features("word")
    assert words.decode(words(["film"])[0]) == "film"
    loaded = TextFeatures.from_dict(saved)
    for call in (lambda: loaded(["film"]), lambda: features("bpe")):
        with pytest.raises(MissingExtraError) as caught:
            call()
        assert (
            str(caught.value) == "tokenizers is not installed; install it with: pip install 'recurra[data]'"
        )


SAVED = TextFeatures.fit(TEXTS * 10, level="bpe", max_vocabulary=270).to_dict()
WORDS = {"level": "word", "lowercase": True, "vocabulary": [UNKNOWN, "a", "b"], "merges": None}
BYTES = sorted(byte_alphabet())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "text must be a dict, got []"),
        ({}, "text must have level, got only nothing"),
        ({"level": "word", 3: 4}, "text must have lowercase, got only level, 3"),
        (WORDS | {"more": 1}, "text must not have 'more'"),
        (WORDS | {"level": "words"}, "text.level must be one of char, word, bpe, got 'words'"),
        (WORDS | {"level": ["word"]}, "text.level must be one of char, word, bpe, got ['word']"),
        (WORDS | {"lowercase": 1}, "text.lowercase must be true or false, got 1"),
        *[
            (
                WORDS | {"vocabulary": wrong},
                f"text.vocabulary must be a list of texts that begins with {UNKNOWN!r}, the unknown token",
            )
            for wrong in (None, [], {"a": 1}, ["a", UNKNOWN], [None])
        ],
        (
            WORDS | {"vocabulary": [UNKNOWN, "a", 5]},
            "text.vocabulary[2] must be text that is not empty, got 5",
        ),
        (
            WORDS | {"vocabulary": [UNKNOWN, ""]},
            "text.vocabulary[1] must be text that is not empty, got ''",
        ),
        (WORDS | {"vocabulary": [UNKNOWN, "a", "b", "a"]}, "text.vocabulary[3] comes twice: 'a'"),
        (
            WORDS | {"vocabulary": [UNKNOWN, "\ud83d", "\udcbb"]},
            "text.vocabulary holds half a surrogate pair, which is no character",
        ),
        (WORDS | {"merges": []}, "text.merges must be null at level 'word'"),
        (
            SAVED | {"vocabulary": [UNKNOWN, *(c for c in BYTES if c not in "kx")]},
            "text.vocabulary must have the 256 bytes at level 'bpe'; it lacks 'k'",
        ),
        (SAVED | {"merges": None}, "text.merges must be a list of pairs at level 'bpe', got None"),
        *[
            (
                SAVED | {"merges": [["f", "i"], wrong]},
                f"text.merges[1] must be two tokens of the vocabulary that join to one, got {wrong!r}",
            )
            for wrong in (None, "fi", ["f"], ["f", "i", "l"], ["f", 3], [["f"], "i"], ["z", "z"], ["", "f"])
        ],
    ],
)
def test_fields_of_a_hostile_file(refusal, fields, message):
    assert refusal(TextFeatures.from_dict, fields) == message
