"""The training loop: forward, loss, backward, clip, step; after each epoch the validation part decides."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from recurra._base.errors import InputError, TrainingError
from recurra.training.events import BatchEnd, EpochEnd, Finished, Listener, Started
from recurra.training.settings import TrainingSettings


class Examples(Protocol):
    """What a model learns from: numbered examples, made a batch at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor, /) -> tuple[Tensor, ...]:
        """The inputs and targets of the examples ``index`` (n,), int64: tensors (n, …)."""
        ...


Loss: TypeAlias = Callable[..., tuple[Tensor, Tensor]]
"""From the model and a batch's tensors to a sum over targets and how many targets that is, both scalar.

Every example has a target.
"""


@dataclass(frozen=True)
class History:
    """Every epoch, and the one (counted from 1) whose weights were kept."""

    epochs: tuple[EpochEnd, ...]
    best_epoch: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        names = ("epoch", "loss", "validation_loss", "gradient_norm")
        return {
            "epochs": [{name: getattr(epoch, name) for name in names} for epoch in self.epochs],
            "best_epoch": self.best_epoch,
        }


def train(
    model: torch.nn.Module,
    loss: Loss,
    training: Examples,
    validation: Examples,
    settings: TrainingSettings,
    on_event: Listener | None = None,
) -> History:
    """Train ``model`` in place, and leave it with the weights of the epoch that did best on ``validation``.

    Adam on gradients clipped by norm; training stops early once ``patience`` epochs have not improved the
    validation loss. The same model, examples and settings give the same bits; PyTorch's global random state
    is left as it was. ``on_event`` is told what happens, see `recurra.training.events`.

    Raises InputError if a part has no examples, TrainingError if a loss or a gradient is not finite.
    """
    for part, examples in (("training", training), ("validation", validation)):
        if len(examples) == 0:
            raise InputError(f"the {part} part has no examples; give more data, or a larger part")
    tell = on_event or (lambda event: None)  # noqa: ARG005
    epochs: list[EpochEnd] = []
    best_epoch, best_loss, best_weights = 0, math.inf, {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        fabric = Fabric(accelerator="cpu", devices=1)
        optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
        network, optimizer = fabric.setup(model, optimizer)
        tell(Started(settings.epochs, math.ceil(len(training) / settings.batch_size)))

        for epoch in range(1, settings.epochs + 1):
            network.train()
            losses, norms = [], []
            order = torch.randperm(len(training))
            for batch, index in enumerate(order.split(settings.batch_size), start=1):
                total, count = loss(network, *fabric.to_device(training[index]))
                mean = total / count
                optimizer.zero_grad()
                fabric.backward(mean)
                clipped = fabric.clip_gradients(
                    network, optimizer, max_norm=settings.clip_norm, error_if_nonfinite=False
                )
                norm = cast(Tensor, clipped).item()
                _check(f"in batch {batch} of epoch {epoch}", settings, loss=mean.item(), gradient=norm)
                optimizer.step()
                losses.append((total.item(), count.item()))
                norms.append(norm)
                tell(BatchEnd(epoch, batch, mean.item()))

            network.eval()
            with torch.no_grad():
                parts = torch.arange(len(validation)).split(settings.batch_size)
                sums = [loss(network, *fabric.to_device(validation[index])) for index in parts]
            validation_loss = _mean([(total.item(), count.item()) for total, count in sums])
            _check(f"on the validation part after epoch {epoch}", settings, loss=validation_loss)
            is_best = validation_loss < best_loss
            epochs.append(
                EpochEnd(epoch, _mean(losses), validation_loss, math.fsum(norms) / len(norms), is_best)
            )
            tell(epochs[-1])
            if is_best:
                best_epoch, best_loss = epoch, validation_loss
                best_weights = {name: weight.clone() for name, weight in model.state_dict().items()}
            elif epoch - best_epoch >= settings.patience:
                break

    model.load_state_dict(best_weights)
    tell(Finished(len(epochs), best_epoch))
    return History(tuple(epochs), best_epoch)


def _mean(sums: list[tuple[float, float]]) -> float:
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
