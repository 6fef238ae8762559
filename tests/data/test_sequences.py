import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recurra.data import Clip, Sequences, as_sequences, pad

EXPECTED = "a list of texts, of lists of tokens, of arrays (steps, columns) or of clips"
RESHAPE = (
    "Reshape your data: X.reshape(1, -1) is one series of one column, "
    "a list of texts or arrays holds several items"
)
NONE = "Found array with 0 sample(s) while a minimum of 1 is required: X has no items"


def clip(n=5, rate=8000, name="a.wav"):
    return Clip(np.linspace(0, 1, n), rate, name)


# Texts and tokens

TEXTS = ["two words", "", "naïve 😀"]


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object),
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="category", index=[7, 8, 9]),
        pl.Series(TEXTS),
        pl.DataFrame({"text": TEXTS})["text"],
    ],
    ids=lambda given: type(given).__name__,
)
def test_texts_come_in_any_container(given):
    sequences = as_sequences(given)
    assert (sequences.kind, sequences.items) == ("text", TEXTS)
    assert {type(item) for item in sequences.items} == {str}
    assert sequences.lengths().tolist() == [9, 0, 7]
    assert sequences.fingerprint() == as_sequences(TEXTS).fingerprint()


TOKENS = [["two", "words"], ["one"]]


@pytest.mark.parametrize(
    "given",
    [
        TOKENS,
        [("two", "words"), np.array(["one"])],
        pl.Series(TOKENS),
        pd.Series(TOKENS),
        np.array([["two", "words"], ["one"]], object),
    ],
    ids=lambda given: type(given).__name__,
)
def test_tokens_come_in_any_container(given):
    sequences = as_sequences(given)
    assert (sequences.kind, sequences.items) == ("tokens", TOKENS)
    assert sequences.lengths().tolist() == [2, 1]


def test_an_array_of_str_holds_lists_of_tokens_of_one_length():
    for dtype in (None, object):
        assert as_sequences(np.array([["a", "b"], ["c", "d"]], dtype)).items == [["a", "b"], ["c", "d"]]


def test_a_list_without_tokens_is_a_sentence_among_others():
    assert as_sequences([["a"], []]).items == [["a"], []]


# Series


def check_series(sequences, expected):
    assert sequences.kind == "series"
    for item, values in zip(sequences.items, expected, strict=True):
        assert item.dtype == np.float32
        assert item.flags.c_contiguous
        np.testing.assert_array_equal(item, np.asarray(values, np.float32))


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.float16, np.int32, np.uint8, bool]),
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=6),
        elements={"allow_nan": False, "allow_infinity": False, "min_value": 0, "max_value": 1},
    )
)
def test_an_array_holds_a_series_in_each_row(array):
    expected = array if array.ndim == 3 else array[:, :, None]
    for given_array in (array, np.asfortranarray(array), list(array), array.tolist(), array.astype(object)):
        check_series(as_sequences(given_array), expected)
    assert as_sequences(array).lengths().tolist() == [array.shape[1]] * len(array)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any), st.integers(1, 4))
def test_series_keep_their_own_lengths(lengths, width):
    arrays = [np.arange(n * width, dtype=float).reshape(n, width) for n in lengths]
    sequences = as_sequences(arrays)
    check_series(sequences, arrays)
    assert sequences.lengths().tolist() == lengths


def test_what_has_no_steps_takes_the_width_of_the_others():
    assert [x.shape for x in as_sequences([[], np.zeros((2, 3)), np.zeros(0)]).items] == [
        (0, 3),
        (2, 3),
        (0, 3),
    ]


FRAME = {"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_a_row_of_a_frame_is_a_series_of_one_column(make):
    check_series(as_sequences(make(FRAME)), [[[1], [0.5], [1]], [[2], [1.5], [0]]])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_list_of_frames_is_a_list_of_series(make):
    short = {"a": [3], "b": [4.0], "c": [5]}
    check_series(
        as_sequences([make(FRAME), make(short)]), [np.array([[1, 0.5, 1], [2, 1.5, 0]]), [[3, 4, 5]]]
    )


def test_whatever_turns_into_an_array_is_taken():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.ones((2, 3))

    check_series(as_sequences(Tensor()), np.ones((2, 3, 1)))
    check_series(as_sequences([Tensor()]), np.ones((1, 2, 3)))


def test_lists_and_arrays_need_no_data_frame_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    assert as_sequences(["a"]).kind == "text"
    assert as_sequences(np.ones((2, 3))).kind == "series"
    assert as_sequences(pd.Series(["a"])).kind == "text"


# Clips, and what is already made


def test_clips_are_audio():
    clips = [clip(), clip(9)]
    sequences = as_sequences(clips)
    assert sequences.kind == "audio"
    assert sequences.items[1] is clips[1]
    assert sequences.lengths().tolist() == [5, 9]


def test_sequences_come_back_as_they_are():
    sequences = as_sequences(["a"])
    assert as_sequences(sequences) is sequences


# Parts, fingerprints, padding


def test_take_picks_items_by_numbers_mask_or_slice():
    sequences = as_sequences(["a", "b", "c", "d"])
    assert sequences.take(np.array([3, 0, 3])).items == ["d", "a", "d"]
    assert sequences.take(np.array([True, False, True, False])).items == ["a", "c"]
    assert sequences.take(slice(1, None, 2)).items == ["b", "d"]
    nothing = sequences.take(np.array([], np.int64))
    assert (nothing.kind, nothing.items, len(nothing), nothing.lengths().shape) == ("text", [], 0, (0,))


def test_a_fingerprint_tells_contents_apart():
    different = [
        ["ab", "c"],
        ["a", "bc"],
        ["c", "ab"],
        ["ab", "c", ""],
        ["\ud800"],
        [["ab", "c"]],
        [["ab"], ["c"]],
        [["a", "bc"]],
        [["ab", "c"], []],
        np.zeros((2, 3)),
        np.zeros((3, 2)),
        np.zeros((1, 2, 3)),
        np.zeros((1, 3, 2)),
        np.ones((2, 3)),
        [clip()],
        [clip(6)],
        [clip(rate=16000)],
        [clip(), clip()],
    ]
    prints = [as_sequences(X).fingerprint() for X in different]
    assert len(set(prints)) == len(different)
    assert all(len(each) == 64 for each in prints)


def test_a_fingerprint_stays_the_same():
    assert as_sequences([clip(name="other.wav")]).fingerprint() == as_sequences([clip()]).fingerprint()
    assert as_sequences(np.ones((2, 3))).fingerprint() == as_sequences([[1, 1, 1]] * 2).fingerprint()
    assert Sequences("text", ["a"]).fingerprint() == (
        "8f39a12be5bd9dbc1863b8484eb85257855f1ba69e8c7c03929d3477278b21ff"
    )


@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=6),
    st.lists(st.integers(1, 3), max_size=2),
    st.sampled_from([np.int64, np.float32]),
)
def test_padding_puts_zeros_past_each_end(lengths, shape, dtype):
    arrays = [np.ones((n, *shape), dtype) for n in lengths]
    padded, found = pad(arrays)
    assert padded.shape == (len(lengths), max(lengths), *shape)
    assert padded.dtype == dtype
    assert (found.dtype, found.tolist()) == (np.int64, lengths)
    for row, n in zip(padded, lengths):
        assert (row[:n] == 1).all()
        assert (row[n:] == 0).all()


def test_what_cannot_be_padded_together_is_refused(refusal):
    assert refusal(pad, []) == "there are no arrays to pad; give at least one"
    assert refusal(pad, [np.zeros((4, 2)), np.zeros((4, 3))]) == (
        "arrays[1] has shape (4, 3) and arrays[0] has (4, 2); only the first axis, time, may differ"
    )


# Refusals


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], NONE),
        (np.zeros((0, 3)), NONE),
        (np.array([], object), NONE),
        (pd.DataFrame(), NONE),
        (pl.Series([], dtype=pl.String), NONE),
        ("text", f"X must be {EXPECTED}; got str; give [X] for one item"),
        (clip(), f"X must be {EXPECTED}; got Clip; give [X] for one item"),
        (None, f"X must be {EXPECTED}; got NoneType"),
        (3, f"X must be {EXPECTED}; got int"),
        ({"a": 1}, f"X must be {EXPECTED}; got dict"),
        (iter(["a"]), f"X must be {EXPECTED}; got list_iterator"),
        (np.array(3.0), f"X must be {EXPECTED}; got the scalar 3.0"),
        (np.zeros(3), f"X must be {EXPECTED}; got an array of shape (3,). {RESHAPE}"),
        (pd.Series([1, 2]), f"X must be {EXPECTED}; got an array of shape (2,). {RESHAPE}"),
        ([1, 2.0], f"X must be {EXPECTED}; got a list of numbers. {RESHAPE}"),
        (np.array([1, 2], object), f"X must be {EXPECTED}; got a list of numbers. {RESHAPE}"),
        (np.zeros((2, 3, 4, 5)), "X must have shape (N, T) or (N, T, I), got (2, 3, 4, 5)"),
        (np.zeros((12, 0)), "X has 0 feature(s) (shape=(12, 0)) while a minimum of 1 is required."),
        (np.zeros((2, 0, 3)), "X has 0 feature(s) (shape=(2, 0, 3)) while a minimum of 1 is required."),
        ([np.zeros((5, 0))], "X[0] has 0 feature(s) (shape=(5, 0)) while a minimum of 1 is required."),
        ([np.zeros((2, 3, 4))], "X[0] must have shape (steps,) or (steps, columns), got (2, 3, 4)"),
        ([[], []], "every item of X is empty; give at least one with steps in it"),
        ([np.zeros((0, 2))], "every item of X is empty; give at least one with steps in it"),
        (
            [np.zeros((2, 3)), [], np.zeros((4, 2))],
            "X[2] has 2 columns and X[0] has 3; give every item the same columns",
        ),
        (
            [np.zeros((2, 3)), np.zeros(4)],
            "X[1] has 1 column and X[0] has 3; give every item the same columns",
        ),
        ([np.zeros(2), [[1, 2], [3]]], "X[1] must have shape (steps, columns); its steps differ in columns"),
    ],
)
def test_what_has_no_shape_of_sequences_is_refused(refusal, X, message):
    assert refusal(as_sequences, X) == message


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (["a", 3], "X mixes kinds: X[0] is a text (str) and X[1] is the number 3; give items of one kind"),
        (
            ["a", ["b"]],
            "X mixes kinds: X[0] is a text (str) and X[1] is a list of tokens (str); give items of one kind",
        ),
        (["a", []], "X mixes kinds: X[0] is a text (str) and X[1] is an empty list; give items of one kind"),
        (
            [clip(), np.zeros(3)],
            "X mixes kinds: X[0] is an audio clip and X[1] is an array of numbers; give items of one kind",
        ),
        (
            [[], np.zeros(3), 1.5],
            "X mixes kinds: X[1] is an array of numbers and X[2] is the number 1.5; give items of one kind",
        ),
        (["a", None], "X[1] is missing (None); fill it in or leave it out"),
        (pd.Series(["a", None]), "X[1] is missing (nan); fill it in or leave it out"),
        (pl.Series([None, "a"]), "X[0] is missing (None); fill it in or leave it out"),
        ([["a", 1]], "X[0] mixes str and int; tokens must all be str"),
        ([["a"], ["b", None]], "X[1] mixes str and NoneType; tokens must all be str"),
        (
            pd.DataFrame({"text": ["a"], "n": [1], "label": ["b"]}),
            "X has columns that do not hold numbers: text, label; give one column of texts, or numeric "
            "columns only",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "X has several columns of one name; rename them"),
    ],
    ids=str,
)
def test_mixed_or_missing_items_are_refused(refusal, X, message):
    assert refusal(as_sequences, X) == message


def with_value(value, dtype=float):
    X = np.zeros((2, 3, 2), dtype)
    X[1, 2, 0] = value
    return X


AT = "at step 2, column 0 (both from 0); fill or remove such values"


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (with_value(np.nan), f"X[1] has NaN {AT}"),
        (with_value(-np.inf), f"X[1] has infinity {AT}"),
        (with_value(1e39), f"X[1] has 1e+39, too large for float32, {AT}"),
        (with_value(np.nan)[:, :, 0], f"X[1] has NaN {AT}"),
        (
            pl.DataFrame({"a": [1, 2], "b": [None, 3]}),
            "X[0] has NaN at step 1, column 0 (both from 0); fill or remove such values",
        ),
        (
            pd.DataFrame({"a": pd.array([None, 1], dtype="Int64")}),
            "X[0] has NaN at step 0, column 0 (both from 0); fill or remove such values",
        ),
        (with_value(1j, complex), "Complex data not supported: X[0] has dtype complex128; give real columns"),
        ([[1, 2j]], "Complex data not supported: X[0] has dtype complex128; give real columns"),
        ([np.zeros(2, "M8[s]")], "X[0] must hold numbers, got dtype datetime64[s]"),
        (
            [np.array([["x"]], object)],
            "X[0] must hold numbers: could not convert string to float: 'x'",
        ),
        ([[["a"]]], "X[0] must hold numbers, got dtype <U1"),
    ],
    ids=str,
)
def test_values_that_are_no_finite_numbers_are_refused(refusal, X, message):
    assert refusal(as_sequences, X) == message


def test_an_object_among_numbers_is_a_type_error_too(refusal):
    X = np.ones((2, 2), object)
    X[1, 0] = {"foo": "bar"}
    message = "X[1] must hold numbers: float() argument must be a string or a real number, not 'dict'"
    assert refusal(as_sequences, X) == message
    with pytest.raises(TypeError, match="must hold numbers"):
        as_sequences(X)
    got = refusal(as_sequences, [b"a"])
    assert got == "X[0] must be a text, a list of tokens, an array or a clip; got bytes"


def test_sparse_matrices_are_refused(refusal):
    from scipy.sparse import csr_array

    message = "X is sparse; sparse data is not supported, give X.toarray()"
    assert refusal(as_sequences, csr_array(np.eye(3))) == message


def test_the_name_of_the_argument_is_in_the_message(refusal):
    got = refusal(as_sequences, [None], name="texts")
    assert got == "texts[0] is missing (None); fill it in or leave it out"
