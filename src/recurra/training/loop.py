"""The training loop: forward, loss, backward, clip, step; after each epoch the validation part decides."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from recurra._base.errors import InputError, TrainingError
from recurra.training.average import WeightAverage, copies
from recurra.training.buckets import ordered_batches, shuffled_batches
from recurra.training.checkpoint import Checkpoint, Run
from recurra.training.events import BatchEnd, EpochEnd, Finished, Listener, Started
from recurra.training.examples import Examples, Loss
from recurra.training.history import History
from recurra.training.schedule import SCHEDULES, progress
from recurra.training.settings import TrainingSettings
from recurra.training.standing import Learnt, Standing
from recurra.training.vital_signs import vital_signs, watched

_CHECKPOINT_SECONDS = 60.0  # what a run that is killed within a long epoch loses at most


def train(
    model: torch.nn.Module,
    loss: Loss,
    training: Examples,
    validation: Examples,
    settings: TrainingSettings,
    on_event: Listener | None = None,
    *,
    carry: Mapping[str, Tensor] | None = None,
    rates: Callable[[str, int], float] | None = None,
    validate: Callable[[torch.nn.Module], float] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    fingerprint: str = "",
) -> History:
    """Train ``model`` in place, and leave it with the weights of the epoch that did best on ``validation``.

    Adam on gradients clipped by norm; training stops early once ``patience`` epochs have not improved the
    validation loss, and after the batch in which ``max_seconds`` are over, which ends its epoch. The same
    model, examples and settings give the same bits (but for ``max_seconds``); PyTorch's global random state
    is left as it was. ``on_event`` is told what happens, see `recurra.training.events`.

    Args:
        carry: what ``loss`` hands from each batch of an epoch to the next, such as recurrent states, as it is
            before the first; see `recurra.training.Loss`. None where batches know nothing of one another.
        rates: the share of the learning rate that a parameter, by name, has in an epoch, counted from 1; one
            that has none does not change. None for the whole rate for all.
        validate: gives the model after an epoch a score, to be minimised in place of the validation loss.
        checkpoint: a file to keep the run in, after every epoch and every minute within one; it is replaced.
        resume: go on from that file, to the same bits as a run that is never interrupted.
        fingerprint: text that tells these data, and whatever else must stay the same, from others.

    Raises InputError if a part has no examples, or the checkpoint is of another run or cannot be written,
    ArtifactError if it cannot be read, TrainingError if a loss, a score or a gradient is not finite, OSError
    if a checkpoint cannot be written any more, such as on a full disk.
    """
    for part, examples in (("training", training), ("validation", validation)):
        if len(examples) == 0:
            raise InputError(f"the {part} part has no examples; give more data, or a larger part")
    if resume and checkpoint is None:
        raise InputError("resume needs a checkpoint to go on from; give its path as checkpoint")
    tell = on_event or (lambda event: None)  # noqa: ARG005
    batches = len(ordered_batches(training, settings.batch_size))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        fabric = Fabric(accelerator="cpu", devices=1)
        adam = _adam(model, settings)
        network, optimizer = fabric.setup(model, adam)
        average = WeightAverage(model, settings.average)
        standing, file = Standing(carry=dict(carry or {})), None
        if checkpoint is not None:
            sizes = len(training), len(validation)
            run = Run.of(settings, model, sizes, fingerprint, validate=validate is not None)
            file = Checkpoint(checkpoint, run, batches, model, adam, average, standing.carry)
            standing = file.read() if resume else standing
        began, written = monotonic() - standing.seconds, standing.seconds

        def measured(examples: Examples, index: Tensor, carried: Mapping[str, Tensor]) -> Any:
            batch = fabric.to_device(examples[index])
            return (*loss(network, *batch), {}) if carry is None else loss(network, carried, *batch)

        tell(Started(settings.epochs, batches, standing.epoch, len(standing.learnt)))

        while not standing.stopped:
            epoch = standing.epoch
            network.train()
            if rates is not None:
                _give_rates(model, adam, rates, epoch)
            order = _order(standing, training, settings.batch_size)
            if not standing.learnt:
                standing.carry = dict(carry or {})
            for batch in range(len(standing.learnt) + 1, batches + 1):
                step = (epoch - 1) * batches + batch
                standing.seconds = monotonic() - began
                rate = _learning_rate(settings, step - 1, settings.epochs * batches, standing.seconds)
                for group in adam.param_groups:
                    group["lr"] = rate * group.get("share", 1.0)
                total, count, standing.carry = measured(training, order[batch - 1], standing.carry)
                mean = total / count
                optimizer.zero_grad()
                fabric.backward(mean)
                clipped = fabric.clip_gradients(
                    network, optimizer, max_norm=settings.clip_norm, error_if_nonfinite=False
                )
                norm = cast(Tensor, clipped).item()
                _check(f"in batch {batch} of epoch {epoch}", settings, loss=mean.item(), gradient=norm)
                optimizer.step()
                average.update(step)
                standing.learnt.append(Learnt(total.item(), count.item(), norm, rate))
                tell(BatchEnd(epoch, batch, mean.item()))
                standing.seconds = monotonic() - began
                if _time_is_up(standing, settings):
                    break
                if file and standing.seconds - written >= _CHECKPOINT_SECONDS:
                    file.write(standing)
                    written = standing.seconds

            network.eval()
            with average.applied(), torch.no_grad():
                sums, carried = [], dict(carry or {})
                with watched(model) as units:
                    for index in ordered_batches(validation, settings.batch_size):
                        total, count, carried = measured(validation, index, carried)
                        sums.append((total.item(), count.item()))
                validation_loss = _mean(sums)
                score = None if validate is None else float(validate(model))
                chosen = validation_loss if score is None else score
                where = f"on the validation part after epoch {epoch}"
                _check(where, settings, loss=validation_loss, score=chosen)
                is_best = chosen < standing.lowest
                if is_best:
                    standing.best = copies(model)
                norms = [learnt.norm for learnt in standing.learnt]
                signs = vital_signs(model, norms, settings.clip_norm, units)
            standing.seconds = monotonic() - began
            end = EpochEnd(
                epoch,
                _mean([learnt[:2] for learnt in standing.learnt]),
                validation_loss,
                math.fsum(norms) / len(norms),
                is_best,
                standing.learnt[-1].rate,
                standing.seconds,
                signs,
                score,
            )
            standing.epochs.append(end)
            standing.learnt = []
            standing.stopped = _stopped(standing, settings)
            tell(end)
            if file:
                file.write(standing)
                written = standing.seconds

    if rates is not None:
        model.requires_grad_(True)
    model.load_state_dict(standing.best)
    tell(Finished(len(standing.epochs), standing.best_epoch))
    return History(tuple(standing.epochs), standing.best_epoch, standing.stopped)


def _adam(model: torch.nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    """Adam, which decays matrices only: a bias or a gain pulled to 0 makes no model simpler."""
    groups = [
        {"params": [parameter], "weight_decay": settings.weight_decay if parameter.ndim > 1 else 0.0}
        for parameter in model.parameters()  # one by one, as the norm of the gradient depends on their order
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def _give_rates(
    model: torch.nn.Module, adam: torch.optim.AdamW, rates: Callable[[str, int], float], epoch: int
) -> None:
    """Note each parameter's share of the learning rate; those that have none need no gradient either."""
    for (name, parameter), group in zip(model.named_parameters(), adam.param_groups):
        group["share"] = rates(name, epoch)
        parameter.requires_grad_(group["share"] > 0)


def _order(standing: Standing, training: Examples, batch_size: int) -> list[Tensor]:
    """The epoch's batches; those of an epoch under way are drawn once more, from where they were drawn."""
    if not standing.learnt:
        standing.drawn_from = torch.get_rng_state()
        return shuffled_batches(training, batch_size)
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(standing.drawn_from)
        return shuffled_batches(training, batch_size)


def _learning_rate(settings: TrainingSettings, step: int, steps: int, seconds: float) -> float:
    share = SCHEDULES[settings.schedule](progress(step, steps, seconds, settings.max_seconds))
    return settings.learning_rate * share


def _time_is_up(standing: Standing, settings: TrainingSettings) -> bool:
    return settings.max_seconds is not None and standing.seconds >= settings.max_seconds


def _stopped(standing: Standing, settings: TrainingSettings) -> str:
    """Why there is no other epoch, or nothing."""
    done = len(standing.epochs)
    if _time_is_up(standing, settings):
        return "time"
    if done - standing.best_epoch >= settings.patience:
        return "early"
    return "epochs" if done == settings.epochs else ""


def _mean(sums: Sequence[tuple[float, float]]) -> float:
    """The mean over all targets, from sums and counts by batch."""
    totals, counts = zip(*sums)
    return math.fsum(totals) / math.fsum(counts)


def _check(where: str, settings: TrainingSettings, **values: float) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            raise TrainingError(
                f"the {name} became {value} {where}; give a learning_rate below "
                f"{settings.learning_rate:g}, or look for extreme values in the data"
            )
