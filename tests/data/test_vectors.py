import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recurra._base.errors import InputError
from recurra.data import read_vectors, vectors_text

WORDS = ["the", "Œuvre", ". . .", "no\u00a0break", "the"]
VECTORS = np.array([[0.1, -2, 3e-5], [1, 2, 3], [4, 5, 6], [7, 8, 9], [-1, -1, -1]], dtype=np.float32)
WANTED = ["missing", "Œuvre", "the", "Œuvre", ". . .", "no\u00a0break", "œuvre"]
FOUND = [False, True, True, True, True, True, False]


def glove(words=WORDS, vectors=VECTORS, end="\n") -> bytes:
    rows = (f"{word} {' '.join(map(repr, row.tolist()))}{end}" for word, row in zip(words, vectors))
    return "".join(rows).encode()


def word2vec_text(words=WORDS, vectors=VECTORS) -> bytes:
    # The original program leaves a space at the end of each line.
    return f"{len(words)} {vectors.shape[1]}\n".encode() + glove(words, vectors, end=" \n")


def word2vec_binary(words=WORDS, vectors=VECTORS, end=b"\n") -> bytes:
    rows = (word.encode() + b" " + row.astype("<f4").tobytes() + end for word, row in zip(words, vectors))
    return f"{len(words)} {vectors.shape[1]}\n".encode() + b"".join(rows)


@pytest.mark.parametrize(
    "content",
    [glove(), glove(end="\r\n"), glove()[:-1], word2vec_text(), word2vec_text()[:-2]],
    ids=["GloVe", "Windows", "no last line end", "word2vec", "word2vec, no last line end"],
)
def test_text(content):
    Path("a.txt").write_bytes(content)
    found, vectors = read_vectors("a.txt", WANTED)
    assert found.tolist() == FOUND
    assert (vectors.dtype, vectors.shape) == (np.float32, (7, 3))
    np.testing.assert_array_equal(
        vectors, [[0] * 3, VECTORS[1], VECTORS[0], VECTORS[1], *VECTORS[2:4], [0] * 3]
    )


@pytest.mark.parametrize("end", [b"\n", b""])
def test_binary(end):
    words = [word.replace(" ", "_") for word in WORDS]
    Path("a.bin").write_bytes(word2vec_binary(words, end=end))
    found, vectors = read_vectors(Path("a.bin"), [word.replace(" ", "_") for word in WANTED])
    assert found.tolist() == FOUND
    np.testing.assert_array_equal(
        vectors, [[0] * 3, VECTORS[1], VECTORS[0], VECTORS[1], *VECTORS[2:4], [0] * 3]
    )


def test_a_binary_file_larger_than_what_is_read_at_once():
    rng = np.random.default_rng(1)
    words = [f"word{i}" for i in range(3000)]
    vectors = rng.normal(size=(3000, 300)).astype(np.float32)  # 3.6 MB, with spaces and line ends in floats
    Path("a.bin").write_bytes(word2vec_binary(words, vectors))
    found, read = read_vectors("a.bin", words[::-1])
    assert found.all()
    np.testing.assert_array_equal(read, vectors[::-1])


@given(
    vectors=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 4)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_text_keeps_every_bit(vectors):
    words = [f"w{i}" for i in range(len(vectors))]
    for content in (glove(words, vectors), word2vec_text(words, vectors)):
        Path("a.txt").write_bytes(content)
        found, read = read_vectors("a.txt", words)
        assert found.all()
        np.testing.assert_array_equal(read, vectors)


@given(hnp.arrays(np.float32, (5, 3), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_what_is_written_is_read_again(vectors):
    words = ["the", "two words", "", "\n", "naïve"]
    Path("vectors.txt").write_text(vectors_text(words, vectors), encoding="utf-8")
    found, read = read_vectors("vectors.txt", ["the", "naïve", "two", "words"])
    assert found.tolist() == [True, True, False, False]
    np.testing.assert_array_equal(read[:2], vectors[[0, 4]])


@given(
    vectors=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(3, 6)),
        # As trained ones are: zeros, or not so small that their bits could spell numerals.
        elements=st.floats(-8, 8, width=32).filter(lambda x: not x or abs(x) > 5e-4),
    )
)
@example(vectors=np.full((1, 3), 0.02, np.float32))
@example(vectors=np.full((1, 3), 0.7, np.float32))
def test_binary_keeps_every_bit(vectors):
    words = [f"w{i}" for i in range(len(vectors))]
    Path("a.bin").write_bytes(word2vec_binary(words, vectors))
    found, read = read_vectors("a.bin", words)
    assert found.all()
    np.testing.assert_array_equal(read, vectors)


def test_only_what_is_wanted_takes_memory():
    Path("a.txt").write_bytes(glove())
    found, vectors = read_vectors("a.txt", [])
    assert (found.shape, vectors.shape) == ((0,), (0, 3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.vec is empty; it needs a word and its vector on each line"),
        (
            b"the\n",
            "a.vec, line 1 must have a word and 1 to 10000 numbers after spaces, got 0; "
            "it is not a file of vectors",
        ),
        (
            b"the" + b" 0" * 10_001,
            "a.vec, line 1 must have a word and 1 to 10000 numbers after spaces, got 10001; "
            "it is not a file of vectors",
        ),
        (
            b"0" * (1 << 20) + b"0 1\n",
            "a.vec, line 1 is longer than any vector; it is not a file of vectors",
        ),
        (
            b"# a comment of words\n",
            "a.vec, line 1 has numbers that cannot be read: could not convert string to float: b'a'",
        ),
        (
            b"a 1 2 3\nthe 1 oops 3\n",
            "a.vec, line 2 has numbers that cannot be read: could not convert string to float: b'oops'",
        ),
        (
            b"a 1 2\nb 1\n",
            "a.vec, line 2 must have 2 numbers after its word, got 1; it is damaged",
        ),
        (
            b"a 1 2\n\nthe 1 2\n",
            "a.vec, line 2 must have 2 numbers after its word, got 0; it is damaged",
        ),
        (b"a 1 2\nthe 1 nan\n", "a.vec, line 2 has a number that is not finite in float32; it is damaged"),
        (b"a 1 2\nthe 1 1e39\n", "a.vec, line 2 has a number that is not finite in float32; it is damaged"),
        (
            b"3 2\na 1 2\nb 1 2\n",
            "a.vec must have as many words as its first line says, 3, got 2; it is cut short or damaged",
        ),
        (
            b"1 2\na 1 2\nb 1 2\n",
            "a.vec must have as many words as its first line says, 1, got 2; it is cut short or damaged",
        ),
        (
            b"0 300\n",
            "the first line of a.vec must say how many words it has, and 1 to 10000 numbers for each, "
            "got 0 and 300",
        ),
        (
            b"3 999999999999\n",
            "the first line of a.vec must say how many words it has, and 1 to 10000 numbers for each, "
            "got 3 and 999999999999",
        ),
        (
            b"999999999999 10000\nthe " + b"\x00" * 40_000,
            "a.vec is too short for what its first line says, words (999999999999) and numbers for "
            "each (10000); it is cut short or damaged",
        ),
        (
            word2vec_binary(["the"])[:-2],
            "a.vec is too short for what its first line says, words (1) and numbers for each (3); it is "
            "cut short or damaged",
        ),
        (
            word2vec_binary(["the", "abcdefghi"], end=b"")[:-4],
            "a.vec is too short for what its first line says, words (2) and numbers for each (3); it is "
            "cut short or damaged",
        ),
        (
            word2vec_binary(["the"]) + b"more",
            "a.vec has more words than its first line says, 1; it is damaged",
        ),
        (
            word2vec_binary(["a", "", "the"]),
            "a.vec has no word where word 2 must begin; it is damaged",
        ),
        (
            word2vec_binary(["b", "a" * 5000]),
            "a.vec has no word where word 2 must begin; it is damaged",
        ),
        (
            word2vec_binary(["a", "the"], np.array([[1, 2], [1, np.inf]], np.float32)),
            "a.vec has a number that is not finite in word 2; it is damaged",
        ),
    ],
)
def test_damaged_files(write, refusal, content, message):
    assert refusal(read_vectors, write("a.vec", content), ["the", "x"]) == message


@given(st.binary(max_size=200), st.sampled_from([b"", b"2 2\n", b"the 1 2\n", b"1 1\nthe "]))
def test_no_bytes_break_the_reader(content, start):
    Path("a.vec").write_bytes(start + content)
    try:
        found, vectors = read_vectors("a.vec", ["the", ""])
    except InputError as wrong:
        message = str(wrong)
    else:
        message = "a.vec "
        assert np.isfinite(vectors).all()
        assert not vectors[~found].any()
    assert re.match("a.vec[, ]", message)


def test_every_file_that_is_cut_short_is_refused(write, refusal):
    content = word2vec_binary()
    for size in range(len(content) - 1):  # the last line end may be missing
        assert "a.vec" in refusal(read_vectors, write("a.vec", content[:size]), ["the", "x"])


def test_missing_files(refusal):
    assert refusal(read_vectors, "glove.txt", ["a"]) == "glove.txt does not exist"


@pytest.mark.parametrize("path", [5, None, ["glove.txt"], b"glove.txt"])
def test_what_is_no_path(refusal, path):
    expected = f"path must be that of a file of word vectors, as text or a Path, got {path!r}"
    assert refusal(read_vectors, path, ["a"]) == expected
