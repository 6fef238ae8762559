"""Seasons, level and the clock of series."""

import numpy as np
import pytest

from recurra.data import mauna_loa
from recurra.diagnosis.clock import clock_findings, read_clock
from recurra.diagnosis.periods import period_text
from recurra.diagnosis.seasonality import find_seasonality
from recurra.diagnosis.stationarity import find_stationarity

STEPS = np.arange(2000)


def noise(seed: int, size: int = 2000) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=size)


def wave(period: float) -> np.ndarray:
    return np.sin(2 * np.pi * STEPS / period)


@pytest.mark.parametrize("period", [2, 7, 24, 52.18, 168, 365.25])
@pytest.mark.parametrize("trend", ["none", "line", "walk"])
def test_the_period_is_found_whatever_the_trend(period: float, trend: str) -> None:
    own = wave(period) if period > 2 else (-1.0) ** STEPS
    drift = {"none": 0 * STEPS, "line": STEPS / 100, "walk": 0.02 * noise(1).cumsum()}[trend]
    season, *others = find_seasonality(own + drift + 0.5 * noise(0)).seasons
    assert season.period == pytest.approx(period, rel=0.02)
    # The variance of the wave is 0.5, or 1 at a period of two steps, that of the noise 0.25.
    assert season.strength == pytest.approx(0.8 if period == 2 else 0.67, abs=0.12)
    assert others == []


def test_a_week_and_a_day_are_both_found_and_their_harmonics_are_not() -> None:
    day = (STEPS % 24 > 8) * 1.0
    seasons = find_seasonality(day + (STEPS % 168 < 120) + 0.2 * noise(0)).seasons
    assert sorted(season.period for season in seasons) == pytest.approx([24, 168], rel=0.02)


@pytest.mark.parametrize("make", [noise, lambda seed: noise(seed).cumsum()], ids=["noise", "walk"])
def test_what_does_not_repeat_itself_has_no_season(make) -> None:
    assert sum(bool(find_seasonality(make(seed)).seasons) for seed in range(60)) <= 1


def test_the_carbon_dioxide_record_repeats_every_year() -> None:
    values = mauna_loa()["co2"].interpolate().to_numpy()
    (season,) = find_seasonality(values).seasons
    assert season.period == pytest.approx(52.18, abs=0.1)
    assert season.strength > 0.9
    assert period_text(season.period, "1w") == "52.2 weeks (a year)"


def test_few_rows_and_constants_have_no_seasonality() -> None:
    assert find_seasonality(noise(0, 23)) is None
    assert find_seasonality(np.full(100, 5.0)) is None
    assert find_seasonality(np.arange(100.0)) is None


@pytest.mark.parametrize(
    ("steps", "frequency", "text"),
    [
        (24, "1h", "24 hours (a day)"),
        (24.01, "1h", "24 hours (a day)"),
        (168.4, "1h", "168.4 hours (a week)"),
        (96, "15m", "24 hours (a day)"),
        (30, "15m", "7.5 hours"),
        (12, "1mo", "12 months (a year)"),
        (4, "1q", "4 quarters (a year)"),
        (7, "1d", "7 days (a week)"),
        (11.1, "1y", "11.1 years"),
        (1440, "1m", "1,440 minutes (a day)"),
        (60, "1s", "60 seconds (a minute)"),
        (5, "10i", "50 of the time column"),
        (12.34, None, "12.3 rows"),
    ],
)
def test_periods_are_told_in_the_units_of_the_data(steps: float, frequency: str | None, text: str) -> None:
    assert period_text(steps, frequency) == text


def autoregression(seed: int) -> np.ndarray:
    values = noise(seed)
    for step in range(1, len(values)):
        values[step] += 0.7 * values[step - 1]
    return values


@pytest.mark.parametrize(
    ("make", "verdict"),
    [
        (noise, "stationary"),
        (autoregression, "stationary"),
        (lambda seed: noise(seed).cumsum(), "wanders"),
        (lambda seed: noise(seed) + STEPS / 100, "trend"),
        (lambda seed: noise(seed) + 0.7 * (STEPS > 1200), "shifts"),
    ],
    ids=["noise", "autoregression", "walk", "line", "step"],
)
def test_the_two_tests_together_tell_what_a_series_does(make, verdict: str) -> None:
    verdicts = [find_stationarity(make(seed)).verdict for seed in range(10)]
    assert verdicts.count(verdict) >= 7, verdicts


def test_long_series_are_averaged_in_blocks() -> None:
    found = find_stationarity(np.repeat(noise(0, 6000).cumsum(), 2))
    assert (found.rows, found.block, found.verdict) == (4000, 3, "wanders")
    assert found.meaning == (
        "It wanders, or jumps from level to level: where it was says little about where it goes."
    )
    assert [find_stationarity(values) for values in (noise(0, 19), np.ones(99), np.arange(99.0))] == [
        None
    ] * 3


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def test_gaps_and_repeats_are_counted_on_the_grid() -> None:
    clock, places, grid = read_clock(
        times("2024-01-02", "2024-01-01", "2024-01-03", "2024-01-03", "2024-01-07", "2024-01-08"), "day"
    )
    assert (clock.frequency, clock.rows, clock.missing, clock.gaps) == ("1d", 6, 3, 1)
    assert [(gap.first, gap.rows) for gap in clock.longest] == [("2024-01-04", 3)]
    assert (clock.repeated, clock.repeated_time, clock.unsorted) == (1, "2024-01-03", True)
    assert places.tolist() == [1, 0, 2, -1, 6, 7]
    assert (len(grid), str(grid[-1])[:10]) == (8, "2024-01-08")
    assert [(finding.level, finding.what) for finding in clock_findings(clock)] == [
        ("serious", "1 row of 6 repeats a time of 'day', such as 2024-01-03."),
        (
            "warning",
            "3 rows (33 %) are missing between the times of 'day', in 1 gap; the longest has 3 rows from "
            "2024-01-04.",
        ),
        ("hint", "The rows are not in order of 'day'."),
    ]


def test_times_without_a_grid_say_why() -> None:
    clock, places, _ = read_clock(times("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03T05"), "day")
    assert clock.frequency is None
    assert places.tolist() == [0, 1, 2, 3]
    (finding,) = clock_findings(clock)
    assert finding.level == "serious"
    assert finding.what == (
        "The times of 'day' do not lie on one grid: the step is 1d, but 2024-01-03 05:00:00 comes 5h after "
        "2024-01-03."
    )
    far = read_clock(times("2024-01-01", "2024-01-02", "2024-01-03", "2099-01-01"), "day")[0]
    assert far.irregular == "at the commonest step, day, 27,395 rows would be needed"


def test_a_healthy_clock_says_nothing() -> None:
    clock, *_ = read_clock(times("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"), "month")
    assert (clock.frequency, clock.step, clock_findings(clock)) == ("1mo:end", "month", [])
