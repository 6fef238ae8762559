"""How much a decoder in training is fed the truth: from the number of the training step to a probability.

The rest of the time it is fed its own guesses. S. Bengio, Vinyals, Jaitly and Shazeer, "Scheduled sampling
for sequence prediction with recurrent neural networks", arXiv:1506.03099 (2015), section 2.4; ``i`` is the
step, from 0.
"""

import math
import numbers
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import positive_float, probability


class ForcingSchedule(ABC):
    """A probability of feeding the truth for every training step."""

    @abstractmethod
    def __call__(self, step: int) -> float:
        """The probability at that step, counted from 0; it never grows."""


@dataclass(frozen=True)
class ConstantForcing(ForcingSchedule):
    """p(i) = probability; 1 is plain teacher forcing. Raises InputError unless in [0, 1]."""

    probability: float = 1.0

    def __post_init__(self) -> None:
        probability("probability", self.probability)

    def __call__(self, step: int) -> float:
        _check_step(step)
        return self.probability


@dataclass(frozen=True)
class LinearForcing(ForcingSchedule):
    """p(i) = max(end, start − slope · i)

    Raises InputError unless start and end lie in [0, 1], end is at most start, and the slope is above 0.
    """

    slope: float
    start: float = 1.0
    end: float = 0.0

    def __post_init__(self) -> None:
        positive_float("slope", self.slope)
        probability("start", self.start)
        probability("end", self.end)
        if self.end > self.start:
            raise InputError(f"end must be at most start, {self.start!r}, got {self.end!r}")

    def __call__(self, step: int) -> float:
        _check_step(step)
        return max(self.end, self.start - self.slope * step)


@dataclass(frozen=True)
class InverseSigmoidForcing(ForcingSchedule):
    """p(i) = k / (k + exp(i / k)): near 1 at first, 1/2 at i = k ln k, then towards 0.

    Raises InputError unless k is at least 1.
    """

    k: float

    def __post_init__(self) -> None:
        if positive_float("k", self.k) < 1:
            raise InputError(f"k must be at least 1, got {self.k!r}")

    def __call__(self, step: int) -> float:
        _check_step(step)
        # The same as a tanh, which cannot overflow.
        return 0.5 * (1.0 - math.tanh(0.5 * (step / self.k - math.log(self.k))))


def _check_step(step: Any) -> None:
    if isinstance(step, bool) or not isinstance(step, numbers.Integral) or step < 0:
        raise InputError(f"step must be a whole number of at least 0, got {step!r}")
