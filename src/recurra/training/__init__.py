"""Training: an explicit loop on Lightning Fabric that tells what happens and keeps the best weights."""

from recurra._base.errors import MissingExtraError

try:
    import lightning_fabric as _lightning_fabric  # noqa: F401
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    library = {"lightning_fabric": "lightning-fabric"}.get(error.name or "", error.name or "torch")
    raise MissingExtraError.of(library, "train") from error

from recurra.training.events import BatchEnd, EpochEnd, Event, Finished, Listener, Started
from recurra.training.loop import Examples, History, Loss, train
from recurra.training.settings import TrainingSettings

__all__ = [
    "BatchEnd",
    "EpochEnd",
    "Event",
    "Examples",
    "Finished",
    "History",
    "Listener",
    "Loss",
    "Started",
    "TrainingSettings",
    "train",
]
