import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.decoding import sample_keys

TEMPERATURE = (
    "temperature must be a finite number of at least 0, where 0 takes the keys that are more likely on than "
    "off, got "
)
LOGITS = np.random.default_rng(0).normal(0, 2, 88)


def drawn(logits, temperature, times=4000, seed=1):
    rng = np.random.default_rng(seed)
    return np.mean([sample_keys(logits, temperature, rng) for _ in range(times)], axis=0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_each_key_sounds_as_often_as_its_probability_says(temperature):
    p = 1 / (1 + np.exp(-LOGITS / temperature))
    assert np.abs(drawn(LOGITS, temperature) - p).max() < 4.5 * np.sqrt(0.25 / 4000)


def test_keys_are_independent():
    rng = np.random.default_rng(2)
    keys = np.array([sample_keys(np.zeros(88), 1.0, rng) for _ in range(4000)])
    correlations = np.corrcoef(keys.T.astype(float)) - np.eye(88)
    assert np.abs(correlations).max() < 6 / np.sqrt(4000)


def test_at_temperature_0_keys_that_are_more_likely_than_not_are_on_and_nothing_is_drawn():
    rng = np.random.default_rng(3)
    keys = sample_keys(np.array([-1e-9, 0.0, 1e-9, -np.inf, np.inf]), 0, rng)
    assert (keys.dtype, keys.tolist()) == (np.bool_, [False, False, True, False, True])
    assert rng.random() == np.random.default_rng(3).random()


def test_a_low_temperature_comes_close_to_it():
    for temperature in (1e-3, 1e-300, 5e-324):
        assert (drawn(LOGITS, temperature, times=50) == (LOGITS > 0)).all()


def test_the_same_seed_draws_the_same_keys_and_as_many_numbers_whatever_the_logits():
    first, second = np.random.default_rng(4), np.random.default_rng(4)
    assert (sample_keys(LOGITS, 1.0, first) == sample_keys(LOGITS.tolist(), 1, second)).all()
    sample_keys(np.full(88, -1e300), 1e-9, first)
    sample_keys(np.full(88, np.inf), 9.0, second)
    assert first.random() == second.random()


@pytest.mark.parametrize(
    ("logits", "temperature", "message"),
    [
        (np.zeros((1, 88)), 1, "logits must have shape (88,), one for each key, got (1, 88)"),
        ([0, 1, np.nan], 1, "logits must be numbers, got nan for key 2"),
        (LOGITS, -0.5, TEMPERATURE + "-0.5"),
        (LOGITS, np.inf, TEMPERATURE + "inf"),
        (LOGITS, np.nan, TEMPERATURE + "nan"),
        (LOGITS, True, TEMPERATURE + "True"),
        (LOGITS, "hot", TEMPERATURE + "'hot'"),
    ],
    ids=["shape", "nan", "negative", "infinite", "nan temperature", "truth", "text"],
)
def test_wrong_arguments(logits, temperature, message):
    with pytest.raises(InputError) as error:
        sample_keys(logits, temperature, np.random.default_rng(0))
    assert str(error.value) == message
