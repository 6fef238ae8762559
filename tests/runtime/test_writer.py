"""What a writer holds back, where it stops, and what it never writes, on streams that say what they want."""

import itertools

import numpy as np
import pytest

from recurra.data import TextFeatures
from recurra.data.vocabulary import UNKNOWN
from recurra.decoding import Sampling
from recurra.runtime.writer import Writer

CHARACTERS = TextFeatures("char", False, (UNKNOWN, "a", "b", "c", " "))
WORDS = TextFeatures("word", False, (UNKNOWN, "the", "cat", "sat"))
BYTES = TextFeatures.fit(["😀 é ok ok ok ok"], level="bpe")
GREEDY = Sampling(temperature=0)


class Scripted:
    """A stream that finds the tokens of a script most probable, one after the other, then the boundary."""

    def __init__(self, features, script, *, also=()):
        self.size, self.script, self.also, self.stepped = features.size + 1, list(script), also, []
        self.log_probabilities = self._after()

    def _after(self):
        place = len(self.stepped)
        odds = np.full(self.size, 1e-3)
        odds[self.script[place] if place < len(self.script) else -1] = 1
        for token, share in self.also:
            odds[token] = share
        return np.log(odds / odds.sum())

    def step(self, token):
        self.stepped.append(token)
        self.log_probabilities = self._after()
        return self.log_probabilities


def writer_of(features, script, **changes):
    stream = changes.pop("stream", None) or Scripted(features, script)
    settings = {
        "ends": True,
        "before": np.zeros(0, np.int64),
        "apart": True,
        "length": 100,
        "sampling": GREEDY,
        "stop": None,
        "generator": np.random.default_rng(0),
    }
    return Writer(stream, features, **{**settings, **changes})


def ids(features, text):
    (own,) = features([text])
    assert own.all()
    return own.tolist()


def written(features, text, **changes):
    writer = writer_of(features, ids(features, text), **changes)
    pieces = list(writer)
    return pieces, writer


def test_characters_come_as_they_are_drawn():
    pieces, writer = written(CHARACTERS, "ab c")
    assert pieces == ["a", "b", " ", "c"]
    assert (writer.tokens, writer.stopped) == (4, "end")


def test_the_log_probability_is_the_model_s_of_what_was_drawn_and_of_the_end():
    _, writer = written(CHARACTERS, "ab")
    own = Scripted(CHARACTERS, [1, 2]).log_probabilities.max()
    assert writer.log_probability == pytest.approx(3 * own, abs=1e-12)
    cut, cut_writer = written(CHARACTERS, "ab", length=2)
    assert (cut, cut_writer.stopped) == (["a", "b"], "length")
    assert cut_writer.log_probability == pytest.approx(2 * own, abs=1e-12)


def test_a_document_that_is_over_at_once():
    pieces, writer = written(CHARACTERS, "")
    assert (pieces, writer.tokens, writer.stopped) == ([], 0, "end")


@pytest.mark.parametrize(
    ("text", "stop", "wanted", "tokens"),
    [
        ("abcabc", "c", "ab", 3),
        ("aaab", "aab", "a", 4),  # the beginnings of what stops it overlap
        ("aaaab", "aab", "aa", 5),
        ("abab c", "ab c", "ab", 6),
        ("abcab", "bca", "a", 4),  # over several tokens
        ("cab", "c", "", 1),  # at once
        ("ab", "abc", "ab", 2),  # only begun when the document ends: it is written
        ("bb", "a", "bb", 2),
        ("a", "a", "", 1),
        ("abaabab", "abab", "aba", 7),
    ],
)
def test_it_stops_before_the_text_that_stops_it(text, stop, wanted, tokens):
    pieces, writer = written(CHARACTERS, text, stop=stop)
    assert "".join(pieces) == wanted
    assert all(pieces)
    assert writer.stopped == ("stop" if stop in text else "end")
    assert writer.tokens == tokens


@pytest.mark.parametrize(
    "stop", ["".join(some) for n in (1, 2, 3) for some in itertools.product("ab", repeat=n)]
)
def test_any_text_stops_where_the_stop_first_comes(stop):
    for letters in itertools.product("ab", repeat=6):
        text = "".join(letters)
        pieces, _ = written(CHARACTERS, text, stop=stop)
        assert "".join(pieces) == text.split(stop)[0]


def test_what_may_be_the_beginning_of_the_stop_is_held_back_until_it_is_known():
    stream = Scripted(CHARACTERS, ids(CHARACTERS, "abac"))
    pieces = iter(writer_of(CHARACTERS, [], stream=stream, stop="aca"))
    assert (next(pieces), len(stream.stepped)) == ("ab", 2)
    assert (list(pieces), len(stream.stepped)) == (["ac"], 4)


def test_a_stop_that_only_begins_is_written_when_the_length_is_reached():
    pieces, writer = written(CHARACTERS, "abc", stop="abcc", length=3)
    assert ("".join(pieces), writer.stopped) == ("abc", "length")


def test_a_stop_that_is_complete_with_the_last_token_of_the_length_counts():
    pieces, writer = written(CHARACTERS, "abc", stop="bc", length=3)
    assert ("".join(pieces), writer.stopped, writer.tokens) == ("a", "stop", 3)


def test_length_one():
    pieces, writer = written(CHARACTERS, "abc", length=1)
    assert (pieces, writer.tokens, writer.stopped) == (["a"], 1, "length")


def test_words_have_a_space_between_them():
    assert "".join(written(WORDS, "the cat sat")[0]) == "the cat sat"
    before = np.array(ids(WORDS, "the"))
    assert "".join(written(WORDS, "cat sat", before=before, apart=False)[0]) == " cat sat"
    assert "".join(written(WORDS, "cat sat", before=before, apart=True)[0]) == "cat sat"
    pieces, writer = written(WORDS, "the cat sat", stop="cat s")
    assert ("".join(pieces), writer.stopped) == ("the ", "stop")


@pytest.mark.parametrize(
    "sampling", [GREEDY, Sampling(), Sampling(temperature=5, top_k=3), Sampling(top_p=0.3)]
)
@pytest.mark.parametrize("ends", [True, False])
def test_neither_the_unknown_token_nor_a_boundary_is_written(sampling, ends):
    boundary = CHARACTERS.size
    stream = Scripted(CHARACTERS, [1] * 300, also=[(0, 50.0), (boundary, 1e-9 if ends else 50.0)])
    writer = writer_of(CHARACTERS, [], stream=stream, length=200, ends=ends, sampling=sampling)
    text = "".join(writer)
    assert UNKNOWN not in text
    assert 0 not in stream.stepped
    assert boundary not in stream.stepped
    assert len(text) == writer.tokens
    if not ends:
        assert (writer.tokens, writer.stopped) == (200, "length")


def test_the_repetition_penalty_works_on_the_prompt_and_on_what_is_written():
    even = [(token, 1.0) for token in (1, 2, 3)]

    def first(*before, penalty=100.0):
        stream = Scripted(CHARACTERS, [1] * 9, also=even)
        before = np.array(before, np.int64)
        sampling = Sampling(temperature=0, repetition_penalty=penalty)
        writer = writer_of(
            CHARACTERS, [], stream=stream, before=before, length=3, ends=False, sampling=sampling
        )
        return "".join(writer)

    assert first(penalty=1.0) == "aaa"
    assert first()[:3] == "abc"
    assert first(1) == "bc "
    assert first(1, 2)[0] == "c"


def test_the_repetition_penalty_looks_back_64_tokens():
    even = [(token, 1.0) for token in (1, 2)]
    for far, wanted in ((63, "b"), (64, "a")):
        stream = Scripted(CHARACTERS, [1], also=even)
        before = np.array([1, *[3] * far])
        sampling = Sampling(temperature=0, repetition_penalty=9.0)
        writer = writer_of(CHARACTERS, [], stream=stream, before=before, length=1, sampling=sampling)
        assert "".join(writer) == wanted


def bytes_of(content):
    """Ids of single bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    names = {byte: chr(byte) for byte in printable}
    names |= {byte: chr(0x100 + i) for i, byte in enumerate(others)}
    return [BYTES.vocabulary.index(names[byte]) for byte in content]


@pytest.mark.parametrize("text", ["😀", "é😀a", "a😀😀é", "日本語", "e\u0301", "👩‍👩‍👧", "\ufffd", "\ufffda"])
def test_a_character_of_several_bytes_comes_whole(text):
    pieces = list(writer_of(BYTES, bytes_of(text.encode())))
    assert "".join(pieces) == text
    if "\ufffd" not in text:
        assert all(piece in text for piece in pieces)
        assert not any("\ufffd" in piece for piece in pieces)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x80\x80" + "😀".encode(),  # bytes that are no character, then one that takes four
        "😀".encode()[:3],
        "😀".encode()[:2] + b"a",
        "😀".encode()[:3] + "😀".encode(),
        b"\xff" * 9 + "é".encode(),
        b"\xf0\xf0\xf0\xf0" + "😀".encode()[1:],
        b"\xc3" * 20,
        b"a\xe6\x97",
    ],
    ids=lambda content: content.hex(),
)
def test_bytes_that_are_no_text_are_written_as_they_are_read_together(content):
    tokens = bytes_of(content)
    pieces = list(writer_of(BYTES, tokens))
    assert all(pieces)
    assert "".join(pieces) == BYTES.decode(tokens) == content.decode(errors="replace")


def test_any_bytes_are_written_as_they_are_read_together():
    rng = np.random.default_rng(0)
    likely = [*"😀é日a".encode(), 0x80, 0xC3, 0xF0, 0xE6, 0xFF]
    for _ in range(200):
        tokens = bytes_of(rng.choice(likely, 12).tolist())
        assert "".join(writer_of(BYTES, tokens)) == BYTES.decode(tokens)


def test_a_stop_of_several_bytes():
    writer = writer_of(BYTES, bytes_of("aé😀b".encode()), stop="😀")
    assert "".join(writer) == "aé"
    assert (writer.tokens, writer.stopped) == (7, "stop")


def test_a_length_that_cuts_a_character():
    writer = writer_of(BYTES, bytes_of("aé😀b".encode()), length=5)
    assert list(writer) == ["a", "é", "\ufffd"]
    assert writer.tokens == 5
