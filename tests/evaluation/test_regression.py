import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from recurra._base.errors import InputError
from recurra.evaluation import BaselineOutputs, Estimates, evaluate_values

LEVELS = (0.1, 0.5, 0.9)


def test_by_hand():
    quantiles = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    found = evaluate_values([1.0, 2.0], Estimates(np.array([1.0, 4.0]), quantiles), levels=LEVELS)
    assert found.metrics == pytest.approx(
        {
            "mae": 1.0,
            "rmse": math.sqrt(2),
            "r2": 1 - 4 / 0.5,
            # 0.1 · 1, 0 and 0.1 · 1; then 0.9 · 1, 0.5 · 2 and 0.1 · 3.
            "mean_pinball": (0.1 + 0.1 + 0.9 + 1.0 + 0.3) / 6,
            "coverage_80": 0.5,
        }
    )
    assert found.residuals.tolist() == [0.0, -2.0]
    assert (found.count, found.notes) == (2, ())


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 40))
def test_the_metrics_are_those_of_scikit_learn(seed, count):
    rng = np.random.default_rng(seed)
    y, point = rng.normal(5, 3, size=(2, count))
    quantiles = np.sort(rng.normal(5, 3, size=(count, 3)))
    found = evaluate_values(y, Estimates(point, quantiles), levels=LEVELS).metrics
    pinball = [sklearn_metrics.mean_pinball_loss(y, quantiles[:, i], alpha=q) for i, q in enumerate(LEVELS)]
    assert found["mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(y, point))
    assert found["rmse"] == pytest.approx(sklearn_metrics.root_mean_squared_error(y, point))
    assert found["r2"] == pytest.approx(sklearn_metrics.r2_score(y, point))
    assert found["mean_pinball"] == pytest.approx(np.mean(pinball))


def test_without_quantiles_the_interval_is_not_judged():
    found = evaluate_values([1.0, 2.0], Estimates(np.array([1.0, 2.0])))
    assert found.metrics["r2"] == 1.0
    assert found.to_dict()["metrics"]["mean_pinball"] is None
    assert found.to_dict()["metrics"]["coverage_80"] is None


def test_the_coverage_needs_both_bounds():
    found = evaluate_values([1.0], Estimates(np.array([1.0]), np.array([[1.0]])), levels=[0.5])
    assert found.metrics["mean_pinball"] == 0.0
    assert math.isnan(found.metrics["coverage_80"])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_equal_labels_have_no_r2(value):
    found = evaluate_values([value] * 3, Estimates(np.zeros(3)))
    assert math.isnan(found.metrics["r2"])
    assert found.metrics["mae"] == pytest.approx(value)
    assert found.notes == (f"Every label is {value:g}, so R² is not defined.",)
    json.dumps(found.to_dict(), allow_nan=False)


def test_baselines_are_scored_on_the_same_labels():
    labels = [1.0, 2.0, 6.0]
    baselines = BaselineOutputs(
        {"mean": Estimates(np.full(3, 3.0))}, {"ridge regression": "none"}, {"mean": "3"}
    )
    found = evaluate_values(labels, Estimates(np.array(labels)), baselines=baselines)
    assert found.metrics["mae"] == 0.0
    assert found.baselines["mean"]["mae"] == pytest.approx(2.0)
    assert found.baselines["mean"]["r2"] == pytest.approx(0.0)
    assert found.baseline_points["mean"].tolist() == [3.0] * 3
    assert (found.failed_baselines, found.baseline_notes) == ({"ridge regression": "none"}, {"mean": "3"})
    assert [metric.key for metric in found.table] == list(found.metrics)


@pytest.mark.parametrize(
    ("labels", "estimates", "message"),
    [
        ([], Estimates(np.zeros(0)), "labels is empty, expected at least one; give a part that has labels"),
        (
            [1.0, float("nan")],
            Estimates(np.zeros(2)),
            "labels[1] is nan, expected a finite number; leave out what has no label",
        ),
        (
            np.ones((2, 1)),
            Estimates(np.zeros(2)),
            "labels must have shape (N,), a number for each sequence, got (2, 1)",
        ),
        (
            [1.0, 2.0],
            Estimates(np.zeros(3)),
            "the points of the model must have shape (2,) (labels,), got (3,)",
        ),
        (
            [1.0],
            Estimates(np.array([np.inf])),
            "the points of the model must be finite, got inf",
        ),
        (
            [1.0],
            Estimates(np.zeros(1), np.zeros((1, 2))),
            "the quantiles of the model must have shape (1, 3) (labels, levels), got (1, 2)",
        ),
        (
            [1.0],
            Estimates(np.zeros(1), np.full((1, 3), np.nan)),
            "the quantiles of the model must be finite, got nan",
        ),
    ],
)
def test_refusals(labels, estimates, message):
    with pytest.raises(InputError) as caught:
        evaluate_values(labels, estimates, levels=LEVELS)
    assert str(caught.value) == message
