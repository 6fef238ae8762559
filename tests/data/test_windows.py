import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.data import array_series, impute, last_context, make_windows


def gappy(seed: int, rows: int, share: float, columns: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, columns))
    values[rng.random((rows, columns)) < share] = np.nan
    values[rng.integers(0, 3)] = rng.normal(size=columns)
    return values


@settings(deadline=None)
@given(
    rows=st.integers(8, 40),
    context=st.integers(1, 9),
    horizon=st.integers(1, 6),
    edges=st.tuples(st.integers(0, 12), st.integers(13, 40)),
)
def test_every_window_of_a_part_and_no_other(rows, context, horizon, edges):
    part = slice(min(edges[0], rows - 1), min(edges[1], rows))
    values = np.arange(rows * 2.0).reshape(rows, 2)
    series = array_series(values, ["y", "x"])
    expected = [
        origin
        for origin in range(rows)
        if origin - context + 1 >= 0 and part.start <= origin + 1 and origin + horizon < part.stop
    ]
    if not expected:
        with pytest.raises(InputError):
            make_windows(series, part, context=context, horizon=horizon, name="the part")
        return
    windows = make_windows(series, part, context=context, horizon=horizon, name="the part")
    assert windows.origins.tolist() == expected
    assert len(windows) == len(windows.context) == len(expected)
    assert windows.context.shape == (len(expected), context, 2)
    for i, origin in enumerate(expected):
        np.testing.assert_array_equal(windows.context[i], values[origin - context + 1 : origin + 1])
        np.testing.assert_array_equal(windows.target[i], values[origin + 1 : origin + horizon + 1, 0])
        np.testing.assert_array_equal(windows.time[i], np.arange(origin + 2, origin + horizon + 2))
    np.testing.assert_array_equal(windows.context[1:], np.asarray(windows.context)[1:])
    picked = np.array([len(expected) - 1, 0])
    np.testing.assert_array_equal(windows.context[picked], np.asarray(windows.context)[picked])


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.1, 0.9))
def test_no_window_sees_what_was_observed_after_its_origin(seed, share):
    rows, context, horizon = 30, 5, 3
    values = gappy(seed, rows, share)
    parts = [slice(0, 14), slice(14, 22), slice(22, 30)]
    seen = impute(array_series(values, ["y", "x"]), parts)
    for part in parts:
        try:
            windows = make_windows(seen, part, context=context, horizon=horizon, name="the part")
        except InputError:
            continue
        for i, origin in enumerate(windows.origins):
            # Everything after the origin becomes something else: values, and what is missing.
            other = np.random.default_rng(seed + 1)
            changed = values.copy()
            changed[origin + 1 :] = other.normal(50, 1, size=(rows - origin - 1, 2))
            changed[origin + 1 :][other.random((rows - origin - 1, 2)) < 0.5] = np.nan
            again = impute(array_series(changed, ["y", "x"]), parts)
            same = make_windows(again, part, context=context, horizon=horizon, name="the part")
            np.testing.assert_array_equal(same.context[same.origins == origin][0], windows.context[i])


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 0.9))
def test_a_context_ends_with_the_last_observed_values(seed, share):
    values = gappy(seed, 25, share)
    series = impute(array_series(values, ["y", "x"]), [slice(0, 25)])
    windows = make_windows(series, slice(0, 25), context=4, horizon=2, name="the part")
    for context, origin in zip(np.asarray(windows.context), windows.origins):
        for column in range(2):
            past = values[: origin + 1, column]
            assert context[-1, column] == past[~np.isnan(past)][-1]


def test_a_gap_at_the_origin_is_carried_and_one_inside_is_interpolated(make_series):
    series = impute(make_series([1, 2, None, None, 5, 6, 7]), [slice(0, 7)])
    windows = make_windows(series, slice(0, 7), context=3, horizon=1, name="the part")
    assert windows.context[:][..., 0].tolist() == [[1, 2, 2], [2, 2, 2], [3, 4, 5], [4, 5, 6]]
    assert windows.target[:, 0].tolist() == [4, 5, 6, 7]
    assert windows.observed[:, 0].tolist() == [False, True, True, True]


def test_windows_wait_until_every_column_has_been_seen(make_series):
    series = impute(make_series(range(8), [None, None, None, 5, 6, 7, 8, 9]), [slice(0, 8)])
    windows = make_windows(series, slice(0, 8), context=2, horizon=1, name="the part")
    assert windows.origins.tolist() == [3, 4, 5, 6]


def test_a_context_stays_behind_the_first_row(make_series):
    series = make_series(range(20))
    windows = make_windows(series, slice(5, 12), context=3, horizon=2, name="the part", first_row=5)
    assert windows.origins.tolist() == [7, 8, 9]


def test_targets_are_views(make_series):
    series = make_series(range(20))
    windows = make_windows(series, slice(0, 20), context=3, horizon=2, name="the part")
    assert np.shares_memory(windows.target, series.values)
    assert np.shares_memory(windows.time, series.time)


@pytest.mark.parametrize(
    ("part", "first_row", "message"),
    [
        (
            slice(0, 12),
            0,
            "the training part is too short for one window of context 8 and horizon 5: it has 12 "
            "rows, 12 with those "
            "before it that a context may use; give more rows, or a shorter context or horizon",
        ),
        (
            slice(10, 14),
            4,
            "the training part is too short for one window of context 8 and horizon 5: it has 4 "
            "rows, 10 with those "
            "before it that a context may use; give more rows, or a shorter context or horizon",
        ),
        (
            slice(13, 14),
            4,
            "the training part is too short for one window of context 8 and horizon 5: it has 1 "
            "row, 9 with those "
            "before it that a context may use; give more rows, or a shorter context or horizon",
        ),
    ],
)
def test_too_few_rows(refusal, make_series, part, first_row, message):
    got = refusal(
        make_windows,
        make_series(range(20)),
        part,
        context=8,
        horizon=5,
        name="the training part",
        first_row=first_row,
    )
    assert got == message


@pytest.mark.parametrize("name", ["context", "horizon"])
@pytest.mark.parametrize("size", [0, -3, 1.5])
def test_sizes_that_are_none(refusal, make_series, name, size):
    sizes = {"context": 2, "horizon": 2, name: size}
    got = refusal(make_windows, make_series(range(20)), slice(0, 20), name="the part", **sizes)
    assert got == f"{name} must be a whole number of at least 1, got {size!r}"


def test_the_last_context(refusal, make_series):
    series = impute(make_series([1, 2, None, 4, None, None]), [slice(0, 6)])
    assert last_context(series, 4).tolist() == [[[3], [4], [4], [4]]]
    got = refusal(last_context, series, 7)
    assert got == "the data has 6 rows, but a forecast needs the last 7; give more"
    got = refusal(last_context, impute(make_series([1]), [slice(0, 1)]), 7)
    assert got == "the data has 1 row, but a forecast needs the last 7; give more"
