import datetime as dt
import decimal
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from recurra._base.errors import MissingExtraError
from recurra.data import Series, read_series, read_table

DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
TWO_ZONES = [
    dt.datetime(2024, 1, 1, hour, tzinfo=ZoneInfo(zone)) for hour, zone in enumerate(("UTC", "Asia/Tokyo"))
]
FOUND = "No time column was named; {!r} is the only one with dates and was used."


def check(series: Series, times: list[str] | None, values: list[float]) -> None:
    expected = np.arange(1, len(values) + 1) if times is None else np.array(times, dtype="datetime64[us]")
    np.testing.assert_array_equal(series.time, expected)
    np.testing.assert_array_equal(series.values[:, 0], values)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("day,y\n2024-01-01,1.5\n2024-01-02,-2\n2024-01-03,3e2\n", "data.csv"),
        ("day;y\n2024-01-01;1.5\n2024-01-02;-2\n2024-01-03;3e2\n", "data.csv"),
        ("day\ty\n2024-01-01\t1.5\n2024-01-02\t-2\n2024-01-03\t3e2\n", "data.tsv"),
        ("day\ty\ta, b, c\n2024-01-01\t1.5\t1\n2024-01-02\t-2\t1\n2024-01-03\t3e2\t1\n", "data.TSV"),
        ("day,y\n2024-01-01,1.5\n2024-01-02,-2\n2024-01-03,3e2\n", "data.tsv"),
        ("day,y\r\n2024-01-01,1.5\r\n2024-01-02,-2\r\n2024-01-03,3e2", "DATA.CSV"),
        ("\n\nday,y\n2024-01-01,1.5\n2024-01-02,-2\n2024-01-03,3e2\n\n", "data.txt"),
        ('"day", y\n"2024-01-01", 1.5\n"2024-01-02", -2\n"2024-01-03", 3e2\n', "data.csv"),
        ("\ufeffday,y\n2024-01-01,1.5\n2024-01-02,-2\n2024-01-03,3e2\n", "data.csv"),
    ],
    ids=[
        "commas",
        "semicolons",
        "tabs",
        "commas in a name",
        "not what the ending says",
        "Windows",
        "blank lines",
        "quotes and spaces",
        "byte order mark",
    ],
)
def test_text(write, content, name):
    path = write(name, content)
    for source in (path, str(path)):
        series = read_series(source, columns=["y"])
        check(series, DAYS, [1.5, -2, 300])
        assert (series.time_name, series.frequency) == ("day", "1d")


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('"a ""quoted"" name",y', ['a "quoted" name', "y"]),
        ('"Temp, °C";y', ["Temp, °C", "y"]),
        ('"two\nlines",y', ["two\nlines", "y"]),
    ],
)
def test_quotes_in_the_line_of_names(write, header, names):
    separator = ";" if ";" in header else ","
    path = write("data.csv", f'{header}\n"say ""hi""; twice, please"{separator}2\n')
    assert read_table(path).to_dict(as_series=False) == {
        names[0]: ['say "hi"; twice, please'],
        names[1]: [2],
    }


def test_missing_values_in_text(write):
    words = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", '" "']
    path = write(
        "data.csv", "n,y,x\n" + "".join(f"{i},{word},{i}.5\n" for i, word in enumerate(["1", *words, "2"], 1))
    )
    series = read_series(path, columns=["y", "x"], time="n")
    check(series, None, [1, *[np.nan] * len(words), 2])
    assert series.report.missing == {"y": len(words), "x": 0}
    # The same where some other text keeps polars from seeing numbers.
    frame = pl.DataFrame({"y": ["1", *[word.strip('"') for word in words], None, " 2 "]})
    check(read_series(frame, columns=["y"]), None, [1, *[np.nan] * (len(words) + 1), 2])


def test_parquet(write, tmp_path):
    pl.DataFrame({"day": pl.Series(DAYS).str.to_date(), "y": [1, None, 3]}).write_parquet(
        tmp_path / "data.parquet"
    )
    series = read_series(tmp_path / "data.parquet", columns=["y"])
    check(series, DAYS, [1, np.nan, 3])


FRAMES = {
    "polars": lambda: pl.DataFrame({"day": DAYS, "y": [1.0, None, 3.0]}),
    "lazy polars": lambda: pl.LazyFrame({"day": DAYS, "y": [1.0, None, 3.0]}),
    "narwhals": lambda: nw.from_native(pl.DataFrame({"day": DAYS, "y": [1.0, None, 3.0]})),
    "arrow": lambda: pa.table({"day": [dt.date(2024, 1, d) for d in (1, 2, 3)], "y": [1, None, 3]}),
    "pandas": lambda: pd.DataFrame({"day": pd.to_datetime(DAYS), "y": [1, np.nan, 3]}),
    "pandas text": lambda: pd.DataFrame({"day": DAYS, "y": [1, np.nan, 3]}),
    "pandas categories": lambda: pd.DataFrame({"day": pd.Categorical(DAYS), "y": [1, np.nan, 3]}),
    "pandas Int64": lambda: pd.DataFrame({"day": DAYS, "y": pd.array([1, None, 3], dtype="Int64")}),
    "pandas objects": lambda: pd.DataFrame({"day": DAYS, "y": np.array([1, None, 3.0], dtype=object)}),
    "pandas index": lambda: pd.DataFrame({"y": [1, np.nan, 3]}, index=pd.DatetimeIndex(DAYS, name="day")),
    "pandas periods": lambda: pd.DataFrame(
        {"y": [1, np.nan, 3]}, index=pd.PeriodIndex(DAYS, freq="D", name="day")
    ),
    "decimals": lambda: pl.DataFrame({"day": DAYS, "y": [decimal.Decimal(1), None, decimal.Decimal(3)]}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_of_any_library(kind):
    series = read_series(FRAMES[kind](), columns=["y"])
    check(series, DAYS, [1, np.nan, 3])
    assert series.report.lines()[0] == FOUND.format("day")


def test_integers_and_truth_values_are_numbers():
    series = read_series(pd.DataFrame({"y": [1, 2], "x": [True, False]}), columns=["y", "x"])
    assert series.values.tolist() == [[1, 1], [2, 0]]


def test_an_index_of_dates_without_a_name_becomes_time():
    frame = pd.DataFrame({"y": [1, 2, 3]}, index=pd.DatetimeIndex(DAYS))
    assert read_series(frame, columns=["y"]).time_name == "time"
    assert read_table(frame).columns == ["time", "y"]


def test_an_index_of_rows_is_none():
    frame = pd.DataFrame({"y": [1, 2, 3]}, index=[7, 5, 6])
    check(read_series(frame, columns=["y"]), None, [1, 2, 3])


def test_an_array(write):
    check(read_series(np.array([[1.0, 2.0], [3.0, np.nan]]), columns=["y", "x"]), None, [1, 3])


@pytest.mark.parametrize(
    ("frame", "name", "note"),
    [
        ({"y": [1, 2]}, None, "No time column was named and none holds dates; rows were counted from 1."),
        (
            {"y": [1, 2], "n": [5, 6]},
            None,
            "No time column was named and none holds dates; rows were counted from 1.",
        ),
        (
            {"y": [1, 2], "a": DAYS[:2], "b": DAYS[:2]},
            None,
            "No time column was named and several hold dates ('a', 'b'); rows were counted from 1.",
        ),
        ({"y": [1, 2], "when": DAYS[:2], "note": ["x", "y"]}, "when", FOUND.format("when")),
        ({"y": [1, 2], "when": ["2024-01", "2024-02"], "note": [None, "y"]}, "when", FOUND.format("when")),
        # Where values do not decide, the name does not either.
        (
            {"y": [1, 2], "Start Time": ["noon", "evening"], "version": ["1.2.30", "v1.2.31"]},
            None,
            "No time column was named and none holds dates; rows were counted from 1.",
        ),
        # A clock beside the dates is not what the rows are in order of.
        ({"y": [1, 2], "date": DAYS[:2], "time": ["12:30", "14:15"]}, "date", FOUND.format("date")),
    ],
)
def test_a_time_column_that_is_not_named(frame, name, note):
    series = read_series(pl.DataFrame(frame), columns=["y"])
    assert series.time_name == name
    assert series.report.notes == (note,)
    rows = read_series(pl.DataFrame(frame), columns=["y"], detect_time=False)
    assert (rows.time_name, rows.frequency, rows.report.notes) == (None, None, ())


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("when", ["soon", *DAYS[1:]], "holds 'soon' in data row 1, which is not an ISO date or time"),
        ("when", [None, *DAYS[1:]], "is empty in data row 1; every row needs a time"),
        (
            "when",
            ["31.12.2016", "1.1.2017", "x"],
            "holds '31.12.2016' in data row 1, which is not an ISO date",
        ),
        (
            "when",
            ["12/31/16 18:00", "1/1/17 18:00", "x"],
            "holds '12/31/16 18:00' in data row 1, which is not",
        ),
        (
            "when",
            ["2016/12/31", "x", "2017/1/2"],
            "holds '2016/12/31' in data row 1, which is not an ISO date",
        ),
        (
            "Date",
            ["1 Jan 2017", "2 Jan 2017", "x"],
            "holds '1 Jan 2017' in data row 1, which is not an ISO date",
        ),
        (
            "date_time",
            ["2017Q1", "2017Q2", "2017Q3"],
            "holds '2017Q1' in data row 1, which is not an ISO date",
        ),
    ],
)
def test_dates_that_cannot_be_read_do_not_become_row_numbers(refusal, name, values, message):
    frame = pl.DataFrame({name: values, "y": [1, 2, 3]})
    got = refusal(read_series, frame, columns=["y"])
    assert got.startswith(f"time column {name!r} of the data {message}")


HELP = "it needs a line of column names and rows of values"


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "data.csv", f"data.csv is empty; {HELP}"),
        ("", "data.parquet", f"data.parquet is empty; {HELP}"),
        ("\ufeff", "data.csv", f"data.csv is empty; {HELP}"),
        (" \n\n", "data.csv", f"data.csv is empty; {HELP}"),
        ("day,y\n", "data.csv", "data.csv has no rows; it needs a row of values for each time"),
        ("day,y,y\n1,2,3\n", "data.csv", "data.csv has two columns named 'y'; rename one"),
        ("day,y, y\n1,2,3\n", "data.csv", "data.csv has two columns named 'y'; rename one"),
        (
            "day,y\n1,2\n\n3,4,5\n",
            "data.csv",
            "data.csv has 3 values in data row 3, but 2 columns; correct the row, or put quotes around a "
            "value that holds a separator",
        ),
        (
            "y\n1\n2,5\n",
            "data.csv",
            "data.csv has 2 values in data row 2, but 1 column; correct the row, or put quotes around a "
            "value that holds a separator",
        ),
        (
            "day,ort\n1,Zürich\n".encode("latin-1"),
            "data.csv",
            "data.csv is not UTF-8 text (at byte 11); save it as UTF-8",
        ),
        (
            "y",
            "data.xlsx",
            "data.xlsx must end in .csv, .tsv, .txt or .parquet; save the data as one of them",
        ),
    ],
)
def test_files_that_hold_no_table(refusal, write, content, name, message):
    path = write(name, content)
    assert refusal(read_table, path) == message


@pytest.mark.parametrize(
    ("content", "name", "start"),
    [
        ('day,y\n"1,2\n', "data.csv", "data.csv is not a table of text that can be read: "),
        ("PAR1 not at all", "data.parquet", "data.parquet is not a Parquet file that can be read: "),
    ],
)
def test_files_that_are_broken(refusal, write, content, name, start):
    path = write(name, content)
    assert refusal(read_table, path).startswith(start)


def test_a_parquet_file_that_was_cut_short(refusal, tmp_path):
    path = tmp_path / "data.parquet"
    pl.DataFrame({"y": range(1000)}).write_parquet(path)
    whole = path.read_bytes()
    for kept in (len(whole) - 1, len(whole) // 2, 5):
        path.write_bytes(whole[:kept])
        assert refusal(read_table, path).startswith(f"{path} is not a Parquet file that can be read: ")


def test_files_that_are_not_there(refusal, write):
    write("load.csv", "day,y\n")
    assert refusal(read_table, "laod.csv") == "laod.csv does not exist; did you mean 'load.csv'?"
    assert refusal(read_table, "/no/such/x.csv") == "/no/such/x.csv does not exist"
    assert refusal(read_table, Path.cwd()) == f"{Path.cwd()} is a folder; name a file in it"


def test_a_file_that_cannot_be_read(refusal, write, monkeypatch):
    path = write("data.csv", "day,y\n1,2\n")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refusal(read_table, path) == "data.csv cannot be read: Permission denied"


@pytest.mark.parametrize("source", [3, None, [1, 2], {"y": [1]}])
def test_what_is_no_data(refusal, source):
    kind = type(source).__name__
    message = f"the data must be a path, a data frame or an array, got {kind}"
    assert refusal(read_series, source, columns=["y"]) == message


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["y", "y"]), "the data has two columns named 'y'; rename one"),
        (pa.table([[1], [2]], names=["y", "y"]), "the data has two columns named 'y'; rename one"),
        (pd.DataFrame([[1, 2]]), "the data has a column named 0; columns must be named by text"),
        (
            pd.DataFrame({"t": pd.Series(TWO_ZONES, dtype=object), "y": [1, 2]}),
            "column 't' of the data mixes values of several kinds, or times of several zones; give it one",
        ),
    ],
)
def test_frames_that_hold_no_table(refusal, frame, message):
    assert refusal(read_table, frame) == message


def test_a_frame_without_rows(refusal):
    message = "the data has no rows; it needs a row of values for each time"
    assert refusal(read_table, pd.DataFrame({"y": []})) == message


WIDE = {f"c{i}": [i] for i in range(30)}
SHOWN = ", ".join(list(WIDE)[:20])


@pytest.mark.parametrize(
    ("frame", "asked", "message"),
    [
        (
            {"date": DAYS, "load": [1, 2, 3], "temp": [1, 2, 3]},
            {"columns": ["laod"]},
            "the data has no column 'laod'; its columns are date, load, temp; did you mean 'load'?",
        ),
        (
            {"date": DAYS, "load": [1, 2, 3]},
            {"columns": ["load", "wind"]},
            "the data has no column 'wind'; its columns are date, load",
        ),
        (
            {"date": DAYS, "load": [1, 2, 3]},
            {"columns": ["LOAD"], "time": "date"},
            "the data has no column 'LOAD'; its columns are date, load; did you mean 'load'?",
        ),
        (
            {"date": DAYS, "load": [1, 2, 3]},
            {"columns": ["load"], "time": "data"},
            "the data has no column 'data'; its columns are date, load; did you mean 'date'?",
        ),
        (WIDE, {"columns": ["zzz"]}, f"the data has no column 'zzz'; its columns are {SHOWN} and 10 more"),
        (
            {"date": DAYS, "load": [1, 2, 3]},
            {"columns": ["load"], "time": "load"},
            "column 'load' is named twice; target, past and time must be different columns",
        ),
        (
            {"date": DAYS, "load": [1, 2, 3]},
            {"columns": ["load", "load"]},
            "column 'load' is named twice; target, past and time must be different columns",
        ),
        (
            {"date": DAYS, "load": ["1", "Oslo", "3"]},
            {"columns": ["load"]},
            "column 'load' of the data is not numeric: data row 2 holds 'Oslo'; name a column of numbers, "
            "or leave the value empty to have it imputed",
        ),
        (
            {"date": DAYS, "load": ["1,5", "2,5", "3,5"]},
            {"columns": ["load"]},
            "column 'load' of the data is not numeric: data row 1 holds '1,5'; name a column of numbers, "
            "or leave the value empty to have it imputed",
        ),
        (
            {"date": [dt.date(2024, 1, 1)], "load": [1]},
            {"columns": ["date"]},
            "column 'date' of the data is not numeric: it holds dates or times; name a column of numbers",
        ),
        (
            {"date": DAYS, "load": [[1], [2], [3]]},
            {"columns": ["load"]},
            "column 'load' of the data is not numeric: it holds values of type List(Int64); "
            "name a column of numbers",
        ),
        (
            {"date": DAYS, "load": [1.0, 2.0, -1e300]},
            {"columns": ["load"]},
            "column 'load' of the data holds -1e+300 in data row 3, too large to compute with; give it in a "
            "larger unit, so that values stay below 1e+150",
        ),
        (
            {"date": DAYS, "load": [1.0, 2.0, float("inf")]},
            {"columns": ["load"]},
            "column 'load' of the data is infinite in data row 3; leave the value empty to have it imputed",
        ),
    ],
)
def test_columns_that_cannot_be_used(refusal, frame, asked, message):
    assert refusal(read_series, pl.DataFrame(frame), **asked) == message


def test_messages_name_the_file(refusal, write):
    path = write("data.csv", "date,load\n2024-01-01,1\n2024-01-02,x\n")
    assert refusal(read_series, path, columns=["laod"]) == (
        "data.csv has no column 'laod'; its columns are date, load; did you mean 'load'?"
    )
    assert refusal(read_series, path, columns=["load"]) == (
        "column 'load' of data.csv is not numeric: data row 2 holds 'x'; name a column of numbers, "
        "or leave the value empty to have it imputed"
    )


@pytest.mark.parametrize("library", ["polars", "narwhals"])
def test_without_the_data_libraries_the_message_names_the_extra(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as caught:
        read_table("data.csv")
    assert str(caught.value) == f"{library} is not installed; install it with: pip install 'recurra[data]'"
