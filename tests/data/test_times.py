import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest

from recurra.data.columns import times


def read(values, name: str = "t", utc: bool = False):
    column = values if isinstance(values, pl.Series) else pl.Series(name, values)
    found, is_utc, notes = times(pl.DataFrame({name: column}), name, "data.csv")
    assert is_utc == utc
    return found, notes


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2016-12-31", "2017-01-01"], ["2016-12-31", "2017-01-01"]),
        (["2016-12-31 18:00", "2016-12-31T19:00:30"], ["2016-12-31T18:00", "2016-12-31T19:00:30"]),
        (["2016-12-31 18:00:00.25", " 2016-12-31 18:00 "], ["2016-12-31T18:00:00.25", "2016-12-31T18:00"]),
        (["2016-12", "2017-01"], ["2016-12-01", "2017-01-01"]),
        (["20161231", "2016-W52-6"], ["2016-12-31", "2016-12-31"]),
        ([dt.date(2016, 12, 31)], ["2016-12-31"]),
        ([dt.datetime(2016, 12, 31, 18)], ["2016-12-31T18:00"]),
        (pl.Series([dt.datetime(2016, 12, 31, 18)], dtype=pl.Datetime("ns")), ["2016-12-31T18:00"]),
        (pl.Series([dt.datetime(2016, 12, 31, 18)], dtype=pl.Datetime("ms")), ["2016-12-31T18:00"]),
    ],
)
def test_dates_and_datetimes(values, expected):
    found, notes = read(values)
    assert found.dtype == "datetime64[us]"
    np.testing.assert_array_equal(found, np.array(expected, dtype="datetime64[us]"))
    assert notes == ()


@pytest.mark.parametrize("values", [[3, 1, 2], [3.0, 1.0, 2.0], pl.Series([3, 1, 2], dtype=pl.UInt8)])
def test_integers(values):
    found, notes = read(values)
    assert (found.dtype, found.tolist(), notes) == (np.int64, [3, 1, 2], ())


BERLIN = ZoneInfo("Europe/Berlin")
# The clock goes from 1:00 to 3:00, and back from 3:00 to 2:00.
SPRING = [dt.datetime(2024, 3, 31, hour, tzinfo=BERLIN) for hour in (0, 1, 3, 4)]
AUTUMN = [dt.datetime(2024, 10, 27, 2, fold=fold, tzinfo=BERLIN) for fold in (0, 1)]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (SPRING, ["2024-03-30T23:00", "2024-03-31T00:00", "2024-03-31T01:00", "2024-03-31T02:00"]),
        (AUTUMN, ["2024-10-27T00:00", "2024-10-27T01:00"]),
    ],
)
def test_hours_of_a_zone_become_utc_and_stay_hours(local, expected):
    note = ("The times in 't' have a time zone; all times are given in UTC.",)
    frames = [
        [time.isoformat() for time in local],
        pl.Series(local, dtype=pl.Datetime("us", "Europe/Berlin")),
    ]
    for values in frames:
        found, notes = read(values, utc=True)
        np.testing.assert_array_equal(found, np.array(expected, dtype="datetime64[us]"))
        assert notes == note


def test_midnights_of_a_zone_are_dates():
    days = pd.date_range("2024-03-30", periods=3, tz="Europe/Berlin")
    note = ("The times in 't' are midnights of a time zone; they were taken as dates.",)
    for values in ([day.isoformat() for day in days], pl.Series(days.to_pydatetime().tolist())):
        if isinstance(values, pl.Series):
            values = values.dt.convert_time_zone("Europe/Berlin")
        found, notes = read(values)
        np.testing.assert_array_equal(
            found, np.array(["2024-03-30", "2024-03-31", "2024-04-01"], "datetime64[us]")
        )
        assert notes == note


ISO = "which is not an ISO date or time such as 2016-12-31 or 2016-12-31 18:00"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["31/12/2016"], f"time column 't' of data.csv holds '31/12/2016' in data row 1, {ISO}"),
        (
            ["2016-12-31", "2016-12-32"],
            f"time column 't' of data.csv holds '2016-12-32' in data row 2, {ISO}",
        ),
        (["2016-12-31", "soon"], f"time column 't' of data.csv holds 'soon' in data row 2, {ISO}"),
        (["2016-12-31", None], "time column 't' of data.csv is empty in data row 2; every row needs a time"),
        (["2016-12-31", " "], "time column 't' of data.csv is empty in data row 2; every row needs a time"),
        ([1, None], "time column 't' of data.csv is empty in data row 2; every row needs a time"),
        ([1.0, float("nan")], "time column 't' of data.csv is empty in data row 2; every row needs a time"),
        (
            ["2016-12-31T00:00", "2016-12-31T01:00Z"],
            "time column 't' of data.csv holds '2016-12-31T00:00' in data row 1 and '2016-12-31T01:00Z' in "
            "data row 2; give every time a zone, or none",
        ),
        (
            [1.0, 2.5],
            "time column 't' of data.csv holds values of type Float64; times are dates, datetimes, "
            "ISO text or "
            "integers",
        ),
        (
            [dt.time(5)],
            "time column 't' of data.csv holds dates or times; times are dates, datetimes, ISO text "
            "or integers",
        ),
        (
            [True],
            "time column 't' of data.csv holds values of type Boolean; times are dates, datetimes, "
            "ISO text or "
            "integers",
        ),
    ],
)
def test_times_that_cannot_be_read(refusal, values, message):
    assert refusal(read, values) == message
