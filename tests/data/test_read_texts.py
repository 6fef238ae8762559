import csv
import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import Labelled, read_texts

ROWS = [
    ("good film", "pos", "ann"),
    ('it is "bad", and long', "neg", "bob"),
    ("très\u00a0bien", "pos", "ann"),
]
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r\ufeff")).filter(str.strip)


def check(read: Labelled, name: str, places: list[str]) -> None:
    texts, labels, groups = zip(*ROWS)
    assert (read.sequences.kind, read.sequences.items) == ("text", list(texts))
    assert (read.labels, read.groups) == (list(labels), list(groups))
    assert read.names == [f"{name}, {place}" for place in places]
    assert (len(read), read.notes) == (3, ())


def test_a_tsv_has_no_quotes(write):
    lines = ["\t".join(row) for row in ROWS]
    header = "text\tlabel\tauthor\n"
    write("a.tsv", header + "\n".join(lines))
    check(
        read_texts("a.tsv", text="text", label="label", group="author"),
        "a.tsv",
        ["line 2", "line 3", "line 4"],
    )
    check(read_texts(Path("a.tsv"), text=1, label="2", group=3), "a.tsv", ["line 2", "line 3", "line 4"])
    write("B.TSV", "\r\n".join(lines) + "\r\n\r\n")
    check(
        read_texts("B.TSV", text=1, label=2, group=3, header=False), "B.TSV", ["line 1", "line 2", "line 3"]
    )
    write("c.tsv", b"\xef\xbb\xbf" + (header + "\n".join(lines)).encode())
    check(
        read_texts("c.tsv", text="text", label="label", group="author"),
        "c.tsv",
        ["line 2", "line 3", "line 4"],
    )


def test_quotes_at_the_begin_of_a_tsv_value_belong_to_it(write):
    write("a.tsv", '" starts here\t1\nends here "\t0\n"whole"\t1\n')
    read = read_texts("a.tsv", text=1, label=2, header=False)
    assert read.sequences.items == ['" starts here', 'ends here "', '"whole"']
    assert read.labels == ["1", "0", "1"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_has_quotes(write, separator):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([("text", "label", "author"), *ROWS])
    write("a.csv", text.getvalue())
    check(
        read_texts("a.csv", text="text", label="label", group="author"),
        "a.csv",
        ["line 2", "line 3", "line 4"],
    )


def test_a_csv_row_may_span_lines_and_is_named_by_its_first(write):
    write("a.csv", 'text,label\n"two\n\nparts",1\none,0\n')
    read = read_texts("a.csv", text="text", label="label")
    assert read.sequences.items == ["two\n\nparts", "one"]
    assert read.names == ["a.csv, line 2", "a.csv, line 5"]


def test_long_values_are_read_and_the_library_is_left_as_it_was(write):
    limit = csv.field_size_limit()
    write("a.csv", f'text\n"{"x," * 200_000}"\n')
    assert len(read_texts("a.csv").sequences.items[0]) == 400_000
    assert csv.field_size_limit() == limit


def test_json_lines(write):
    lines = [json.dumps({"text": text, "label": label, "author": group}) for text, label, group in ROWS]
    write("a.jsonl", "\n".join(lines) + "\n")
    check(read_texts("a.jsonl", text="text", label=2, group=3), "a.jsonl", ["line 1", "line 2", "line 3"])


def test_parquet():
    pl.DataFrame(ROWS, schema=["text", "label", "author"], orient="row").write_parquet("a.parquet")
    check(
        read_texts("a.parquet", text="text", label="label", group="author"),
        "a.parquet",
        ["row 1", "row 2", "row 3"],
    )


def test_labels_are_written_alike_in_every_format(write):
    values = [1, 2.0, True, "NA", 0.5]
    write("a.jsonl", "\n".join(json.dumps({"text": "a", "label": value}) for value in values))
    assert read_texts("a.jsonl", text="text", label="label").labels == ["1", "2", "true", "NA", "0.5"]
    write("a.csv", "text,label\n" + "\n".join(f"a,{value}" for value in ["1", "2", "true", "NA", " 0.5 "]))
    assert read_texts("a.csv", text="text", label="label").labels == ["1", "2", "true", "NA", "0.5"]
    pl.DataFrame({"text": ["a", "b"], "label": [1.0, 2.0]}).write_parquet("a.parquet")
    assert read_texts("a.parquet", text="text", label="label").labels == ["1", "2"]
    days = pl.Series(["2024-01-02"]).str.to_date()
    pl.DataFrame({"text": ["a"], "label": days}).write_parquet("b.parquet")
    assert read_texts("b.parquet", text="text", label="label").labels == ["2024-01-02"]


def test_plain_text_is_a_text_a_line(write):
    write("a.txt", b'\xef\xbb\xbfone, "two"\tthree\r\n NA \r\nl\xc3\xadne\xe2\x80\xa8end\r\n\r\n')
    read = read_texts("a.txt")
    assert read.sequences.items == ['one, "two"\tthree', " NA ", "líne\u2028end"]
    assert (read.labels, read.groups) == (None, None)
    assert read.names == ["a.txt, line 1", "a.txt, line 2", "a.txt, line 3"]


def test_numbers_as_labels(write):
    write("a.tsv", "a\t1\nb\t-2.5e3\n")
    labels = read_texts("a.tsv", text=1, label=2, header=False, numeric=True).labels
    assert isinstance(labels, np.ndarray)
    assert labels.dtype == np.float64
    assert labels.tolist() == [1, -2500]


def test_the_only_column_needs_no_name(write):
    write("a.csv", "review\ngood\n")
    assert read_texts("a.csv").sequences.items == ["good"]


def test_a_name_comes_before_a_number(write):
    write("a.csv", "2,1\nfirst,second\n")
    assert read_texts("a.csv", text="2").sequences.items == ["first"]
    assert read_texts("a.csv", text=2).sequences.items == ["second"]
    assert read_texts("a.csv", text="2", header=False).sequences.items == ["1", "second"]


@given(st.lists(st.tuples(CELL, CELL), min_size=1))
def test_what_was_written_is_read(write, rows):
    texts, labels = [list(column) for column in zip(*rows)]
    labels = [label.strip() for label in labels]
    write("a.tsv", "".join(f"{text}\t{label}\n" for text, label in rows))
    read = read_texts("a.tsv", text=1, label=2, header=False)
    assert (read.sequences.items, read.labels) == (texts, labels)
    write("a.txt", "\n".join(texts))
    assert read_texts("a.txt").sequences.items == texts
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("text", "label"), *rows])
    write("a.csv", out.getvalue())
    read = read_texts("a.csv", text="text", label="label")
    assert (read.sequences.items, read.labels) == (texts, labels)
    write("a.jsonl", "\n".join(json.dumps({"t": text, "l": label}) for text, label in rows))
    read = read_texts("a.jsonl", text="t", label="l")
    assert (read.sequences.items, read.labels) == (texts, labels)


def test_items_can_be_taken(write):
    write("a.tsv", "a\t1\tx\nb\t2\ty\nc\t3\tz\n")
    read = read_texts("a.tsv", text=1, label=2, group=3, header=False)
    for index in (np.array([2, 0]), np.array([True, False, True]), slice(None, None, 2)):
        taken = read.take(index)
        order = np.arange(3)[index]
        assert taken.sequences.items == ["abc"[i] for i in order]
        assert taken.labels == ["123"[i] for i in order]
        assert taken.groups == ["xyz"[i] for i in order]
        assert taken.names == [f"a.tsv, line {i + 1}" for i in order]
    numeric = read_texts("a.tsv", text=1, label=2, header=False, numeric=True).take(slice(1, None))
    np.testing.assert_array_equal(numeric.labels, [2.0, 3.0])
    assert numeric.groups is None
    assert read_texts("a.tsv", text=1, header=False).take(slice(1)).labels is None


@pytest.mark.parametrize(
    ("content", "name", "options", "message"),
    [
        ("", "a.tsv", {}, "a.tsv is empty; it needs a row on each line"),
        ("\ufeff \n\n", "a.txt", {}, "a.txt is empty; it needs a row on each line"),
        (
            "text,label\n",
            "a.csv",
            {},
            "a.csv has a line of names and no rows; it needs a row on each further line",
        ),
        (
            "a,b\nx,1\n",
            "a.csv",
            {"text": "a", "label": "c"},
            "a.csv has no column 'c'; its columns are a, b",
        ),
        (
            "sentence,b\nx,1\n",
            "a.csv",
            {"text": "Sentense"},
            "a.csv has no column 'Sentense'; its columns are sentence, b; did you mean 'sentence'?",
        ),
        (
            "a\tb\n",
            "a.tsv",
            {"text": 1, "label": 3, "header": False},
            "label must be a column's name or a number from 1 to 2, the columns of a.tsv; got 3",
        ),
        (
            "a\tb\n",
            "a.tsv",
            {"text": "0", "header": False},
            "text must be a column's name or a number from 1 to 2, the columns of a.tsv; got '0'",
        ),
        (
            "a\tb\n",
            "a.tsv",
            {"text": True, "header": False},
            "text must be a column's name or a number from 1 to 2, the columns of a.tsv; got True",
        ),
        (
            "a\tb\n",
            "a.tsv",
            {"header": False},
            "text must name the column of a.tsv that holds the texts: 1, 2",
        ),
        (
            "x\t1\n \t0\n",
            "a.tsv",
            {"text": 1, "label": 2, "header": False},
            "a.tsv, line 2 has no text: column '1' is empty; fill it in, or leave the row out",
        ),
        (
            "text,label\nx,1\ny,\n",
            "a.csv",
            {"text": 1, "label": "label"},
            "a.csv, line 3 has no label: column 'label' is empty; fill it in, or leave the row out",
        ),
        (
            "text,label,by\nx,1,\n",
            "a.csv",
            {"text": 1, "label": 2, "group": 3},
            "a.csv, line 2 has no group: column 'by' is empty; fill it in, or leave the row out",
        ),
        (
            '{"text": "x", "label": 1}\n{"text": "y", "label": null}',
            "a.jsonl",
            {"text": "text", "label": "label"},
            "a.jsonl, line 2 has no label: column 'label' is empty; fill it in, or leave the row out",
        ),
        (
            '{"text": "x"}\n{"label": 1}',
            "a.jsonl",
            {"text": "text"},
            "a.jsonl, line 2 has no text: column 'text' is empty; fill it in, or leave the row out",
        ),
        (
            b"ok\tgood\n\xe9t\xe9\tbad\n",
            "a.tsv",
            {"text": 1, "header": False},
            "a.tsv is not UTF-8 text (at byte 8); save it as UTF-8",
        ),
        (
            b"\xef\xbb\xbfok\xff",
            "a.txt",
            {},
            "a.txt is not UTF-8 text (at byte 5); save it as UTF-8",
        ),
        ("one\n\nthree\n", "a.txt", {}, "a.txt, line 2 is empty; remove it"),
        ("one\n\nthree\n", "a.csv", {"header": False}, "a.csv, line 2 is empty; remove it"),
        (
            "a\tb\nx\t1\ty\n",
            "a.tsv",
            {"text": 1},
            "a.tsv, line 2 has 3 values, line 1 has 2; a tab ends a value, even within quotes",
        ),
        (
            "a\tb\nx\n",
            "a.tsv",
            {"text": 1},
            "a.tsv, line 2 has 1 value, line 1 has 2; a tab ends a value, even within quotes",
        ),
        (
            "a,b\nx, and y,1\n",
            "a.csv",
            {"text": 1},
            "a.csv, line 2 has 3 values, line 1 has 2; put quotes around a value that holds a separator",
        ),
        (
            'a,b\nx,1\n"never closed,2\nx,3\n',
            "a.csv",
            {"text": 1},
            "a.csv, line 3 cannot be read as CSV: unexpected end of data; correct its quotes",
        ),
        (
            'a,b\n"x"y,1\n',
            "a.csv",
            {"text": 1},
            "a.csv, line 2 cannot be read as CSV: ',' expected after '\"'; correct its quotes",
        ),
        (
            "a,a\nx,1\n",
            "a.csv",
            {"text": 1},
            "a.csv has two columns named 'a'; rename one, or say that it has no line of names",
        ),
        (
            "a\nb\n",
            "a.txt",
            {"label": 2},
            "a.txt has a text on each line and no label; give a .csv, .tsv, .jsonl or .parquet file",
        ),
        (
            '{"a": 1}\n{"a": }',
            "a.jsonl",
            {},
            "a.jsonl, line 2 is not JSON: Expecting value: line 1 column 7 (char 6)",
        ),
        ("[1]", "a.jsonl", {}, 'a.jsonl, line 1 must be an object such as {"text": "…"}, got a list'),
        ("{}", "a.jsonl", {}, "a.jsonl has no columns; give every line names and values"),
        (
            '{"a": ["x"]}',
            "a.jsonl",
            {},
            "a.jsonl, line 1 holds a list in column 'a'; it must hold text or a number",
        ),
        (
            '{"a": "\\ud83d"}',
            "a.jsonl",
            {},
            "a.jsonl, line 1 holds half a surrogate pair in column 'a', which is no character; "
            "write the text anew",
        ),
        (
            "x\tgood\n",
            "a.tsv",
            {"text": 1, "label": 2, "header": False, "numeric": True},
            "a.tsv, line 1: the label must be a finite number, got 'good'",
        ),
        (
            "x\t1\ny\tinf\n",
            "a.tsv",
            {"text": 1, "label": 2, "header": False, "numeric": True},
            "a.tsv, line 2: the label must be a finite number, got 'inf'",
        ),
        (
            "x",
            "a.docx",
            {},
            "a.docx must end in .csv, .tsv, .txt, .jsonl or .parquet; save the data as one of them",
        ),
    ],
)
def test_bad_files(write, refusal, content, name, options, message):
    write(name, content)
    assert refusal(read_texts, name, **options) == message


def test_json_that_nests_too_deep(write, refusal):
    write("a.jsonl", "[" * 100_000)
    assert refusal(read_texts, "a.jsonl").startswith("a.jsonl, line 1 is not JSON: ")


def test_missing_files(write, refusal):
    write("reviews.tsv", "a")
    assert refusal(read_texts, "review.tsv") == "review.tsv does not exist; did you mean 'reviews.tsv'?"
    Path("folder.tsv").mkdir()
    assert refusal(read_texts, "folder.tsv") == "folder.tsv is a folder; name a file in it"


@pytest.mark.parametrize(("part", "rows"), [("train", 6920), ("dev", 872), ("test", 1821)])
def test_the_stanford_treebank(real_data, part, rows):
    path = real_data / "sentiment" / f"sst2.{part}.tsv"
    read = read_texts(path, text=1, label=2, header=False)
    assert len(read) == rows == len(path.read_bytes().splitlines())
    assert set(read.labels) == {"0", "1"}


def test_first_names(real_data):
    read = read_texts(real_data / "text" / "names.txt")
    assert len(read) == 32_033
    assert read.sequences.items[:2] == ["emma", "olivia"]
    assert read.names[-1] == "names.txt, line 32033"
