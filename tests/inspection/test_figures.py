import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import Split
from recurra.inspection import figures

DAYS = np.datetime64("2020-01-01", "us") + np.arange(30) * np.timedelta64(1, "D")
SPLIT = Split(slice(0, 20), slice(20, 24), slice(24, 30))


def test_times_become_milliseconds_since_1970_and_row_numbers_stay() -> None:
    assert figures.axis_values(np.asarray(["1970-01-02T00:00:00.001"], dtype="datetime64[us]")) == 86_400_001
    assert figures.axis_values(np.asarray([3, 4])).tolist() == [3, 4]
    assert figures.figure([], times=DAYS).layout.xaxis.type == "date"
    assert figures.figure([], times=np.arange(3)).layout.xaxis.type == "linear"


def test_the_series_shows_gaps_as_gaps_and_marks_them() -> None:
    values, observed = np.arange(30.0), np.ones(30, bool)
    observed[[3, 25]] = False
    drawn = figures.series_figure(DAYS, values, observed, SPLIT)
    curve, rug = drawn.data
    assert np.flatnonzero(np.isnan(curve.y)).tolist() == [3, 25]
    assert list(rug.x) == figures.axis_values(DAYS[[3, 25]]).tolist()
    assert [shape.name for shape in drawn.layout.shapes] == ["validation", "test"]
    half_a_day = 43_200_000
    test = drawn.layout.shapes[1]
    assert (test.x0, test.x1) == tuple(
        figures.axis_values(DAYS[[24, 29]]) + np.asarray([-half_a_day, half_a_day])
    )


def test_a_series_without_gaps_has_no_rug() -> None:
    assert len(figures.series_figure(DAYS, np.arange(30.0), np.ones(30, bool), SPLIT).data) == 1


@given(st.integers(0, 99_999), st.floats(5, 1e6))
def test_a_long_curve_is_thinned_without_losing_a_peak(place: int, height: float) -> None:
    values = np.sin(np.arange(100_000.0))
    values[[0, 50_000]] = np.nan
    values[place] = height
    kept = figures._extremes(values)
    assert place in kept
    assert len(kept) <= figures.MOST_POINTS + 2
    assert {0, 99_999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()


def test_forecasts_that_follow_one_another_are_not_joined() -> None:
    times = DAYS[:6].reshape(2, 3)
    quantiles = np.arange(18.0).reshape(2, 3, 3)
    band, forecast, actual = figures.stretches_figure(times, np.ones((2, 3)), quantiles).data
    assert np.flatnonzero(np.isnan(forecast.y)).tolist() == [3, 7]
    assert np.flatnonzero(np.isnan(band.y)).tolist() == [6, 13]
    assert list(band.y[:6]) == [0, 3, 6, 8, 5, 2]
    assert len(actual.y) == 6


def test_forecasts_of_one_step_are_one_curve() -> None:
    _, forecast, actual = figures.stretches_figure(DAYS[:5, None], np.ones((5, 1)), np.ones((5, 1, 3))).data
    assert len(actual.y) == 5
    assert np.flatnonzero(np.isnan(forecast.y)).tolist() == [5]


def test_a_single_step_has_a_visible_interval_and_points() -> None:
    drawn = figures.window_figure(
        DAYS[:3], np.arange(3.0), DAYS[3:4], np.ones(1), np.asarray([[0.0, 1.0, 2.0]]), {"ETS": np.ones(1)}
    )
    band, actual, forecast, baseline = drawn.data
    assert np.ptp(band.x) == 43_200_000
    assert (actual.mode, forecast.mode, baseline.mode) == ("lines", "markers", "markers")
    assert baseline.visible == "legendonly"


def test_the_histogram_is_of_shares_even_of_a_single_value() -> None:
    assert sum(figures.histogram_figure(np.random.default_rng(0).normal(size=500)).data[0].y) == 1
    assert sum(figures.histogram_figure(np.zeros(5)).data[0].y) == 1


def test_residuals_over_time_are_quantiles_of_each_forecast() -> None:
    residuals = np.random.default_rng(0).normal(size=(20, 6))
    residuals[4] = np.nan
    residuals[5, :3] = np.nan
    _, median = figures.residual_figure(DAYS[:20], residuals).data
    assert len(median.x) == 19
    assert median.y[4] == np.median(residuals[5, 3:])
