import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.data.frequency import (
    Frequency,
    check_on_grid,
    find_frequency,
    format_time,
    future_times,
    season_length,
)

STEPS = [
    "250us",
    "40ms",
    "1s",
    "30s",
    "1m",
    "15m",
    "1h",
    "6h",
    "1d",
    "10d",
    "1w",
    "3w",
    "1mo",
    "2mo",
    "1q",
    "1y",
]
MONTHLY = ("mo", "q", "y")


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def polars_grid(start: np.datetime64, step: str, rows: int) -> np.ndarray:
    """The grid by polars, each time counted from the first, so that short months do not pile up."""
    frame = pl.DataFrame({"start": [start.astype("datetime64[us]").item()] * rows, "row": range(rows)})
    count, unit = re.fullmatch(r"(\d+)(\D+)", step).groups()
    frame = frame.with_columns(by=pl.format("{}{}", pl.col("row") * int(count), pl.lit(unit)))
    return (
        frame.select(pl.col("start").cast(pl.Datetime("us")).dt.offset_by(pl.col("by")))
        .to_series()
        .to_numpy()
    )


@settings(deadline=None)
@given(
    step=st.sampled_from(STEPS),
    start=st.datetimes(np.datetime64("1900-01-01", "us").item(), np.datetime64("2100-01-01", "us").item()),
    rows=st.integers(2, 40),
    data=st.data(),
)
def test_the_step_is_found_and_the_grid_is_the_one_of_polars(step, start, rows, data):
    if step.endswith(MONTHLY):
        start = start.replace(day=min(start.day, 27))
    grid = polars_grid(np.datetime64(start), step, rows)
    absent = data.draw(st.sets(st.integers(1, rows - 2), max_size=(rows - 1) // 5)) if rows > 2 else set()
    kept = np.delete(np.arange(rows), sorted(absent))

    found = find_frequency(grid[kept], "time")

    expected = Frequency.parse(step)
    if len(kept) == 2 and str(found) != step:
        # One difference fits several steps: 31 days and a month, 7 days and a week.
        expected = found
    assert found == expected
    np.testing.assert_array_equal(found.steps(grid[kept]), kept)
    np.testing.assert_array_equal(found.after(grid[0], np.arange(rows)), grid)
    np.testing.assert_array_equal(future_times(grid[0], str(found), rows - 1), grid[1:])


@pytest.mark.parametrize(
    ("first", "second", "third", "frequency"),
    [
        ("2023-12-31", "2024-01-31", "2024-02-29", "1mo:end"),
        ("2023-06-30 12:00", "2023-09-30 12:00", "2023-12-31 12:00", "1q:end"),
        ("2023-02-28", "2024-02-29", "2025-02-28", "1y:end"),
        ("2024-01-28", "2024-02-28", "2024-03-28", "1mo"),
        ("2024-01-01", "2024-04-01", "2024-07-01", "1q"),
        ("2024-01-01", "2024-07-01", "2025-01-01", "2q"),
        ("2020-01-01", "2021-01-01", "2022-01-01", "1y"),
        ("2020-01-01", "2022-01-01", "2024-01-01", "2y"),
        ("2023-01-01", "2023-01-29", "2023-02-26", "4w"),
    ],
)
def test_calendar_steps(first, second, third, frequency):
    found = find_frequency(times(first, second, third), "time")
    assert str(found) == frequency
    assert future_times(times(first)[0], frequency, 2).tolist() == times(second, third).tolist()


def test_month_ends_go_on_after_a_short_month():
    ends = future_times(np.datetime64("2024-02-29"), "1mo:end", 3)
    assert ends.tolist() == times("2024-03-31", "2024-04-30", "2024-05-31").tolist()


def test_integers_and_rows():
    found = find_frequency(np.array([5, 15, 25, 55]), "step")
    assert str(found) == "10i"
    assert found.steps(np.array([5, 15, 25, 55])).tolist() == [0, 1, 2, 5]
    assert future_times(np.int64(55), "10i", 2).tolist() == [65, 75]
    assert future_times(9, None, 3).tolist() == [10, 11, 12]


@pytest.mark.parametrize(
    ("given_times", "message"),
    [
        (
            times("2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 03:30"),
            "the column does not lie on one grid: the step is 1h, but 2024-01-01 03:30:00 comes 90m after "
            "2024-01-01 02:00:00; correct the times, or resample the data",
        ),
        (
            times("2024-01-01", "2024-02-01", "2024-03-02", "2024-04-01", "2024-05-01"),
            "the column does not lie on one grid: the step is 1mo, but 2024-03-02 comes 30d after "
            "2024-02-01; "
            "correct the times, or resample the data",
        ),
        (
            np.array([0, 2, 4, 5, 7]),
            "the column does not lie on one grid: the step is 2i, but 5 comes 1 after 4; "
            "correct the times, or resample the data",
        ),
    ],
)
def test_times_off_the_grid(refusal, given_times, message):
    assert refusal(find_frequency, given_times, "the column") == message


def test_times_off_a_known_grid(refusal):
    assert refusal(check_on_grid, times("2024-01-01", "2024-01-02"), Frequency.parse("1w"), "'date'") == (
        "'date' does not lie on one grid: the step is 1w, but 2024-01-02 comes 1d after 2024-01-01; "
        "correct the times, or resample the data"
    )


@pytest.mark.parametrize(
    "text", ["", "h", "0h", "-1h", "1.5h", "1h:end", "1 h", "1mon", "1d:end", "1mo:start"]
)
def test_a_frequency_that_is_none(refusal, text):
    assert refusal(Frequency.parse, text) == (
        f"frequency must be a step such as 15m, 1h, 1d, 1w, 1mo, 1mo:end or 10i, got {text!r}"
    )


@settings(deadline=None)
@given(
    count=st.integers(1, 10**6),
    unit=st.sampled_from(["us", "ms", "s", "m", "h", "d", "w", "i", "mo", "q", "y"]),
    end=st.booleans(),
)
def test_a_frequency_reads_what_it_writes(count, unit, end):
    frequency = Frequency(count, unit, month_end=end and unit in MONTHLY)
    assert Frequency.parse(str(frequency)) == frequency


@pytest.mark.parametrize(
    ("frequency", "season"),
    [
        *[("1h", 24), ("30m", 48), ("15m", 96), ("10m", 144), ("5m", 288), ("1m", 1), ("6h", 4), ("5h", 1)],
        *[("1d", 7), ("2d", 1), ("1w", 52), ("1mo", 12), ("1mo:end", 12), ("1q", 4), ("1q:end", 4)],
        *[("1y", 1), ("1s", 1), ("10i", 1), (None, 1)],
    ],
)
def test_season_length(frequency, season):
    assert season_length(frequency) == season


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (np.datetime64("2024-02-29", "us"), "2024-02-29"),
        (np.datetime64("2024-02-29", "D"), "2024-02-29"),
        (np.datetime64("2024-02-29 07:05", "us"), "2024-02-29 07:05:00"),
        (np.datetime64("2024-02-29 07:05:01.25", "us"), "2024-02-29 07:05:01.250000"),
        (np.int64(7), "7"),
    ],
)
def test_times_for_people(time, text):
    assert format_time(time) == text
