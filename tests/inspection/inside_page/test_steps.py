import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.inspection.inside_page import steps


@given(st.integers(1, 5000), st.integers(1, 1200))
def test_runs_of_steps_cover_all_and_are_about_as_long(T: int, most: int) -> None:
    starts = steps.bins(T, most)
    lengths = np.diff(starts, append=T)
    assert (starts[0], len(starts)) == (0, min(T, most))
    assert lengths.min() >= 1
    assert np.ptp(lengths) <= 1
    np.testing.assert_allclose(steps.means(np.arange(T), starts), starts + (lengths - 1) / 2)


def test_a_run_is_called_by_its_first_and_last_step() -> None:
    assert steps.bin_names(list("abcde"), steps.bins(5, 2)) == ["a … b", "c … e"]
    assert steps.bin_names(list("ab"), steps.bins(2, 9)) == ["a", "b"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["1", "2", "3"], False),
        (["■", "1", "2"], False),
        (["0.02 s", "0.04 s"], False),
        (["2020-01-01", "2020-01-01 01:00:00"], False),
        (["1", "2", "1"], True),
        (["not", "good"], True),
        (["1", "+", "2"], True),
    ],
)
def test_symbols_are_told_from_times(names: list[str], words: bool) -> None:
    assert steps.are_words(names) is words


def test_ticks_are_short_and_safe_for_plotly() -> None:
    assert steps.ticks(["<b>x", "y" * 20, "a"]) == ["&lt;b&gt;x", "y" * 13 + "…", "a"]
    days = ["2020-01-01 23:00:00", "2020-01-02", "2020-01-02 01:00:00"]
    assert steps.ticks(days) == ["2020-01-01 23:00", "2020-01-02", "2020-01-02 01:00"]
    assert steps.ticks(["2020-01-01 23:00:30", "2020-01-01 23:01:00"])[1] == "2020-01-01 23:01:00"


def test_steps_in_a_sentence() -> None:
    assert steps.listed(["it", "is", "good"], [0, 2]) == "“it” and “good”"
    assert steps.listed(["1", "2", "3"], [0, 1, 2]) == "steps 1, 2 and 3"
    assert steps.listed(["1", "2", "3"], [1]) == "step 2"
    assert steps.listed(["0.02 s", "0.04 s"], [1]) == "0.04 s"


def test_a_logarithmic_axis_has_a_tick_at_each_power_or_between() -> None:
    wide = steps.log_axis([np.array([1e-6, 0.0, np.nan]), np.array([3.0])])
    assert wide["ticktext"] == ["1e−6", "1e−4", "0.01", "1"]
    assert wide["range"][0] < -6 < np.log10(3) < wide["range"][1]
    near = steps.log_axis([np.array([0.2, 0.7])])
    assert near["ticktext"][:4] == ["0.1", "0.15", "0.2", "0.3"]
    middle = steps.log_axis([np.array([0.02, 0.7])])
    assert middle["ticktext"][:7] == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    close = steps.log_axis([np.array([0.014, 0.035])])
    assert close["ticktext"][:8] == ["0.01", "0.015", "0.02", "0.03", "0.04", "0.05", "0.07", "0.1"]
    assert steps.log_axis([np.zeros(3)]) == {"type": "log"}


def test_an_axis_of_few_whole_numbers_names_each_once() -> None:
    assert steps.whole_axis(9) == {"tickformat": "d", "dtick": 1}
    assert steps.whole_axis(10) == {"tickformat": "d"}


def test_a_long_table_is_thinned_out_and_says_so() -> None:
    rows, note = steps.table_rows(1000)
    assert (rows[0], rows[-1], len(rows)) == (0, 999, 300)
    assert note == "300 of 1,000 steps, evenly spaced."
    assert steps.table_rows(300)[1] == ""
