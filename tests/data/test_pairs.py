from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import Clip, Pairs, Sequences, as_pairs, hold_out_pairs, read_pairs, read_sources

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0\ufeff"), max_size=5)


def texts(*sources: str, targets: list[str] | None = None) -> Pairs:
    return as_pairs(list(sources), targets)


def test_two_files_are_read_line_by_line(write):
    write("a.de", b"\xef\xbb\xbfein hund\r\n\r\nzwei\xe2\x80\xa8h\xc3\xbcte \r\n \r\n")
    write("a.en", "a dog\nnothing\n\ntwo\n")
    read = read_pairs("a.de", "a.en")
    assert (read.sources.kind, read.sources.items) == ("text", ["ein hund", "", "zwei\u2028hüte ", ""])
    assert read.targets == ["a dog", "nothing", "", "two"]
    assert read.names == ["a.de, line 1", "a.de, line 2", "a.de, line 3", "a.de, line 4"]
    assert (len(read), read.notes) == (4, ())


def test_lines_that_end_as_on_old_macs(write):
    write("a.de", b"ein hund\r\rzwei\r")
    write("a.en", "a dog\n\ntwo\n")
    read = read_pairs("a.de", "a.en")
    assert (read.sources.items, read.targets) == (["ein hund", "", "zwei"], ["a dog", "", "two"])
    write("b.de", "ein\rhund\nzwei\r\n")  # where lines end otherwise, it is one of a text's own signs
    assert read_sources("b.de").sources.items == ["ein\rhund", "zwei"]


@given(st.lists(st.tuples(LINE, LINE), min_size=1))
def test_what_was_written_is_read(write, rows):
    rows.append(("last", "one"))
    sources, targets = (list(column) for column in zip(*rows))
    write("a.txt", "\n".join(sources))
    write("b.txt", "\n".join(targets) + "\n")
    read, expected = read_pairs("a.txt", "b.txt"), texts(*sources, targets=targets)
    assert (read.sources.items, read.targets) == (expected.sources.items, expected.targets)
    assert read_sources("a.txt").sources.items == read.sources.items


def test_tables(write):
    rows = [{"de": "ein hund", "en": "a dog"}, {"de": "", "en": "x"}, {"de": "12", "en": " "}]
    write("a.csv", 'de,en\nein hund,a dog\n,x\n12," "\n')
    write("a.tsv", "de\ten\nein hund\ta dog\n\tx\n12\t \n")
    write("a.jsonl", '{"de": "ein hund", "en": "a dog"}\n{"en": "x", "de": null}\n{"de": 12}\n')
    pl.DataFrame(rows).write_parquet("a.parquet")
    for name, places in (
        ("a.csv", ["line 2", "line 3", "line 4"]),
        ("a.tsv", ["line 2", "line 3", "line 4"]),
        ("a.jsonl", ["line 1", "line 2", "line 3"]),
        ("a.parquet", ["row 1", "row 2", "row 3"]),
    ):
        read = read_pairs(name, source="de", target="en")
        assert (read.sources.items, read.targets) == (["ein hund", "", "12"], ["a dog", "x", ""])
        assert read.names == [f"{name}, {place}" for place in places]
        alone = read_sources(name, source=1)
        assert (alone.sources.items, alone.targets, alone.names) == (read.sources.items, None, read.names)
    pl.DataFrame({"de": ["a", None], "en": [1.5, float("nan")]}).write_parquet("b.parquet")
    read = read_pairs("b.parquet", source="de", target="en")
    assert (read.sources.items, read.targets) == (["a", ""], ["1.5", ""])


def test_a_table_without_names(write):
    write("a.tsv", "ein hund\ta dog\n")
    read = read_pairs(Path("a.tsv"), source=1, target="2", header=False)
    assert (read.sources.items, read.targets, read.names) == (["ein hund"], ["a dog"], ["a.tsv, line 1"])
    write("b.csv", "zwei\n")
    assert read_sources("b.csv", header=False).sources.items == ["zwei"]


def test_sources_alone_may_all_be_empty(write):
    write("a.de", "\n \n")
    assert read_sources("a.de").sources.items == ["", ""]


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        (
            {"a.de": "x\ny\n", "a.en": "z"},
            {},
            "a.de has 2 lines and a.en 1; each line of the one must stand beside its line of the other",
        ),
        (
            {"a.de": "x", "a.en": "z\n" * 1_000 + "\n"},
            {},
            "a.de has 1 line and a.en 1,001; each line of the one must stand beside its line of the other",
        ),
        ({"a.de": "x\n", "a.en": ""}, {}, "a.en is empty; it needs a text on each line"),
        (
            {"a.de": "x\ny\n", "a.en": "\n \n"},
            {},
            "a.en has nothing but empty lines; give a file with texts in it",
        ),
        (
            {"a.de": "\n", "a.en": "x\n"},
            {},
            "a.de has nothing but empty lines; give a file with texts in it",
        ),
        (
            {"a.de": "x\n", "a.en": b"\xe9t\xe9\n"},
            {},
            "a.en is not UTF-8 text (at byte 0); save it as UTF-8",
        ),
        (
            {"a.de": "x\n", "a.en": "été".encode("utf-16-le")},
            {},
            "a.en is binary or UTF-16, with a zero at byte 1; give a text that is saved as UTF-8",
        ),
        (
            {"a.de": "x\n", "a.csv": "x\n"},
            {},
            "a.csv is a table by its name; give it alone with the columns source and target, "
            "or name a file of plain text",
        ),
        (
            {"a.de": "x\n", "a.en": "x\n"},
            {"target": "en"},
            "target names the column of a table, and two files have a text on each line; "
            "leave target out, or give a table alone",
        ),
        (
            {"a.de": "x\n"},
            {},
            "a.de has sources and no targets; give the file of their targets, too, or a .csv, .tsv, "
            ".jsonl or .parquet file with both",
        ),
        (
            {"a.csv": "german,english\nx,y\n"},
            {"source": "german"},
            "target must name the column of a.csv that holds the targets: german, english",
        ),
        (
            {"a.csv": "german,english\nx,y\n"},
            {"target": "german"},
            "source must name the column of a.csv that holds the sources: german, english",
        ),
        (
            {"a.csv": "german,english\nx,y\n"},
            {"source": "german", "target": "English"},
            "a.csv has no column 'English'; its columns are german, english; did you mean 'english'?",
        ),
        (
            {"a.csv": "german,english\nx,y\n"},
            {"source": "german", "target": 1},
            "source must be another column than target, got 'german' for both",
        ),
        (
            {"a.csv": "german,english\nx,\ny,\n"},
            {"source": "german", "target": "english"},
            "column 'english' of a.csv is empty in all rows; name a column with texts",
        ),
        (
            {"a.jsonl": '{"a": ["x"], "b": "y"}'},
            {"source": "a", "target": "b"},
            "a.jsonl, line 1 holds a list in column 'a'; it must hold text or a number",
        ),
    ],
)
def test_bad_files(write, refusal, files, options, message):
    for name, content in files.items():
        write(name, content)
    assert refusal(read_pairs, *files, **options) == message


def test_bad_files_of_sources(write, refusal):
    write("train.de", "x\n")
    assert refusal(read_pairs, "train.de", "train.d") == ("train.d does not exist; did you mean 'train.de'?")
    assert refusal(read_sources, "test.de") == "test.de does not exist; did you mean 'train.de'?"
    assert refusal(read_sources, "train.de", source="text") == (
        "source names the column of a table, and train.de has a text on each line; leave source out"
    )
    write("a.csv", "de,en\nx,y\n")
    assert refusal(read_sources, "a.csv") == (
        "source must name the column of a.csv that holds the sources: de, en"
    )
    assert refusal(read_sources, "b.csv") == "b.csv does not exist; did you mean 'a.csv'?"


def test_multi30k(real_data):
    folder = real_data / "translation"
    for part, count in (("train", 29_000), ("val", 1_014), ("test2016", 1_000)):
        read = read_pairs(folder / f"{part}.de", folder / f"{part}.en")
        assert len(read) == count
        assert read.learnable() is read
    assert read.sources.items[0] == "ein mann mit einem orangefarbenen hut , der etwas anstarrt ."
    assert read.targets is not None
    assert read.targets[0] == "a man in an orange hat starring at something ."


def test_texts():
    pairs = texts("e\u0301t\u00e9", " ", targets=["e\u0301", "\u00a0"])
    assert (pairs.sources.items, pairs.targets) == (["été", ""], ["é", ""])
    assert pairs.names == ["X[0]", "X[1]"]
    assert as_pairs(pairs) is pairs
    other = as_pairs(pairs, np.array(["x", "y"]))
    assert (other.sources.items, other.targets, other.names) == (["été", ""], ["x", "y"], pairs.names)
    assert as_pairs(pd.Series(["a", "b"])).targets is None


def test_arrays():
    series = as_pairs([np.ones((2, 3)), np.ones((0, 3))], ["a", "b"]).sources
    assert (series.kind, [item.shape for item in series.items]) == ("series", [(2, 3), (0, 3)])
    vectors = np.arange(6.0).reshape(2, 3)
    for table in (vectors, pd.DataFrame(vectors), pl.DataFrame(vectors)):
        items = as_pairs(table).sources.items
        assert [item.shape for item in items] == [(1, 3), (1, 3)]
        np.testing.assert_array_equal(np.concatenate(items), vectors)
    assert [item.shape for item in as_pairs(np.ones((2, 3, 4))).sources.items] == [(3, 4), (3, 4)]
    clip = Clip(np.ones(4, np.float32), 8000, "a.wav")
    assert as_pairs([clip], ["one"]).sources.kind == "audio"


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["a", "b"], ["x"], "y must have a text for each of 2 sources, got 1"),
        (["a"], [1], "y[0] must be text, got int"),
        (["a"], [["x"]], "y[0] must be text, got list"),
        (["a"], "x", "y must be a list of texts, got one text; put it in a list"),
        (["a"], 1, "y must be a list of texts, got int"),
        (["a", "b"], ["x", None], "y[1] must be text, got NoneType"),
        (
            [["a", "b"]],
            None,
            "X must hold texts or arrays, got lists of tokens; join each to one text",
        ),
        (
            ["a\ud83d"],
            None,
            "a text holds half a surrogate pair at character 2, which is no character; "
            "decode the text anew from its bytes",
        ),
    ],
)  # fmt: skip
def test_bad_arguments(refusal, X, y, message):
    assert refusal(as_pairs, X, y) == message


def test_pairs_can_be_taken():
    pairs = Pairs(Sequences("text", list("abc")), list("xyz"), list("123"), ("a note",))
    for index in (np.array([2, 0]), np.array([True, False, True]), slice(None, None, 2)):
        taken, order = pairs.take(index), np.arange(3)[index]
        assert taken.sources.items == ["abc"[i] for i in order]
        assert taken.targets == ["xyz"[i] for i in order]
        assert taken.names == ["123"[i] for i in order]
        assert taken.notes == ("a note",)
    assert texts("a", "b").take(slice(1)).targets is None


def test_what_is_learnt_from():
    pairs = texts("a", "", "c", "d", targets=["x", "y", "", "z"]).learnable()
    assert (pairs.sources.items, pairs.targets) == (["a", "c", "d"], ["x", "", "z"])
    assert pairs.notes == ("1 of 4 sources is empty and left out.",)
    series = as_pairs([np.ones((2, 3)), np.ones((0, 3)), np.ones((0, 3))], ["a", "b", "c"]).learnable()
    assert (len(series), series.targets) == (1, ["a"])
    assert series.notes == ("2 of 3 sources are empty and left out.",)


@pytest.mark.parametrize(
    ("sources", "targets", "message"),
    [
        (["a"], None, "training needs targets, got sources alone; give the text that each becomes"),
        (["", ""], ["x", "y"], "none of 2 sources has anything in it, so there is nothing to learn from; "
         "give sources that are not empty"),
        (["a", ""], ["", "y"], "none of 1 target has anything in it, so there is nothing to learn; "
         "give targets that are not empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_from(refusal, sources, targets, message):
    assert refusal(texts(*sources, targets=targets).learnable) == message


def test_the_fingerprint_tells_content():
    pairs = texts("a", "b", targets=["x", "y"])
    assert pairs.fingerprint() == texts("a", "b", targets=["x", "y"]).fingerprint()
    others = [texts("a", "b"), texts("a", "b", targets=["xy", ""]), texts("ab", "", targets=["x", "y"])]
    assert len({other.fingerprint() for other in [pairs, *others]}) == 4


def test_a_held_out_part_shares_no_source():
    rng = np.random.default_rng(0)
    sources = [str(number) for number in rng.integers(0, 60, size=200)]
    pairs = texts(*sources, targets=[f"{source} {i}" for i, source in enumerate(sources)])
    rest, held = hold_out_pairs(pairs, 0.2, name="validation_share", seed=1)
    assert (len(rest), len(held)) == (160, 40)
    assert not set(rest.sources.items) & set(held.sources.items)
    for part in (rest, held):
        order = [int(name[2:-1]) for name in part.names]
        assert order == sorted(order)
        assert part.targets == [f"{sources[i]} {i}" for i in order]
    again = hold_out_pairs(pairs, 0.2, name="validation_share", seed=1)[1]
    other = hold_out_pairs(pairs, 0.2, name="validation_share", seed=2)[1]
    assert again.names == held.names != other.names


def test_a_held_out_part_of_arrays():
    vectors = np.repeat(np.arange(10.0), 5)[:, None] * np.ones(4)
    rest, held = hold_out_pairs(as_pairs(vectors, ["x"] * 50), 0.1, name="test_share", seed=0)
    assert len(held) == 5
    assert len(np.unique(np.concatenate(held.sources.items), axis=0)) == 1
    assert len(rest) == 45


def test_a_source_that_comes_more_often_than_asked_for_is_held_out_whole():
    pairs = texts(*"aaabbbb")
    rest, held = hold_out_pairs(pairs, 0.2, name="test_share", seed=0)
    assert (rest.sources.items, held.sources.items) == (list("bbbb"), list("aaa"))


@pytest.mark.parametrize(
    ("sources", "share", "message"),
    [
        ("ab", 1, "test_share must be a number above 0 and below 1, got 1"),
        ("ab", True, "test_share must be a number above 0 and below 1, got True"),
        ("abc", 0.1, "test_share 0.1 of 3 pairs is none; give a larger share or more pairs"),
        ("abc", 0.9, "test_share 0.9 of 3 pairs leaves none to train on; "
         "give a smaller share or more pairs"),
        ("aaa", 0.3, "all 3 pairs have the same source, so test_share can hold none out; "
         "give pairs with several sources"),
    ],
)  # fmt: skip
def test_parts_that_cannot_be(refusal, sources, share, message):
    assert refusal(hold_out_pairs, texts(*sources), share, name="test_share", seed=0) == message
