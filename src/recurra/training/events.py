"""What training tells whoever listens, as it happens: plain values, in this order.

    Started, then for every epoch BatchEnd … BatchEnd, EpochEnd, and Finished.

A run that is interrupted or goes wrong just stops telling; one that goes on from a checkpoint begins with
Started again, and then tells what it had not learnt before.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from recurra.training.vital_signs import VitalSigns


@dataclass(frozen=True)
class Started:
    """Training begins: at most ``epochs`` epochs of ``batches`` batches each.

    A run that goes on from a checkpoint begins within epoch ``epoch``, counted from 1, after ``batch`` of
    its batches; one that was over has ``epoch`` one above its last.
    """

    epochs: int
    batches: int
    epoch: int = 1
    batch: int = 0


@dataclass(frozen=True)
class BatchEnd:
    """A batch is learnt. Epochs and batches are counted from 1."""

    epoch: int
    batch: int
    loss: float


@dataclass(frozen=True)
class EpochEnd:
    """An epoch is over, or cut short because time is up.

    Attributes:
        epoch: counted from 1.
        loss: mean over the epoch's batches, each before its step.
        validation_loss: mean over the validation part, after the epoch.
        gradient_norm: mean over the batches of the norm of the whole gradient, before clipping.
        is_best: whether no epoch before it had a validation loss, or a score, as low.
        learning_rate: of its last batch.
        seconds: since training began, without any time between an interruption and going on.
        signs: what else was measured, see `recurra.training.VitalSigns`.
        score: what chose the best epoch in place of the validation loss, or None where nothing did.
    """

    epoch: int
    loss: float
    validation_loss: float
    gradient_norm: float
    is_best: bool
    learning_rate: float
    seconds: float = field(compare=False)  # two equal runs take different times
    signs: VitalSigns
    score: float | None = None


@dataclass(frozen=True)
class Finished:
    """Training is over after ``epochs`` epochs; the weights are those after ``best_epoch``."""

    epochs: int
    best_epoch: int


Event: TypeAlias = Started | BatchEnd | EpochEnd | Finished
Listener: TypeAlias = Callable[[Event], None]
