import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.data import Series, array_series, impute, to_series

NOTE = "No time column was named; 'time' is the only one with dates and was used."
IMPUTED = (
    "Missing values are imputed (rule: linear, within each part, and never from after the origin of "
    "a forecast); "
    "imputed targets are not scored."
)


@settings(deadline=None)
@given(
    rows=st.integers(5, 40), seed=st.integers(0, 2**32 - 1), step=st.sampled_from(["1h", "1w", "1mo", "7i"])
)
def test_the_grid_comes_back_from_any_order_and_any_gaps(rows, seed, step):
    rng = np.random.default_rng(seed)
    if step == "7i":
        time = pl.Series("time", np.arange(rows) * 7 + 3)
    else:
        time = pl.select(
            time=pl.datetime_range(
                pl.datetime(2021, 3, 1), pl.datetime(2060, 1, 1), step, closed="both"
            ).head(rows)
        )["time"]
    values = rng.normal(size=rows)
    values[rng.random(rows) < 0.2] = np.nan
    # At most every other inner row goes, so the step stays the most common difference.
    absent = np.flatnonzero(rng.random(rows) < 0.3)
    absent = absent[(absent > 1) & (absent < rows - 1)]
    absent = absent[np.diff(absent, prepend=-9) > 2][: rows // 6]
    kept = rng.permutation(np.delete(np.arange(rows), absent))
    frame = pl.DataFrame({"time": time, "y": values})[kept]

    series = to_series(frame, columns=["y"], time="time")

    expected = values.copy()
    expected[absent] = np.nan
    np.testing.assert_array_equal(series.values[:, 0], expected)
    np.testing.assert_array_equal(series.time, time.to_numpy())
    np.testing.assert_array_equal(series.observed[:, 0], ~np.isnan(expected))
    assert series.frequency == step
    report = series.report
    assert (report.rows_read, report.rows_added, report.gaps) == (len(kept), len(absent), len(absent))
    assert report.missing == {"y": int(np.isnan(values[kept]).sum())}
    assert report.was_unsorted == bool((np.diff(kept) < 0).any())


def test_the_report_tells_everything():
    frame = pl.DataFrame(
        {
            "time": ["2024-01-02", "2024-01-01", "2024-01-04", "2024-01-05", "2024-01-09", "2024-01-10"],
            "y": [1.0, None, 3.0, None, 5.0, 6.0],
            "x": [1, 2, 3, 4, 5, 6],
        }
    )
    report = to_series(frame, columns=["y", "x"]).report
    assert report.lines() == [
        NOTE,
        "The rows were not in order of time; they were sorted.",
        "The time index lacked 4 rows in 2 gaps (longest: 3 rows from 2024-01-06); added as missing.",
        "y: 2 of 6 values missing.",
        IMPUTED,
    ]
    assert json.loads(json.dumps(report.to_dict())) == {
        "rows_read": 6,
        "rows_added": 4,
        "gaps": 2,
        "longest_gap": 3,
        "longest_gap_start": "2024-01-06",
        "missing": {"y": 2, "x": 0},
        "was_unsorted": True,
        "notes": [NOTE],
        "rule": "linear",
    }


def test_the_report_is_silent_where_nothing_had_to_be_done():
    frame = pl.DataFrame({"time": [1, 2, 3], "y": [1.0, 2.0, 3.0]})
    assert to_series(frame, columns=["y"], time="time").report.lines() == []


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            ["2024-01-03", "2024-01-01", "2024-01-02", "2024-01-01"],
            "time column 'time' of the data holds 2024-01-01 twice, in data rows 2 and 4; keep one "
            "row for each time",
        ),
        (
            ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2034-01-01 02:00"],
            "time column 'time' of the data has 4 rows from 2024-01-01 to 2034-01-01 02:00:00, "
            "where a step of 1h "
            "makes 87,675; correct the times, or resample the data",
        ),
        (
            ["2024-01-01"],
            "time column 'time' of the data has a single row; at least 2 are needed to find the step",
        ),
        (
            ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 02:20"],
            "time column 'time' of the data does not lie on one grid: the step is 1h, but "
            "2024-01-01 02:20:00 comes "
            "20m after 2024-01-01 02:00:00; correct the times, or resample the data",
        ),
    ],
    ids=["twice", "sparse", "single", "off the grid"],
)
def test_bad_times(refusal, times, message):
    got = refusal(
        to_series, pl.DataFrame({"time": times, "y": range(len(times))}), columns=["y"], time="time"
    )
    assert got == message


def test_a_known_step_stands_where_it_could_not_be_found():
    one = to_series(
        pl.DataFrame({"time": ["2024-01-01"], "y": [1]}), columns=["y"], time="time", frequency="1d"
    )
    assert (len(one), one.frequency) == (1, "1d")
    frame = pl.DataFrame({"time": ["2024-01-01", "2024-01-03", "2024-01-05"], "y": [1, 2, 3]})
    assert len(to_series(frame, columns=["y"], time="time", frequency="1d")) == 5


@pytest.mark.parametrize(
    ("times", "frequency", "message"),
    [
        (
            [1, 2],
            "1d",
            "time column 'time' of the data holds integers, but steps of 1d need dates; name another column",
        ),
        (
            ["2024-01-01", "2024-01-02"],
            "1i",
            "time column 'time' of the data holds dates, but steps of 1i need integers; name another column",
        ),
        (
            ["2024-01-01", "2024-01-02"],
            "1w",
            "time column 'time' of the data does not lie on one grid: the step is 1w, but "
            "2024-01-02 comes 1d after "
            "2024-01-01; correct the times, or resample the data",
        ),
    ],
)
def test_data_that_does_not_fit_a_known_step(refusal, times, frequency, message):
    frame = pl.DataFrame({"time": times, "y": [1, 2]})
    assert refusal(to_series, frame, columns=["y"], time="time", frequency=frequency) == message


def test_an_array():
    series = array_series(np.array([[1, 10], [2, 20]]), ["y", "x"])
    assert (series.time.tolist(), series.time_name, series.frequency) == ([1, 2], None, None)
    assert series.values.tolist() == [[1, 10], [2, 20]]
    assert series.report.lines() == ["The data is an array; its rows were counted from 1."]
    np.testing.assert_array_equal(array_series(np.array([1.0, np.nan]), ["y"]).observed, [[True], [False]])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((3, 3)), "the array must have shape (rows, 2), a column for each of y, x; got (3, 3)"),
        (np.ones(3), "the array must have shape (rows, 2), a column for each of y, x; got (3,)"),
        (np.ones((1, 3, 2)), "the array must have shape (rows, 2), a column for each of y, x; got (1, 3, 2)"),
        (np.ones((0, 2)), "the array has no rows"),
        (np.array([["a", "b"]]), "the array must hold numbers, got dtype <U1"),
        (
            np.array([[1.0, 2.0], [1.0, -np.inf]]),
            "column 'x' of the array is infinite in data row 2; leave the value empty to have it imputed",
        ),
    ],
)
def test_a_wrong_array(refusal, array, message):
    assert refusal(array_series, array, ["y", "x"]) == message


@settings(deadline=None)
@given(rows=st.integers(3, 40), seed=st.integers(0, 2**32 - 1), share=st.floats(0, 0.9))
def test_imputation_is_pandas_interpolation_part_by_part(rows, seed, share):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 2))
    values[rng.random((rows, 2)) < share] = np.nan
    edges = sorted(rng.choice(np.arange(1, rows), size=2, replace=False).tolist())
    parts = [slice(0, edges[0]), slice(edges[0], edges[1]), slice(edges[1], rows)]
    values[0] = rng.normal(size=2)

    filled = impute(array_series(values, ["y", "x"]), parts)

    carried = pd.DataFrame(values).ffill()
    pieces = [
        pd.DataFrame(values[part]).interpolate(limit_direction="both").set_axis(range(part.start, part.stop))
        for part in parts
    ]
    expected = pd.concat(pieces).fillna(carried)
    np.testing.assert_allclose(filled.values, expected, rtol=1e-12)
    seen = ~np.isnan(values)
    np.testing.assert_array_equal(filled.values[seen], values[seen])
    np.testing.assert_array_equal(filled.observed, seen)


def test_nothing_of_a_later_part_reaches_an_earlier_one(make_series):
    y = [1, None, 3, None, None, 9, 10, None]
    parts = [slice(0, 4), slice(4, 7)]
    filled = impute(make_series(y), parts).values[:, 0]
    assert filled.tolist() == [1, 2, 3, 3, 9, 9, 10, 10]


def test_a_column_without_values_in_the_first_part(refusal, make_series):
    series = make_series([1, 2, 3], [None, None, 4])
    got = refusal(impute, series, [slice(0, 2), slice(2, 3)])
    assert got == "column 'x' has no values from 1 to 2; fill it in, or leave it out"


def test_imputing_leaves_the_series_as_it_was(make_series):
    series: Series = make_series([1, None, 3])
    impute(series, [slice(0, 3)])
    np.testing.assert_array_equal(series.values[:, 0], [1, np.nan, 3])
