"""Training: an explicit loop on Lightning Fabric that tells what happens and keeps the best weights."""

from recurra._base.errors import MissingExtraError

try:
    import lightning_fabric as _lightning_fabric  # noqa: F401
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    library = {"lightning_fabric": "lightning-fabric"}.get(error.name or "", error.name or "torch")
    raise MissingExtraError.of(library, "train") from error

from recurra.training.csv_log import CsvLog
from recurra.training.events import BatchEnd, EpochEnd, Event, Finished, Listener, Started
from recurra.training.examples import Examples, Loss
from recurra.training.history import History
from recurra.training.loop import train
from recurra.training.settings import TrainingSettings
from recurra.training.vital_signs import VitalSigns

__all__ = [
    "BatchEnd",
    "CsvLog",
    "EpochEnd",
    "Event",
    "Examples",
    "Finished",
    "History",
    "Listener",
    "Loss",
    "Started",
    "TrainingSettings",
    "VitalSigns",
    "train",
]
