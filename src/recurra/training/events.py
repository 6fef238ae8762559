"""What training tells whoever listens, as it happens: plain values, in this order.

    Started, then for every epoch BatchEnd … BatchEnd, EpochEnd, and Finished.

A run that is interrupted or goes wrong just stops telling.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Started:
    """Training begins: at most ``epochs`` epochs of ``batches`` batches each."""

    epochs: int
    batches: int


@dataclass(frozen=True)
class BatchEnd:
    """A batch is learnt. Epochs and batches are counted from 1."""

    epoch: int
    batch: int
    loss: float


@dataclass(frozen=True)
class EpochEnd:
    """An epoch is over.

    Attributes:
        epoch: counted from 1.
        loss: mean over the epoch's batches, each before its step.
        validation_loss: mean over the validation part, after the epoch.
        gradient_norm: mean over the batches of the norm of the whole gradient, before clipping.
        is_best: whether no epoch before it had a validation loss as low.
    """

    epoch: int
    loss: float
    validation_loss: float
    gradient_norm: float
    is_best: bool


@dataclass(frozen=True)
class Finished:
    """Training is over after ``epochs`` epochs; the weights are those after ``best_epoch``."""

    epochs: int
    best_epoch: int


Event: TypeAlias = Started | BatchEnd | EpochEnd | Finished
Listener: TypeAlias = Callable[[Event], None]
