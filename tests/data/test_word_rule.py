import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import word_rule
from recurra.data.word_rule import split_words

UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
WOMAN_CODING = "\U0001f469\u200d\U0001f4bb"
RAINBOW_FLAG = "\U0001f3f3\ufe0f\u200d\U0001f308"
THUMB = "\U0001f44d\U0001f3fd"
GERMANY, FRANCE = "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\r\n ", []),
        ("Don't stop!", ["Don't", "stop", "!"]),
        (
            "'quoted' o'clock's rock'n'roll dogs'",
            ["'", "quoted", "'", "o'clock's", "rock'n'roll", "dogs", "'"],
        ),
        ("don\u2019t \u2014 \u201cwell\u201d", ["don't", "—", "\u201c", "well", "\u201d"]),
        ("3.14 a1b2 snake_case x-y", ["3", ".", "14", "a1b2", "snake", "_", "case", "x", "-", "y"]),
        ("...", [".", ".", "."]),
        ("Ünïcode e\u0301te\u0301 x²", ["Ünïcode", "e\u0301te\u0301", "x²"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("שָׁלוֹם עולם", ["שָׁלוֹם", "עולם"]),
        ("\u200fسلام\u200e \u202bمی\u200cخواهم\u202c", ["سلام", "می\u200cخواهم"]),
        ("我爱NLP。", ["我", "爱", "NLP", "。"]),
        ("ことばカード", ["こ", "と", "ば", "カ", "ー", "ド"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("한국어 문장", ["한국어", "문장"]),
        (f"a{WOMAN_CODING}{RAINBOW_FLAG}b", ["a", WOMAN_CODING, RAINBOW_FLAG, "b"]),
        (f"{THUMB}{THUMB}", [THUMB, THUMB]),
        (f"{GERMANY}{FRANCE}{SCOTLAND}", [GERMANY, FRANCE, SCOTLAND]),
        (
            "no\u00a0break\u202fspaces\u3000here\u2028and\x85now",
            ["no", "break", "spaces", "here", "and", "now"],
        ),
        ("zero\u200bwidth\ufeffand\u2060joined", ["zero", "width", "and", "joined"]),
        ("co\u00adoperate\u00ad", ["cooperate"]),
        ("\u0301alone", ["\u0301", "alone"]),
        ("what\ufffdis", ["what", "\ufffd", "is"]),
        ("nul\x00bell\x07", ["nul", "\x00", "bell", "\x07"]),
        ("unit\x1fseparator", ["unit", "separator"]),
    ],
)
def test_words_and_signs(text, words):
    assert split_words(text) == words


@given(UNICODE)
def test_words_are_the_same_when_split_again(text):
    words = split_words(text)
    assert split_words(" ".join(words)) == words
    assert all(words)


@given(UNICODE)
def test_nothing_that_can_be_seen_is_lost(text):
    def seen(text):
        kept = text.replace("\u2019", "'")
        return [c for c in kept if not c.isspace() and unicodedata.category(c) != "Cf"]

    assert seen("".join(split_words(text))) == seen(text)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_takes_a_short_cut_to_the_same_words(text):
    assert split_words(text) == word_rule._pattern().findall(text)


def test_a_long_run_takes_no_longer_than_its_length():
    for text in (
        "'".join(["é"] * 50_000),
        "\u200d" * 100_000 + "é",
        "\U0001f469\u200d" * 50_000,
        "e\u0301" * 50_000,
    ):
        assert "".join(split_words(text)) == text
