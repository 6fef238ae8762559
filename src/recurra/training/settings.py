"""How a model is trained."""

import numbers
from dataclasses import dataclass
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import positive_float, positive_int


@dataclass(frozen=True)
class TrainingSettings:
    """Raises InputError, naming the setting, for a value that is none."""

    epochs: int = 100  # at most: early stopping ends most runs long before
    batch_size: int = 64  # small enough for many steps an epoch, large enough to fill the kernels
    learning_rate: float = 1e-3  # Adam's own default
    clip_norm: float = 1.0  # gradients through many steps of time explode now and then
    patience: int = 5  # epochs without a better validation loss
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            object.__setattr__(self, name, positive_int(name, getattr(self, name)))
        for name in ("learning_rate", "clip_norm"):
            object.__setattr__(self, name, positive_float(name, getattr(self, name)))
        object.__setattr__(self, "seed", _seed(self.seed))


def _seed(value: Any) -> int:
    """What NumPy's and PyTorch's generators both take."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool) and 0 <= int(value) < 2**63:
        return int(value)
    raise InputError(f"seed must be a whole number from 0 to 2**63 - 1, got {value!r}")
