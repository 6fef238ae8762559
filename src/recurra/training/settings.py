"""How a model is trained."""

import math
import numbers
from dataclasses import dataclass
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_float, positive_int
from recurra.training.schedule import SCHEDULES


@dataclass(frozen=True)
class TrainingSettings:
    """Raises InputError, naming the setting, for a value that is none."""

    epochs: int = 100  # at most: early stopping ends most runs long before
    batch_size: int = 64  # small enough for many steps an epoch, large enough to fill the kernels
    learning_rate: float = 1e-3  # Adam's own default; the highest one where a schedule varies it
    clip_norm: float = 1.0  # gradients through many steps of time explode now and then
    patience: int = 5  # epochs without a better validation loss
    seed: int = 0
    max_seconds: float | None = None  # no limit: the same seed gives the same bits only without one
    schedule: str = "constant"  # the others presume that the run lasts for all its epochs or seconds
    weight_decay: float = 0.0  # early stopping holds small models back enough
    average: float = 0.0  # off: a moving average of the weights lags behind where epochs have few batches

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            object.__setattr__(self, name, positive_int(name, getattr(self, name)))
        for name in ("learning_rate", "clip_norm"):
            object.__setattr__(self, name, positive_float(name, getattr(self, name)))
        object.__setattr__(self, "seed", _seed(self.seed))
        if self.max_seconds is not None:
            object.__setattr__(self, "max_seconds", positive_float("max_seconds", self.max_seconds))
        one_of("schedule", self.schedule, SCHEDULES)
        for name, end in (("weight_decay", math.inf), ("average", 1.0)):
            object.__setattr__(self, name, _from_zero(name, getattr(self, name), end))


def _seed(value: Any) -> int:
    """What NumPy's and PyTorch's generators both take."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool) and 0 <= int(value) < 2**63:
        return int(value)
    raise InputError(f"seed must be a whole number from 0 to 2**63 - 1, got {value!r}")


def _from_zero(name: str, value: Any, end: float) -> float:
    """A number of at least 0 and below ``end``."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and 0 <= float(value) < end:
        return float(value)
    limit = "a finite number of at least 0" if end == math.inf else f"a number from 0 to below {end:g}"
    raise InputError(f"{name} must be {limit}, got {value!r}")
