"""Series of numbers as a network sees them: every column with mean 0 and deviation 1."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class SeriesFeatures:
    """Subtract each column's mean and divide by its deviation, both over all steps of the training series.

    Attributes:
        mean, deviation: (I,) float64, finite; deviations are above 0, and 1 for a column that never varies.

    Raises InputError where they are not such arrays.
    """

    mean: np.ndarray
    deviation: np.ndarray

    def __post_init__(self) -> None:
        for name in ("mean", "deviation"):
            object.__setattr__(self, name, _column_values(getattr(self, name), name))
        if self.mean.shape != self.deviation.shape:
            raise InputError(
                f"mean and deviation must have one value for each column, got {len(self.mean)} and "
                f"{len(self.deviation)}"
            )
        if not (self.deviation > 0).all():
            raise InputError(f"deviation must be above 0 for each column, got {self.deviation.min()}")

    @classmethod
    def fit(cls, series: Iterable[np.ndarray]) -> "SeriesFeatures":
        """Learn from ``series``, each (T_i, I), in one pass, so an iterator will do.

        The parts are merged as by Chan, Golub and LeVeque (1983). Raises InputError without a step.
        """
        steps, mean, squares, largest = 0, np.zeros(1), np.zeros(1), np.zeros(1)
        for x in series:
            if not len(x):
                continue
            own_mean = x.mean(axis=0, dtype=np.float64)
            own_squares = ((x - own_mean) ** 2).sum(axis=0)
            apart, total = own_mean - mean, steps + len(x)
            mean = mean + apart * (len(x) / total)
            squares = squares + own_squares + apart**2 * (steps * len(x) / total)
            largest = np.maximum(largest, np.abs(x).max(axis=0))
            steps = total
        if not steps:
            raise InputError("the series have no steps to learn scales from; give at least one step")
        deviation = np.sqrt(squares / steps)
        return cls(mean, np.where(deviation > _ROUNDING * largest, deviation, 1.0))

    @property
    def size(self) -> int:
        """I, the columns."""
        return len(self.mean)

    def __call__(self, series: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Each of ``series`` (T_i, I) scaled, float32. InputError names an item that does not fit."""
        return [self.transform(x, f"series[{i}]") for i, x in enumerate(series)]

    def transform(self, x: np.ndarray, name: str = "x") -> np.ndarray:
        """``x`` (..., I) scaled, float32: the same bits for a step alone and for all steps at once.

        Raises InputError, naming ``name``, for another number of columns or a value that leaves float32.
        """
        if x.shape[-1:] != self.mean.shape:
            raise InputError(
                f"{name} has shape {x.shape}; its last axis must have the {count(self.size, 'column')} "
                "of the training series"
            )
        with np.errstate(over="ignore"):
            scaled = ((x - self.mean) / self.deviation).astype(np.float32)
        if not np.isfinite(scaled).all():
            column = int(np.argwhere(~np.isfinite(scaled))[0][-1])
            raise InputError(
                f"{name} is not finite or too far from the training series in column {column} (from 0)"
            )
        return scaled

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; floats keep every bit."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_dict(cls, fields: Any) -> "SeriesFeatures":
        """Undo `to_dict`. Raises InputError, naming the field, for anything else."""
        if not isinstance(fields, dict) or set(fields) != {"mean", "deviation"}:
            raise InputError("the scales of a series must be an object with mean and deviation")
        return cls(fields["mean"], fields["deviation"])


def _column_values(values: Any, name: str) -> np.ndarray:
    """``values`` as (I,) float64 with a finite number for each of at least one column."""
    plain = isinstance(values, np.ndarray) or (
        isinstance(values, list) and all(type(value) in (int, float) for value in values)
    )
    try:
        array = np.asarray(values, np.float64) if plain else np.empty(0)
    except OverflowError:
        array = np.empty(0)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise InputError(f"{name} must be a list of finite numbers, one for each column")
    return array
