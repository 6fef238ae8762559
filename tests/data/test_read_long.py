import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import Labelled, read_long

# Mixed series, mixed times.
WALKS = """id,t,x,y,activity
b,2,5.5,50,walk
a,10,3,30,sit
b,1,4,40,walk
a,2,-2e0,20,sit
a,1,1,10,sit
"""
ROLES = {"series": "id", "time": "t", "label": "activity"}


def frame() -> pl.DataFrame:
    return pl.read_csv(WALKS.encode())


def check(read: Labelled, source: str) -> None:
    assert read.sequences.kind == "series"
    b, a = read.sequences.items
    np.testing.assert_array_equal(b, [[4, 40], [5.5, 50]])
    np.testing.assert_array_equal(a, [[1, 10], [-2, 20], [3, 30]])
    assert {x.dtype for x in (a, b)} == {np.dtype(np.float32)}
    assert all(x.flags.c_contiguous for x in (a, b))
    assert read.labels == ["walk", "sit"]
    assert read.names == [f"{source}, series b", f"{source}, series a"]
    assert (read.groups, read.notes) == (None, ())


def test_series_in_the_order_of_their_times(write):
    check(read_long(write("a.csv", WALKS), **ROLES), "a.csv")
    check(read_long(write("a.tsv", WALKS.replace(",", "\t")), **ROLES), "a.tsv")
    frame().write_ndjson("a.jsonl")
    check(read_long("a.jsonl", **ROLES), "a.jsonl")
    frame().write_parquet("a.parquet")
    check(read_long(Path("a.parquet"), **ROLES), "a.parquet")
    check(read_long(frame(), **ROLES), "the data")
    check(read_long(pd.DataFrame(frame().to_dict(as_series=False)), **ROLES), "the data")
    headless = WALKS.split("\n", 1)[1]
    check(read_long(write("a.csv", headless), series=1, time="2", label=5, header=False), "a.csv")


def test_columns_that_are_asked_for(write):
    read = read_long(write("a.csv", WALKS), series="id", time="t", columns=["y", 3])
    np.testing.assert_array_equal(read.sequences.items[0], [[40, 4], [50, 5.5]])
    assert read.labels is None


def test_a_label_for_each_step(write):
    table = "id,t,x,state\na,2,1,off\na,1,1,on\nb,1,1,off\n"
    read = read_long(write("a.csv", table), series="id", time="t", label="state", step_labels=True)
    assert read.labels == [["on", "off"], ["off"]]


def test_labels_mean_themselves(write):
    table = "id,t,x,state\n01,1,1,NA\n1,1,1,None\n"
    read = read_long(write("a.csv", table), series="id", time="t", label="state")
    assert read.labels == ["NA", "None"]
    assert read.names == ["a.csv, series 01", "a.csv, series 1"]


def test_numbers_as_labels(write):
    read = read_long(
        write("a.csv", "id,t,x,life\na,1,1,3.5\na,2,1,3.5\nb,1,1,4\n"),
        **{**ROLES, "label": "life"},
        numeric=True,
    )
    assert isinstance(read.labels, np.ndarray)
    assert read.labels.tolist() == [3.5, 4]


@pytest.mark.parametrize(
    "times",
    [
        ["-1", "2", "10"],
        ["0.02", "0.1", "1e3"],
        ["9007199254740992", "9007199254740993", "9007199254740994"],
        ["2024-01-01", "2024-01-02", "2024-02-01"],
        ["2024-01-01 09:00", "2024-01-01 10:00", "2024-01-01T10:00:00.5"],
        ["2024-01-01T09:00+02:00", "2024-01-01T08:00Z", "2024-01-01T03:30-05:00"],
        [dt.date(2024, 1, 1), dt.date(2024, 1, 2), dt.date(2024, 1, 3)],
        [dt.datetime(2024, 1, 1, 1), dt.datetime(2024, 1, 1, 2), dt.datetime(2024, 1, 1, 10)],
        [1, 2, 10],
        [0.5, 2.0, 10.0],
    ],
    ids=str,
)
@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_times(times, order):
    data = pl.DataFrame({"id": ["a"] * 3, "t": [times[i] for i in order], "x": list(order)})
    read = read_long(data, series="id", time="t")
    assert read.sequences.items[0][:, 0].tolist() == [0, 1, 2]


@given(st.permutations([(series, time) for series in "ab" for time in range(4)]))
def test_the_order_of_rows_does_not_count(write, rows):
    table = "".join(f"{series},{time},{ord(series) + time}\n" for series, time in rows)
    read = read_long(write("a.csv", table), series=1, time=2, header=False)
    found = dict(zip(read.names, read.sequences.items))
    for series in "ab":
        expected = ord(series) + np.arange(4)
        np.testing.assert_array_equal(found[f"a.csv, series {series}"][:, 0], expected)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "a.csv is empty; it needs a row on each line"),
        (
            WALKS,
            {"label": "aktivity"},
            "a.csv has no column 'aktivity'; its columns are id, t, x, y, activity; did you mean 'activity'?",
        ),
        (
            WALKS,
            {"time": "id"},
            "column 'id' of a.csv is named twice; series, time, label and values must be different columns",
        ),
        (
            WALKS,
            {"columns": ["x", "activity"]},
            "column 'activity' of a.csv is named twice; "
            "series, time, label and values must be different columns",
        ),
        (
            "id,t,activity\na,1,x\n",
            {},
            "a.csv has no columns of values beside 'id', 't', 'activity'",
        ),
        (
            WALKS.replace("-2e0", ""),
            {},
            "a.csv, line 5 has no value of x: column 'x' is empty; fill it in, or leave the row out",
        ),
        (
            WALKS.replace("-2e0", "oops"),
            {},
            "a.csv, line 5: the value of x must be a finite number, got 'oops'",
        ),
        (
            WALKS.replace("-2e0", "nan"),
            {},
            "a.csv, line 5: the value of x must be a finite number, got 'nan'",
        ),
        (
            WALKS.replace("-2e0", "-inf"),
            {},
            "a.csv, line 5: the value of x must be a finite number, got '-inf'",
        ),
        (
            WALKS.replace("-2e0", "1e39"),
            {},
            "a.csv, line 5 has the value 1e+39 of x, which is too large for float32; scale the column",
        ),
        (
            WALKS.replace("a,10", ",10"),
            {},
            "a.csv, line 3 has no series: column 'id' is empty; fill it in, or leave the row out",
        ),
        (
            WALKS.replace("b,1", "b, "),
            {},
            "a.csv, line 4 has no time: column 't' is empty; fill it in, or leave the row out",
        ),
        (
            WALKS.replace("40,walk", "40,"),
            {},
            "a.csv, line 4 has no label: column 'activity' is empty; fill it in, or leave the row out",
        ),
        (
            WALKS.replace("a,2", "a,10"),
            {},
            "a.csv, line 5 repeats a time of series 'a'; give each step a time of its own",
        ),
        (
            WALKS.replace("a,2", "a,10.0"),
            {},
            "a.csv, line 5 repeats a time of series 'a'; give each step a time of its own",
        ),
        (
            WALKS.replace("a,2", "a,noon"),
            {},
            "a.csv, line 2 has the time '2', which is neither a number nor an ISO date or time such as "
            "2016-12-31 18:00",
        ),
        (
            "id,t,x,activity\na,2024-01-01T00:00Z,1,s\na,2024-01-02,1,s\n",
            {},
            "column 't' of a.csv holds '2024-01-01T00:00Z' in line 2 and '2024-01-02' in line 3; "
            "give every time a zone, or none",
        ),
        (
            WALKS.replace("40,walk", "40,run"),
            {},
            "series 'b' of a.csv has the labels 'run' and 'walk'; "
            "give it one, or say step_labels where each step has its own",
        ),
        (WALKS, {"numeric": True}, "a.csv, series b: the label must be a finite number, got 'walk'"),
        (
            WALKS,
            {"label": None, "step_labels": True},
            "step_labels needs classes: name the label column, and leave numeric out",
        ),
        (
            WALKS,
            {"numeric": True, "step_labels": True},
            "step_labels needs classes: name the label column, and leave numeric out",
        ),
    ],
)
def test_bad_tables(write, refusal, content, options, message):
    write("a.csv", content)
    assert refusal(read_long, "a.csv", **(ROLES | options)) == message


def test_rows_of_data_frames_are_counted(refusal):
    data = frame().with_columns(x=pl.Series([1.0, None, 2.0, 3.0, 4.0]))
    assert refusal(read_long, data, **ROLES) == (
        "the data, row 2 has no value of x: column 'x' is empty; fill it in, or leave the row out"
    )
    data = frame().with_columns(x=pl.Series([1.0, np.nan, 2.0, 3.0, 4.0]))
    assert refusal(read_long, data, **ROLES) == (
        "the data, row 2 has no value of x: column 'x' is empty; fill it in, or leave the row out"
    )
    assert refusal(read_long, 3, **ROLES) == "the data must be a path, a data frame or an array, got int"
