"""Which keys of a piano sound next: each is drawn by itself, from its own probability."""

import math
import numbers
from typing import Any

import numpy as np

from recurra._base.errors import InputError


def sample_keys(logits: Any, temperature: float, generator: np.random.Generator) -> np.ndarray:
    """Draw keys with probability σ(logits / temperature) each.

    Args:
        logits: (88,), of each key's probability to sound; any other number of keys will do.
        temperature: 1 draws as the logits say, less is closer to what is most likely; at 0 the keys that
            are more likely than not are on, and nothing is drawn.
        generator: gives one number a key, whatever the logits; none at temperature 0.

    Returns (88,) bool. Raises InputError for logits of another shape or that are not numbers, and a
    temperature that is negative or not finite.
    """
    logits = np.asarray(logits, np.float64)
    if logits.ndim != 1:
        raise InputError(f"logits must have shape (88,), one for each key, got {logits.shape}")
    if np.isnan(logits).any():
        raise InputError(f"logits must be numbers, got nan for key {int(np.isnan(logits).argmax())}")
    number = isinstance(temperature, numbers.Real) and not isinstance(temperature, bool)
    if not number or not 0 <= float(temperature) < math.inf:
        raise InputError(
            "temperature must be a finite number of at least 0, where 0 takes the keys that are more likely "
            f"on than off, got {temperature!r}"
        )
    if temperature == 0:
        return logits > 0
    with np.errstate(over="ignore"):  # to infinity, which is what is meant
        probabilities = 1 / (1 + np.exp(-logits / temperature))
    return generator.random(len(logits)) < probabilities
