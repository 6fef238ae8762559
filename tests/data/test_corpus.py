import hashlib
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import Corpus, Piece, as_corpus, cut_corpus, hold_out, read_corpus


def corpus(*texts: str, ends: bool = True) -> Corpus:
    return Corpus(list(texts), ends, "a.txt")


def test_plain_text_is_one_document_that_has_no_end(write):
    read = read_corpus(write("a.txt", " one\n\ntwo é\u2028\rx \n\n"))
    assert (read.texts, read.ends, read.name) == ([" one\n\ntwo é\u2028\rx \n\n"], False, "a.txt")
    assert (read.characters, len(read), read.notes) == (17, 1, ())


@pytest.mark.parametrize("name", ["a.md", "a", "a.PY"])
def test_plain_text_has_any_name(write, name):
    assert read_corpus(write(name, "x = 1\n")).texts == ["x = 1\n"]


def test_windows_files_are_read_as_others(write):
    read = read_corpus(write("a.txt", b"\xef\xbb\xbfone\r\n\r\ntwo\r\n"))
    assert (read.texts, read.notes) == (["one\n\ntwo\n"], ("Line ends \\r\\n were read as \\n.",))
    read = read_corpus("a.txt", lines=True)
    assert read.texts == ["one", "two"]
    assert read.notes == ("Line ends \\r\\n were read as \\n.", "1 of 3 lines is empty and left out.")


def test_lines_are_documents_that_end(write):
    read = read_corpus(write("names.txt", "anna\n bob \n\n \nx\u2028y"), lines=True)
    assert (read.texts, read.ends, read.name) == (["anna", " bob ", "x\u2028y"], True, "names.txt")
    assert read.notes == ("2 of 5 lines are empty and left out.",)
    assert read.characters == 4 + 5 + 3 + 3
    # The last line may end or not; more than that is an empty line.
    for content, notes in (
        ("a\nb", ()),
        ("a\nb\n", ()),
        ("a\nb\n\n", ("1 of 3 lines is empty and left out.",)),
    ):
        read = read_corpus(write("a.txt", content), lines=True)
        assert (read.texts, read.notes) == (["a", "b"], notes)


def test_rows_are_documents_that_end(write):
    texts = ["two\nlines\r\n", "né", "12"]
    rows = [{"text": text, "body": "other"} for text in texts]
    write("a.jsonl", "\n".join(map(json.dumps, rows)))
    pl.DataFrame(rows).write_parquet("a.parquet")
    write("a.csv", 'text,body\n"two\nlines\n",other\nné,other\n12,other\n')
    for name in ("a.jsonl", "a.parquet", "a.csv"):
        read = read_corpus(name)
        assert (read.texts, read.ends, read.name) == (["two\nlines\n", "né", "12"], True, name)
    write("a.tsv", "text\tbody\n1\tx\n2\ty\n")
    assert read_corpus("a.tsv").texts == ["1", "2"]
    assert read_corpus("a.tsv", text="body").texts == ["x", "y"]
    assert read_corpus("a.tsv", text=2).texts == ["x", "y"]


def test_texts_are_composed_however_they_come(write):
    for whole, lines in (("cafe\u0301\n", False), ("cafe\u0301", True)):
        read = read_corpus(write("a.txt", "cafe\u0301\n"), lines=lines)
        assert (read.texts, read.characters) == ([whole.replace("e\u0301", "é")], 5)
    write("a.jsonl", '{"text": "cafe\u0301"}')
    for found in (read_corpus("a.jsonl"), as_corpus(["cafe\u0301"]), corpus("cafe\u0301")):
        assert (found.texts, found.characters) == (["café"], 5)
    assert as_corpus("cafe\u0301").characters == 4


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.txt", "", {}, "a.txt is empty; give a file with text in it"),
        ("a.txt", b"\xef\xbb\xbf", {}, "a.txt is empty; give a file with text in it"),
        (
            "a.txt",
            " \r\n\t\n",
            {"lines": True},
            "a.txt holds nothing but blanks; give a file with text in it",
        ),
        ("a.txt", b"caf\xe9 au", {}, "a.txt is not UTF-8 text (at byte 3); save it as UTF-8"),
        (
            "a.txt",
            b"\xff\xfea\x00",
            {},
            "a.txt is binary or UTF-16, with a zero at byte 3; give a text that is saved as UTF-8",
        ),
        (
            "a.tsv",
            b"text\na\x00b\n",
            {},
            "a.tsv is binary or UTF-16, with a zero at byte 6; give a text that is saved as UTF-8",
        ),
        (
            "a.jsonl",
            '{"text": "a"}\n{"text": "b\\u0000"}',
            {},
            "a.jsonl, line 2 holds a zero in its text, as binary data does; take it out",
        ),
        ("a.jsonl", b'{"text": "\xe9"}', {}, "a.jsonl is not UTF-8 text (at byte 10); save it as UTF-8"),
        ("a.jsonl", "", {}, "a.jsonl is empty; it needs a row on each line"),
        (
            "a.jsonl",
            '{"texts": "a"}',
            {},
            "a.jsonl has no column 'text'; its columns are texts; did you mean 'texts'?",
        ),
        ("a.csv", "text,x\na,b\n", {"text": "y"}, "a.csv has no column 'y'; its columns are text, x"),
        (
            "a.jsonl",
            '{"text": "a"}\n{"text": " "}',
            {},
            "a.jsonl, line 2 has no text: column 'text' is empty; fill it in, or leave the row out",
        ),
        (
            "a.jsonl",
            '{"text": "a"}\n{"body": "b"}',
            {},
            "a.jsonl, line 2 has no text: column 'text' is empty; fill it in, or leave the row out",
        ),
        (
            "a.jsonl",
            '{"text": "a"}\n{"text": ["b"]}',
            {},
            "a.jsonl, line 2 holds a list in column 'text'; it must hold text or a number",
        ),
        (
            "a.csv",
            "text\na\n",
            {"lines": True},
            "lines is for plain text and a.csv has a document in each row; leave lines out",
        ),
        (
            "a.txt",
            "a",
            {"text": "body"},
            "text names a column and a.txt is plain text, which has none; leave text out",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value and value else "",
)
def test_refused_files(write, refusal, name, content, options, message):
    assert refusal(read_corpus, write(name, content), **options) == message


def test_a_file_that_is_not_there(write, refusal):
    write("names.txt", "a")
    assert refusal(read_corpus, "name.txt") == "name.txt does not exist; did you mean 'names.txt'?"
    assert refusal(read_corpus, ".") == ". is a folder; name a file in it"


def test_a_text_keeps_its_order_and_its_middle_is_validated():
    whole = corpus("".join(chr(65 + i) for i in range(50)), ends=False)
    parts = cut_corpus(whole, validation_share=0.1, test_share=0.1, seed=3)
    assert [part.characters for part in parts] == [41, 4, 5]
    training, validation, test = (part.texts for part in parts)
    assert training[0] + validation[0] + training[1] + test[0] == whole.texts[0]
    assert len(training[0]) == 20
    assert [(part.ends, part.name, part.notes) for part in parts] == [
        (False, "a.txt", ("The middle of the text is held out, so what is learnt from is 2 pieces of it.",)),
        (False, "a.txt", ("The middle of the text is held out, so what is learnt from is 2 pieces of it.",)),
        (False, "a.txt", ()),
    ]


def test_the_parts_of_the_only_document_have_no_end():
    parts = cut_corpus(corpus("0123456789"), validation_share=0.2, test_share=0.2, seed=0)
    cut = "The only document was cut into parts, so where it ends is not learnt."
    held = "The middle of the text is held out, so what is learnt from is 2 pieces of it."
    assert [(part.texts, part.ends, part.notes) for part in parts] == [
        (["012", "567"], False, (cut, held)),
        (["34"], False, (cut, held)),
        (["89"], False, (cut,)),
    ]


@given(count=st.integers(5, 60), seed=st.integers(0, 2**32 - 1))
def test_documents_are_drawn_whole_and_keep_their_order(count, seed):
    whole = corpus(*(f"{i:02}" for i in range(count)))
    parts = cut_corpus(whole, validation_share=0.25, test_share=0.2, seed=seed)
    test = round(0.2 * count)
    validation = round(0.25 * (count - test))
    assert [len(part) for part in parts] == [count - test - validation, validation, test]
    assert sorted(text for part in parts for text in part.texts) == whole.texts
    for part in parts:
        assert part.texts == sorted(part.texts)
        assert part.ends
    again = cut_corpus(whole, validation_share=0.25, test_share=0.2, seed=seed)
    assert [part.texts for part in again] == [part.texts for part in parts]


def test_another_seed_draws_others():
    whole = corpus(*map(str, range(100)))
    assert len({hold_out(whole, 0.1, name="share", seed=seed)[1].fingerprint() for seed in range(20)}) == 20


@pytest.mark.parametrize(
    ("texts", "share", "message"),
    [
        (["abc"], 0.1, "test_share 0.1 of 3 characters is none; give a larger share or more characters"),
        (
            ["a", "b", "c"],
            0.1,
            "test_share 0.1 of 3 documents is none; give a larger share or more documents",
        ),
        (
            ["a", "b"],
            0.9,
            "test_share 0.9 of 2 documents leaves none to train on; give a smaller share or more documents",
        ),
        (["abc"], 0, "test_share must be a number above 0 and below 1, got 0"),
        (["abc"], 1.0, "test_share must be a number above 0 and below 1, got 1.0"),
        (["abc"], float("nan"), "test_share must be a number above 0 and below 1, got nan"),
        (["abc"], True, "test_share must be a number above 0 and below 1, got True"),
        (["abc"], "0.1", "test_share must be a number above 0 and below 1, got '0.1'"),
    ],
    ids=range(8),
)
def test_refused_cuts(refusal, texts, share, message):
    assert refusal(cut_corpus, corpus(*texts), validation_share=0.1, test_share=share, seed=0) == message


def test_pieces_are_held_out_as_documents_are(refusal):
    pieces = [Piece(np.eye(3, 88, i), f"{i:02}") for i in range(30)]
    left, held = hold_out(pieces, 0.2, name="share", seed=4)
    texts = hold_out(corpus(*(piece.name for piece in pieces)), 0.2, name="share", seed=4)
    assert [[piece.name for piece in part] for part in (left, held)] == [part.texts for part in texts]
    assert refusal(hold_out, pieces[:1], 0.2, name="share", seed=4) == (
        "share 0.2 of 1 pieces is none; give a larger share or more pieces"
    )


def some_texts():
    yield "a"


@pytest.mark.parametrize("X", [some_texts(), {"a": 1}, {"a"}, 3, b"a", None], ids=lambda X: type(X).__name__)
def test_what_is_no_text_or_list_of_texts(refusal, X):
    assert refusal(as_corpus, X, name="test") == (
        f"test must be one text, a list of texts or a Corpus, got {type(X).__name__}"
    )


def test_the_validation_part_is_named_where_it_is_empty(refusal):
    assert refusal(cut_corpus, corpus(*"abcde"), validation_share=0.1, test_share=0.2, seed=0) == (
        "validation_share 0.1 of 4 documents is none; give a larger share or more documents"
    )


def test_some_documents():
    whole = corpus("a", "b", "c")
    assert whole.take(np.array([2, 0])).texts == ["c", "a"]
    assert whole.take(np.array([False, True, False])).texts == ["b"]
    taken = whole.take(slice(1, None))
    assert (taken.texts, taken.ends, taken.name) == (["b", "c"], True, "a.txt")


def test_a_fingerprint_tells_texts_apart():
    prints = {corpus(*texts).fingerprint() for texts in (["ab"], ["a", "b"], ["b", "a"], ["é"])}
    assert len(prints) == 4
    assert corpus("ab").fingerprint() == corpus("ab").fingerprint()
    assert len(bytes.fromhex(corpus("é").fingerprint())) == hashlib.sha256().digest_size


def test_real_texts(real_data):
    plays = read_corpus(real_data / "text/tinyshakespeare.txt")
    parts = cut_corpus(plays, validation_share=0.1, test_share=0.1, seed=0)
    assert [part.characters for part in parts] == [903_469, 100_386, 111_539]
    names = read_corpus(real_data / "text/names.txt", lines=True)
    assert (len(names), names.notes) == (32_033, ())
    # The bytes of the file, as its lines end in one each.
    assert names.characters == (real_data / "text/names.txt").stat().st_size + 1


def test_a_single_text_is_held_out_in_the_middles_of_its_tenths():
    text = "".join(chr(33 + i % 90) for i in range(100_003))
    for share, places in ((0.05, 10), (0.007, 1), (0.011, 2)):
        kept, held = hold_out(Corpus([text], False, "one"), share, name="share", seed=0, spread=True)
        assert len(kept) - 1 == len(held) == places
        parts = f"middles of {places} parts of the text are" if places > 1 else "middle of the text is"
        note = f"The {parts} held out, so what is learnt from is {places + 1} pieces of it."
        assert kept.notes == held.notes == (note,)
        pairs = zip(kept.texts, [*held.texts, ""], strict=True)
        assert "".join(part for pair in pairs for part in pair) == text
        around = (len(text) - round(share * len(text))) / places / 2
        assert abs(len(kept.texts[0]) - around) <= 1
        assert abs(len(kept.texts[-1]) - around) <= 1
        assert sum(map(len, held.texts)) == round(share * len(text))
        assert max(map(len, held.texts)) - min(map(len, held.texts)) <= 1
        assert not kept.ends
        assert not held.ends
