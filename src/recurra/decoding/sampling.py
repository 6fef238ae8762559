"""Sampling: which token follows, drawn from what a model says of the next one.

    p_i ∝ q_i^(1/T)        of the tokens that top-k and top-p keep
    q_i = P_i^θ            of a token that was seen lately, P_i of any other

for the model's probabilities P, the temperature T and the repetition penalty θ.
"""

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_float, positive_int


@dataclass(frozen=True)
class Sampling:
    """How to draw a token.

    The rules apply in the order of the attributes below. With the defaults tokens are drawn as the model
    says. Of equally probable tokens the lower id comes first.

    Attributes:
        repetition_penalty: θ; above 1 what was seen lately becomes less probable, below 1 more. Keskar et
            al., "CTRL: A Conditional Transformer Language Model for Controllable Generation" (2019), divide
            a seen token's logit by it, which helps a token whose logit is below 0 and depends on the constant
            that logits are free in. So logits here are log-probabilities, whose constant is settled; none is
            above 0, and they are multiplied.
        temperature: T; below 1 what is probable becomes more so, above 1 less. 0 is greedy: the most probable
            token and no other.
        top_k: keep that many of the most probable tokens, or all if there are fewer; None for all.
        top_p: of them keep the fewest whose share is at least this one, the most probable first; None or 1
            for all. Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020): the nucleus.

    Raises InputError for an argument that is out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        temperature, top_p = self.temperature, self.top_p
        if not _is_number(temperature) or not 0 <= float(temperature) < math.inf:
            raise InputError(
                f"temperature must be a finite number of at least 0, where 0 is greedy, got {temperature!r}"
            )
        if self.top_k is not None:
            positive_int("top_k", self.top_k)
        if top_p is not None and not (_is_number(top_p) and 0 < float(top_p) <= 1):
            raise InputError(f"top_p must be a number above 0 and at most 1, got {top_p!r}")
        positive_float("repetition_penalty", self.repetition_penalty)

    def probabilities(
        self, log_probabilities: np.ndarray, seen: Sequence[int] | np.ndarray = ()
    ) -> np.ndarray:
        """The probabilities (V,), float64, of drawing each token.

        Args:
            log_probabilities: (V,) of the model, −∞ for a token that cannot follow; at least one can.
            seen: ids that were seen lately, in any order and any number of times.

        Raises InputError where no token can follow or one is NaN, which a broken model says.
        """
        scores = np.array(log_probabilities, dtype=np.float64)
        if self.repetition_penalty != 1 and len(seen):
            again = np.asarray(seen, dtype=np.int64)
            scores[again] = np.asarray(log_probabilities, np.float64)[again] * self.repetition_penalty
        best = int(scores.argmax())
        highest = scores[best]
        if not -math.inf < highest < math.inf:
            raise InputError(
                f"log_probabilities must have a finite highest value, got {highest:g}; no token can be drawn"
            )
        if self.temperature == 0:
            chosen = np.zeros(len(scores))
            chosen[best] = 1
            return chosen
        scores -= highest
        if self.temperature != 1:
            with np.errstate(over="ignore"):  # to −∞, at a temperature near 0
                scores /= self.temperature
        odds = np.exp(scores, out=scores)
        if self.top_k is not None and self.top_k < len(odds):
            _keep_highest(odds, self.top_k)
        odds /= odds.sum()
        if self.top_p is not None and self.top_p < 1:
            _keep_nucleus(odds, self.top_p)
            odds /= odds.sum()
        return odds


def draw(probabilities: np.ndarray, generator: np.random.Generator) -> int:
    """A token drawn from ``probabilities`` (V,): the first whose cumulative one is above a uniform number.

    One number a token, so that the same seed gives the same tokens. A token of probability 0 is never drawn.
    """
    cumulative = probabilities.cumsum()
    # Below the last one even where rounding makes that differ from 1.
    return int(cumulative.searchsorted(generator.random() * cumulative[-1], side="right"))


def _keep_highest(odds: np.ndarray, count: int) -> None:
    """Set all but the ``count`` highest of ``odds`` to 0; of equal ones the later."""
    least = np.partition(odds, -count)[-count]
    equal = np.flatnonzero(odds == least)
    odds[equal[count - np.count_nonzero(odds > least) :]] = 0
    odds[odds < least] = 0


def _keep_nucleus(odds: np.ndarray, share: float) -> None:
    """Set to 0 what is not needed for the highest of ``odds``, which add up to 1, to reach ``share``."""
    # The others have less than half of 1 − share together, and sorting them would take long.
    candidates = np.flatnonzero(odds > (1 - share) / (2 * len(odds)))
    order = candidates[np.argsort(-odds[candidates], kind="stable")]
    nucleus = order[: int(odds[order].cumsum().searchsorted(share)) + 1]
    kept = odds[nucleus]
    odds[:] = 0
    odds[nucleus] = kept


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
