import subprocess
import sys

import numpy as np
import pytest

from recurra.evaluation import linear_models
from recurra.evaluation.linear_models import logistic_regression, ridge_regression


def labelled(seed: int, noise: float, count: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N, 40) whose first column tells the class, a little; and the classes."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 40))
    return rows, (rows[:, 0] + rng.normal(0, noise, size=count) > 0).astype(np.int64)


@pytest.mark.parametrize(("noise", "note"), [(0.0, "C = 1"), (3.0, "C = 0.01")])
def test_the_strength_suits_the_noise(noise, note):
    assert logistic_regression(*labelled(0, noise), 2, strengths=(0.01, 1.0)).note == note


@pytest.mark.parametrize(("noise", "note"), [(0.0, "penalty 0.1"), (30.0, "penalty 1000")])
def test_the_penalty_suits_the_noise(noise, note):
    rows, _ = labelled(0, 0)
    values = rows[:, 0] + np.random.default_rng(1).normal(0, noise, size=len(rows))
    assert ridge_regression(rows, values, penalties=(0.1, 1000.0)).note == note


def test_the_folds_do_not_fall_in_with_a_period_of_the_rows():
    # Three kinds of rows by turns, so that every third row is of the same kind.
    rows = np.tile(np.eye(3), (20, 1))
    found = ridge_regression(rows, np.tile([1.0, 2.0, 6.0], 20), penalties=(0.01, 100.0))
    assert found.note == "penalty 0.01"
    assert np.abs(found.residuals).max() < 0.01


def test_too_few_of_a_class_for_folds_leaves_the_middle_strength():
    rows, codes = np.arange(6.0)[:, None], np.array([0, 0, 0, 0, 0, 1])
    found = logistic_regression(rows, codes, 3, strengths=(0.01, 0.1, 1.0))
    assert found.note == "C = 0.1"
    assert found.probabilities(rows)[:, 2].tolist() == [0.0] * 6


def test_a_search_that_stops_early_is_told_and_does_not_warn(monkeypatch):
    monkeypatch.setattr(linear_models, "_MOST_ITERATIONS", 2)
    found = logistic_regression(*labelled(0, 0.1), 2, strengths=(1.0,))
    assert found.note == "C = 1, stopped before it had converged"


def test_importing_needs_no_scikit_learn():
    code = "import sys, recurra.evaluation; assert not {'sklearn', 'scipy', 'statsmodels'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_of_very_many_rows_some_choose_the_strength(monkeypatch):
    rows, codes = labelled(0, 3.0, 600)
    every = logistic_regression(rows, codes, 2, strengths=(1.0,))
    monkeypatch.setattr(linear_models, "_MOST_FOLDED", 30)
    found = logistic_regression(rows, codes, 2, strengths=(1.0,))
    # What is fitted in the end is fitted on all rows.
    assert np.array_equal(found.probabilities(rows), every.probabilities(rows))
    ridge = ridge_regression(rows, rows[:, 0], penalties=(1.0,))
    assert len(ridge.residuals) == 30
