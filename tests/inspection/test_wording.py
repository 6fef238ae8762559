import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra._base.wording import count
from recurra.evaluation import Metric
from recurra.inspection.wording import (
    METRICS,
    best_of,
    listing,
    metric_texts,
    number,
    numbers,
    steps,
    times,
    unit,
)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.5234, 1.70349, 12.0], ["0.523", "1.703", "12.000"]),
        ([0.00478, 0.04905], ["0.00478", "0.04905"]),
        ([1234.5, 98765.4], ["1,234", "98,765"]),
        ([-1.5, 2.25], ["−1.50", "2.25"]),
        ([0.0, 0.0], ["0.00", "0.00"]),
        ([2.5e-7, 1e-6], ["2.5e−07", "1e−06"]),
        ([3.2e9, 1.0], ["3.2e+09", "1"]),
        ([0.0001, 450.0], ["0.00", "450.00"]),  # a value that small beside this one is nothing
        ([float("nan"), None, 1.0, float("inf")], ["–", "–", "1.00", "–"]),
        ([], []),
    ],
)
def test_numbers_share_their_decimals(values: list, texts: list) -> None:
    assert numbers(values) == texts


def test_numbers_by_resolution_scale_and_suffix() -> None:
    assert numbers([360.123, 361.9], resolution=0.8) == ["360.12", "361.90"]
    assert numbers([0.7625, 1.0], scale=100, suffix=" %") == ["76.2 %", "100.0 %"]
    assert number(1.23456) == "1.23"


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=6))
def test_a_written_number_is_within_half_of_its_last_figure(values: list[float]) -> None:
    for value, text in zip(values, numbers(values)):
        decimals = len(text.partition(".")[2])
        assert abs(float(text.replace(",", "")) - value) <= 0.5001 * 10.0**-decimals


def test_times_leave_out_a_clock_that_says_nothing() -> None:
    def texts(*values: str) -> list[str]:
        return times(np.asarray(values, dtype="datetime64[us]"))

    assert texts("2001-12-29", "2002-01-05") == ["2001-12-29", "2002-01-05"]
    assert texts("2001-12-29", "2001-12-29T06:00") == ["2001-12-29 00:00", "2001-12-29 06:00"]
    assert texts("2001-12-29T06:00:30") == ["2001-12-29 06:00:30"]
    assert texts("2001-12-29T06:00:30.5") == ["2001-12-29 06:00:30.500000"]
    midnights = np.asarray(["2024-01-01", "2024-01-02"], dtype="datetime64[us]")
    assert times(midnights, utc=True) == ["2024-01-01 00:00Z", "2024-01-02 00:00Z"]
    assert times(midnights + np.timedelta64(1, "us"), utc=True)[0] == "2024-01-01 00:00:00.000001Z"
    assert times(np.asarray([[7, 1200]])) == ["row 7", "row 1,200"]


@pytest.mark.parametrize(
    ("frequency", "one", "many"),
    [
        ("1w", "week", "52 weeks"),
        ("1mo:end", "month", "52 months"),
        ("15m", "step of 15 minutes", "52 steps of 15 minutes"),
        ("10i", "step of 10", "52 steps of 10"),
        (None, "row", "52 rows"),
    ],
)
def test_steps_are_named_by_the_frequency(frequency: str | None, one: str, many: str) -> None:
    assert (unit(frequency), steps(52, frequency)) == (one, many)


def test_counts_and_listings() -> None:
    assert [count(1, "row"), count(0, "row"), count(2880, "row")] == ["1 row", "0 rows", "2,880 rows"]
    assert [listing(list(items)) for items in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_the_best_is_the_least_but_for_the_coverage_the_nearest_to_its_target() -> None:
    by_key = {metric.key: metric for metric in METRICS}
    assert best_of(by_key["mae"], {"a": 2.0, "b": 1.0, "c": 1.0, "d": float("nan")}) == ["b", "c"]
    assert best_of(by_key["coverage"], {"a": 0.99, "b": 0.7, "c": 0.85}) == ["c"]
    assert best_of(by_key["mae"], {"a": float("nan")}) == []


def test_every_metric_is_worded() -> None:
    from recurra.evaluation import METRICS as COMPUTED

    assert {metric.key for metric in METRICS} == set(COMPUTED)
    assert all(re.fullmatch(r"[^.]+", metric.meaning) for metric in METRICS)


def test_scores_have_thousandths_and_what_has_no_upper_end_three_figures() -> None:
    score, perplexity = Metric("f1", "F1", "", 1.0), Metric("perplexity", "Perplexity", "", 1.0)
    assert metric_texts(score, [0.5, 0.1234]) == ["0.500", "0.123"]
    assert metric_texts(perplexity, [1035.918, 80.798]) == ["1,035.9", "80.8"]
    assert metric_texts(perplexity, [7.578, math.inf, None]) == ["7.58", "–", "–"]


def test_scores_up_to_100_have_tenths() -> None:
    bleu = Metric("bleu", "BLEU", "", 100.0)
    assert metric_texts(bleu, [28.316, 0.5, 100.0, math.nan]) == ["28.3", "0.5", "100.0", "–"]
