"""Where a run stands, beside its weights: all that the loop changes from batch to batch."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from recurra.training.events import EpochEnd


class Learnt(NamedTuple):
    """A batch's sum of losses, number of targets, gradient's norm before clipping, and learning rate."""

    total: float
    targets: float
    norm: float
    rate: float


@dataclass
class Standing:
    """A run before its first batch, unless told otherwise."""

    epochs: list[EpochEnd] = field(default_factory=list)  # those that are over
    learnt: list[Learnt] = field(default_factory=list)  # the batches of the one under way
    drawn_from: Tensor = field(default_factory=torch.get_rng_state)  # the order of its batches
    carry: dict[str, Tensor] = field(default_factory=dict)  # what the loss hands to the next batch
    best: dict[str, Tensor] = field(default_factory=dict)  # weights after the best epoch
    seconds: float = 0.0
    stopped: str = ""  # why, once it has: "epochs", "early" or "time"

    @property
    def epoch(self) -> int:
        """The one under way, or the next, counted from 1."""
        return len(self.epochs) + 1

    @property
    def best_epoch(self) -> int:
        """Counted from 1, and 0 before the first is over."""
        return max((epoch.epoch for epoch in self.epochs if epoch.is_best), default=0)

    @property
    def lowest(self) -> float:
        """The validation loss, or score, of the best epoch."""
        if not self.best_epoch:
            return math.inf
        best = self.epochs[self.best_epoch - 1]
        return best.validation_loss if best.score is None else best.score
