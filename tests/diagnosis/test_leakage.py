"""Leaks are found, each with its reason, and columns that are merely alike are not suspected."""

import numpy as np
import pytest

from recurra.diagnosis.leakage import find_leaks, leak_findings

ROWS = 3000
RNG = np.random.default_rng(0)
DAY = 5 * np.sin(2 * np.pi * np.arange(ROWS) / 24)
TARGET = RNG.normal(size=ROWS).cumsum() + DAY
NAN = np.full(5, np.nan)


def leak(column: np.ndarray, target: np.ndarray = TARGET, *, ordered: bool = True):
    found = find_leaks("y", target, {"x": column}, ordered=ordered)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("column", "kind", "why"),
    [
        (TARGET.copy(), "copy", "Column 'x' equals the target 'y' in 100 % of the rows."),
        (
            np.where(np.arange(ROWS) % 500 == 7, 0.0, TARGET),
            "copy",
            "Column 'x' equals the target 'y' in 99.8 % of the rows.",
        ),
        (
            9 - 3 * TARGET,
            "function",
            "The target 'y' is nearly a function of column 'x' at the same time, which explains 100 % of its "
            "changes.",
        ),
        (
            np.concatenate([TARGET[5:], NAN]),
            "ahead",
            "Column 'x' looks like the target 'y' shifted: it is 5 steps ahead of it (correlation of their "
            "changes 1.000).",
        ),
        (
            np.concatenate([NAN[:1], 2 * TARGET[:-1]]),
            "behind",
            "Column 'x' looks like the target 'y' shifted: it is 1 step behind it (correlation of their "
            "changes 1.000).",
        ),
    ],
    ids=["copy", "nearly a copy", "line", "ahead", "behind"],
)
def test_a_leak_is_found_and_explained(column: np.ndarray, kind: str, why: str) -> None:
    found = leak(column)
    assert (found.kind, found.why) == (kind, why)
    assert found.lag == {"ahead": 5, "behind": -1}.get(kind, 0)
    (finding,) = leak_findings((found,))
    assert (finding.level, finding.about) == ("warning" if kind == "behind" else "serious", "x")


def test_a_curve_is_a_function_too_where_rows_are_in_any_order() -> None:
    x = RNG.uniform(-3, 3, ROWS)
    assert leak(x, np.exp(x), ordered=False).kind == "function"
    assert leak(x, x**2 + RNG.normal(0, 0.05, ROWS), ordered=False).kind == "function"
    assert leak(x, x**2 + RNG.normal(0, 1, ROWS), ordered=False) is None


def test_a_number_of_the_row_is_suspected_only_where_the_target_runs_with_it() -> None:
    rows = np.arange(ROWS, dtype=float)
    found = leak(rows, np.sort(RNG.normal(size=ROWS)), ordered=False)
    assert (found.kind, found.why) == (
        "counter",
        "Column 'x' counts the rows, and the target 'y' runs with it (rank correlation 1.00): rows may be "
        "sorted by the target, or the target has a trend.",
    )
    assert leak(rows, RNG.normal(size=ROWS)) is None


@pytest.mark.parametrize(
    "column",
    [
        RNG.normal(size=ROWS),
        RNG.normal(size=ROWS).cumsum() + DAY,
        TARGET + RNG.normal(size=ROWS),
        np.arange(ROWS) ** 0.5,
        np.full(ROWS, 2.0),
        np.full(ROWS, np.nan),
    ],
    ids=["noise", "another walk with the same day", "noisy", "root of time", "constant", "missing"],
)
def test_what_is_merely_alike_is_not_suspected(column: np.ndarray) -> None:
    assert leak(column) is None
    assert leak(TARGET, column) is None or np.isnan(column).all()


def test_two_series_that_rise_together_are_not_suspected() -> None:
    rise = np.arange(ROWS) / 10
    assert leak(rise + RNG.normal(size=ROWS), rise + RNG.normal(size=ROWS)) is None


def test_classes_are_given_away_by_texts_and_by_numbers() -> None:
    side = np.where(np.median(TARGET) < TARGET, "up", "down").astype(object)
    assert leak(TARGET, side).why == (
        "Column 'x' gives the target 'y' away: it tells it in 100 % of the rows, where the commonest value "
        "alone is right in 50 %."
    )
    code = np.where(side == "up", "A", "B").astype(object)
    assert leak(code, side).kind == "class"
    assert leak(code, (side == "up") * 1.0).why == (
        "Column 'x' gives the target 'y' away: it explains 100 % of its variance."
    )
    assert leak(RNG.permutation(code), side) is None
    names = np.array([f"row {i}" for i in range(ROWS)], dtype=object)
    assert leak(names, side) is None


def test_few_rows_and_missing_ones_prove_nothing() -> None:
    assert leak(TARGET[:19], TARGET[:19]) is None
    column = np.where(np.arange(ROWS) % 2 == 0, TARGET, np.nan)
    assert leak(column).kind == "copy"


def test_the_strongest_suspect_comes_first() -> None:
    columns = {"near": TARGET + RNG.normal(0, 0.05, ROWS), "same": TARGET.copy(), "other": DAY}
    assert [found.column for found in find_leaks("y", TARGET, columns, ordered=True)] == ["same", "near"]
