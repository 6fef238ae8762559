import numpy as np
import pytest

from recurra.evaluation import Reliability


def test_by_hand():
    confidence = np.array([0.05, 0.31, 0.39, 0.95, 1.0])
    right = np.array([True, False, True, True, False])
    found = Reliability.measure(confidence, right)
    assert found.count.tolist() == [1, 0, 0, 2, 0, 0, 0, 0, 0, 2]
    assert found.confidence[[0, 3, 9]] == pytest.approx([0.05, 0.35, 0.975])
    assert found.accuracy[[0, 3, 9]] == pytest.approx([1.0, 0.5, 0.5])
    assert np.isnan(found.confidence[1])
    assert np.isnan(found.accuracy[1])
    assert found.error == pytest.approx((0.95 + 2 * 0.15 + 2 * 0.475) / 5)
    assert found.to_dict()["accuracy"][:2] == [1.0, None]


def test_confidence_that_is_earned_has_no_error():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, size=100_000)
    found = Reliability.measure(confidence, rng.random(100_000) < confidence)
    assert found.error < 0.01
