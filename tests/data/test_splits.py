import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.data import parse_share, split_rows

ROWS = np.arange(100)
DAYS = np.datetime64("2024-01-01", "us") + np.arange(100) * np.timedelta64(1, "D")


def bounds(time=DAYS, **shares) -> list[tuple[int, int]]:
    return [(part.start, part.stop) for part in split_rows(time, **shares).parts]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("0.7", 0.7),
        (".5", 0.5),
        (" 8640 ", 8640),
        (0.25, 0.25),
        (12, 12),
        (np.int32(5), 5),
        (np.float32(0.5), 0.5),
        ("2017-07-01", np.datetime64("2017-07-01", "us")),
        ("2017-07-01 06:30", np.datetime64("2017-07-01T06:30", "us")),
        ("2017-07-01T00:00+02:00", np.datetime64("2017-06-30T22:00", "us")),
        (dt.date(2017, 7, 1), np.datetime64("2017-07-01", "us")),
        (np.datetime64("2017-07"), np.datetime64("2017-07-01", "us")),
    ],
)
def test_a_share_says_what_it_is(text, share):
    parsed = parse_share("train", text)
    assert parsed == share
    assert isinstance(parsed, np.datetime64) == isinstance(share, np.datetime64)
    assert isinstance(parsed, float) == isinstance(share, float)


NO_SHARE = (
    "validation must be a fraction such as 0.7, a number of rows or a date such as 2017-07-01, got {!r}"
)
FRACTION = "validation must lie between 0 and 1 (a number of rows has no point), got {}"


@pytest.mark.parametrize(
    ("share", "message"),
    [
        ("abc", NO_SHARE.format("abc")),
        ("", NO_SHARE.format("")),
        ("1e-1", NO_SHARE.format("1e-1")),
        ("01/07/2017", NO_SHARE.format("01/07/2017")),
        (None, NO_SHARE.format(None)),
        (True, NO_SHARE.format(True)),
        ("0", "validation must be at least 1 row, got 0"),
        ("-5", "validation must be at least 1 row, got -5"),
        (0, "validation must be at least 1 row, got 0"),
        ("0.0", FRACTION.format("0.0")),
        ("1.0", FRACTION.format("1.0")),
        ("-0.2", FRACTION.format("-0.2")),
        (float("nan"), FRACTION.format("nan")),
    ],
)
def test_a_share_that_is_none(refusal, share, message):
    assert refusal(parse_share, "validation", share) == message


@pytest.mark.parametrize(
    ("shares", "expected", "unused", "before"),
    [
        ({}, [(0, 70), (70, 80), (80, 100)], 0, 0),
        ({"train": "50", "validation": "20", "test": "20"}, [(0, 50), (50, 70), (70, 90)], 10, 0),
        ({"train": 0.5, "validation": 20, "test": "0.1"}, [(0, 50), (50, 70), (70, 80)], 20, 0),
        # Dates of all parts, of the later two, of the last.
        (
            {"train": "2024-01-11", "validation": "2024-02-01", "test": "2024-03-01"},
            [(10, 31), (31, 60), (60, 100)],
            0,
            10,
        ),
        ({"validation": "2024-02-01", "test": "2024-03-01"}, [(0, 31), (31, 60), (60, 100)], 0, 0),
        # 0.7 and 0.1 of all rows are 7 to 1 of the rows before the date.
        ({"test": "2024-03-21"}, [(0, 70), (70, 80), (80, 100)], 0, 0),
        ({"test": "2024-02-10"}, [(0, 35), (35, 40), (40, 100)], 0, 0),
        ({"train": 0.7, "validation": 4, "test": "2024-02-10"}, [(0, 36), (36, 40), (40, 100)], 0, 0),
        # Row counts before a date end at it.
        ({"train": 30, "validation": 4, "test": "2024-02-10"}, [(6, 36), (36, 40), (40, 100)], 0, 6),
        ({"train": 30, "validation": "2024-02-10", "test": 0.2}, [(10, 40), (40, 80), (80, 100)], 0, 10),
        # Sizes after the last date reach to the end of the data.
        ({"train": "2024-01-11", "validation": 10, "test": 0.2}, [(10, 70), (70, 80), (80, 100)], 0, 10),
        ({"train": 0.7, "validation": "2024-02-10", "test": 0.2}, [(0, 40), (40, 80), (80, 100)], 0, 0),
    ],
)
def test_parts(shares, expected, unused, before):
    split = split_rows(DAYS, **shares)
    assert bounds(**shares) == expected
    assert (split.unused, split.unused_before) == (unused, before)


def test_a_date_between_two_rows_begins_at_the_later_one():
    weeks = np.datetime64("2024-01-06", "us") + np.arange(100) * np.timedelta64(7, "D")
    assert bounds(weeks, validation="2024-01-22", test="2024-02-01") == [(0, 3), (3, 4), (4, 100)]


@settings(deadline=None)
@given(
    rows=st.integers(20, 3000),
    shares=st.tuples(*[st.one_of(st.integers(1, 200), st.floats(0.05, 0.9))] * 3),
)
def test_sizes_follow_one_another_or_are_refused(rows, shares):
    asked = [share if isinstance(share, int) else share * rows for share in shares]
    try:
        split = split_rows(np.arange(rows), train=shares[0], validation=shares[1], test=shares[2])
    except InputError:
        assert sum(asked) > rows - 1
        return
    assert split.train.start == 0
    assert split.train.stop == split.validation.start
    assert split.validation.stop == split.test.start
    assert split.test.stop + split.unused == rows
    for part, size in zip(split.parts, asked):
        assert abs(part.stop - part.start - size) <= (0 if isinstance(size, int) else 1)


def test_to_dict():
    split = split_rows(DAYS, train=50, validation=20, test=20)
    assert json.loads(json.dumps(split.to_dict(DAYS))) == {
        "train": {"rows": 50, "first": "2024-01-01", "last": "2024-02-19"},
        "validation": {"rows": 20, "first": "2024-02-20", "last": "2024-03-10"},
        "test": {"rows": 20, "first": "2024-03-11", "last": "2024-03-30"},
        "unused": 10,
        "unused_before": 0,
    }


@pytest.mark.parametrize(
    ("time", "shares", "message"),
    [
        (
            ROWS,
            {"train": 0.7, "validation": 0.2, "test": 30},
            "train 0.7 and validation 0.2 and test 30 need 120 rows, but there are 100, from 0 to 99",
        ),
        (
            ROWS[:10],
            {"train": 0.7, "validation": 0.01, "test": 0.2},
            "train 0.7 and validation 0.01 and test 0.2 leave no row for validation of the 10, from 0 to 9",
        ),
        (
            DAYS,
            {"train": 80, "validation": 10, "test": "2024-02-10"},
            "train 80 and validation 10 need 90 rows, but there are 40, from 2024-01-01 to 2024-02-09",
        ),
        (
            DAYS,
            {"train": "2024-02-10", "validation": 30, "test": 30},
            "validation 30 and test 30 leave no row for train of the 60, from 2024-02-10 to 2024-04-09",
        ),
        (
            DAYS,
            {"validation": "2024-03-01", "test": "2024-02-01"},
            "test begins at 2024-02-01, which is not after 2024-03-01, where validation begins; "
            "the parts follow one another",
        ),
        (
            DAYS,
            {"validation": "2024-01-01"},
            "validation begins at 2024-01-01, which is not after 2024-01-01, where train begins; "
            "the parts follow one another",
        ),
        (
            DAYS,
            {"test": "2024-05-01"},
            "test begins at 2024-05-01, outside the data, which runs from 2024-01-01 to 2024-04-09",
        ),
        (
            DAYS,
            {"train": "2023-12-31"},
            "train begins at 2023-12-31, outside the data, which runs from 2024-01-01 to 2024-04-09",
        ),
        (
            ROWS,
            {"test": "2024-05-01"},
            "test is a date, 2024-05-01, but the data has no column of dates; give rows",
        ),
    ],
)
def test_parts_that_do_not_fit(refusal, time, shares, message):
    assert refusal(split_rows, time, **shares) == message
