"""How probable a model finds sequences: the mean over their steps, and how far chance may have moved it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count

_BLOCK = 1_000
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """Log-probabilities of the steps of N sequences. Made by `of`.

    Attributes:
        steps: N float64 (T_i,), natural logarithms.
    """

    steps: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, steps: Sequence[np.ndarray], *, name: str, lengths: Sequence[int]) -> "LogLikelihood":
        """Check what messages call ``name``.

        Raises InputError unless it has an array (T_i,) for each of ``lengths``, of numbers that are at most 0
        but for rounding; −∞ is one.
        """
        if len(steps) != len(lengths):
            raise InputError(
                f"{name} has {count(len(steps), 'sequence')} and {len(lengths)} are scored; "
                "give as many of each"
            )
        checked = []
        for place, (row, length) in enumerate(zip(steps, lengths)):
            row = np.asarray(row, dtype=np.float64)
            if row.shape != (length,):
                raise InputError(
                    f"{name}[{place}] must have shape ({length},), one for each step, got {row.shape}"
                )
            wrong = row[~(row <= _ROUNDING)]
            if len(wrong):
                raise InputError(f"{name}[{place}] has {wrong[0]:g}, expected logarithms of probabilities")
            checked.append(row)
        if not sum(lengths):
            raise InputError(f"{name} has no steps, expected at least one; give sequences that have some")
        return cls(tuple(checked))

    @property
    def count(self) -> int:
        """Steps of all sequences."""
        return sum(map(len, self.steps))

    @property
    def nats(self) -> float:
        """−ln p of all steps together."""
        return -math.fsum(float(row.sum()) for row in self.steps)

    def standard_error(self) -> float:
        """Of the nats a step: how far it may be off because other sequences would have been drawn.

        Steps of one sequence depend on each other, so the error is that of a ratio of sums over sequences; or
        over blocks of 1,000 steps where there is but one. NaN where that leaves fewer than two.
        """
        parts = self.steps
        if len(parts) == 1:
            parts = np.array_split(parts[0], max(len(parts[0]) // _BLOCK, 1))
        if len(parts) < 2:
            return math.nan
        lengths = np.array([len(part) for part in parts])
        nats = -np.array([part.sum() for part in parts])
        if not np.isfinite(nats).all():
            return math.nan
        off = nats - nats.sum() / lengths.sum() * lengths
        return math.sqrt(len(parts) / (len(parts) - 1) * float((off**2).sum())) / int(lengths.sum())
