"""A sequence that a search found."""

from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int

_WIDEST = 10_000  # hypotheses, each of which takes a row of the vocabulary at every step


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """What a source may mean.

    Attributes:
        tokens: (T,) int64, T ≥ 0, without the end.
        log_probability: natural, of the tokens, and of the end if it came.
        score: what hypotheses are ranked by; the higher the better.
        ended: whether the end came; otherwise there was no room for more, or nothing that may follow.
    """

    tokens: np.ndarray
    log_probability: float
    score: float
    ended: bool


def check_width(size: int, n_best: int) -> None:
    """Raise InputError unless a beam of ``size`` hypotheses can be, and can give ``n_best`` of them."""
    if positive_int("size", size) > _WIDEST:
        raise InputError(f"size must be at most {_WIDEST:,}, got {size}; a narrower beam finds as much")
    if positive_int("n_best", n_best) > size:
        raise InputError(
            f"n_best must be at most the beam's size, {size}, got {n_best}; widen the beam or ask for fewer"
        )
