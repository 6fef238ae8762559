import numpy as np
import pytest
from scipy.special import softmax

from recurra._base.errors import InputError
from recurra.evaluation import evaluate_labels, fit_temperature


def drawn(temperature: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from their softmax at ``temperature``."""
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, size=(count, 4))
    shares = softmax(logits / temperature, axis=1).cumsum(axis=1)
    return logits, (rng.random((count, 1)) > shares[:, :-1]).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_the_labels_is_found(temperature):
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.04)


def test_no_other_temperature_has_a_lower_log_loss():
    logits, labels = drawn(1.7, 200)
    names = ["a", "b", "c", "d"]

    def loss(temperature: float) -> float:
        probabilities = softmax(logits / temperature, axis=1)
        return evaluate_labels([names[i] for i in labels], probabilities, names).metrics["log_loss"]

    best = fit_temperature(logits, labels)
    assert loss(best) < min(loss(best * 1.01), loss(best / 1.01))
    assert fit_temperature(logits.astype(np.float32) + 1000, labels) == pytest.approx(best, rel=1e-3)


def test_1_where_the_labels_cannot_tell():
    assert fit_temperature(np.empty((0, 3)), np.empty(0, dtype=np.int64)) == 1.0
    assert fit_temperature(np.zeros((4, 3)), np.array([0, 1, 2, 0])) == 1.0
    assert fit_temperature(np.ones((4, 1)), np.zeros(4, dtype=np.int64)) == 1.0
    # All are right: the smaller the temperature, the better it would look.
    assert fit_temperature(np.eye(3) * 5, np.arange(3)) == 1.0


def test_it_is_bounded():
    # Always wrong: the flatter, the better.
    assert fit_temperature(np.eye(3) * 5, np.array([1, 2, 0])) == 20.0
    # Logits that hardly differ, and are nearly always right.
    logits = np.tile([1e-3, 0.0], (1000, 1))
    assert fit_temperature(logits, np.array([1] + [0] * 999)) == 0.05


def test_large_logits():
    logits = np.array([[1e4, 0.0], [0.0, 1e4], [1e4, 0.0]])
    assert fit_temperature(logits, np.array([0, 1, 1])) == 20.0


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (np.zeros(3), np.zeros(3, int), "logits must have shape (N, K) and labels (N,), got (3,) and (3,)"),
        (
            np.zeros((3, 2)),
            np.zeros(2, int),
            "logits must have shape (N, K) and labels (N,), got (3, 2) and (2,)",
        ),
        (np.full((1, 2), np.nan), np.zeros(1, int), "logits must be finite, got nan"),
        (
            np.zeros((2, 2)),
            np.array([0, 2]),
            "labels must be whole numbers from 0 to 1, the columns of logits, got 0 to 2 (int64)",
        ),
        (
            np.zeros((2, 2)),
            np.array([-1, 1]),
            "labels must be whole numbers from 0 to 1, the columns of logits, got -1 to 1 (int64)",
        ),
        (
            np.zeros((2, 2)),
            np.array([0.0, 1.0]),
            "labels must be whole numbers from 0 to 1, the columns of logits, got 0.0 to 1.0 (float64)",
        ),
    ],
)
def test_refusals(logits, labels, message):
    with pytest.raises(InputError) as caught:
        fit_temperature(logits, labels)
    assert str(caught.value) == message
