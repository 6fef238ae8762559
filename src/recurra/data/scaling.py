"""Scaling: each window centred on itself, then every column brought to mean 0 and deviation 1."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.windows import Windows

_CHUNK = 1024


@dataclass(frozen=True)
class Scaler:
    """Subtract from each window the last value of its context (``centred``), then the mean, then divide.

    Centring makes a forecast follow the level that it starts from, so a trend does not break it. Everything is
    learned from the training windows alone; what never varies there has deviation 1.

    Attributes:
        centred: whether windows are centred on themselves.
        mean, deviation: (C,) float64, of the contexts.
        target_mean, target_deviation: of the targets, which spread wider the further ahead they lie.
    """

    centred: bool
    mean: np.ndarray
    deviation: np.ndarray
    target_mean: float
    target_deviation: float

    @classmethod
    def fit(cls, windows: Windows, *, centred: bool = True) -> "Scaler":
        """Learn the scales from training ``windows``; imputed targets do not count.

        Raises InputError if no target was observed.
        """
        observed = windows.observed.sum()
        if observed == 0:
            raise InputError("the target has no observed value in the training windows")
        values = len(windows) * windows.context.shape[1]
        mean = sum(context.sum(axis=(0, 1)) for context, _ in _chunks(windows, centred)) / values
        target_mean = sum(target.sum() for _, target in _chunks(windows, centred)) / observed
        squares, target_squares = np.zeros_like(mean), 0.0
        for context, target in _chunks(windows, centred):
            squares += ((context - mean) ** 2).sum(axis=(0, 1))
            target_squares += ((target - target_mean) ** 2).sum()
        deviation = np.sqrt(squares / values)
        target_deviation = np.sqrt(target_squares / observed)
        return cls(
            centred=centred,
            mean=mean,
            deviation=np.where(_varies(deviation, mean), deviation, 1.0),
            target_mean=float(target_mean),
            target_deviation=float(target_deviation) if _varies(target_deviation, target_mean) else 1.0,
        )

    def level(self, context: np.ndarray) -> np.ndarray:
        """What each window of ``context`` (W, context, C) is centred on, (W, C): its last values, or zeros."""
        return context[:, -1] if self.centred else np.zeros_like(context[:, -1])

    def transform(self, context: np.ndarray) -> np.ndarray:
        """Scale ``context`` (W, context, C) to what the network sees, float32 of the same shape."""
        return ((context - self.level(context)[:, None] - self.mean) / self.deviation).astype(np.float32)

    def transform_target(self, target: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Scale ``target`` (W, horizon), whose windows have the unscaled ``context``, to float32."""
        level = self.level(context)[:, :1]
        return ((target - level - self.target_mean) / self.target_deviation).astype(np.float32)

    def inverse_target(self, scaled: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Undo `transform_target` for ``scaled`` (W, horizon) or (W, horizon, Q): float64 in the target's unit.

        The map is affine and increasing, so it takes quantiles to quantiles.
        """
        level = self.level(context)[:, :1].reshape(-1, *[1] * (scaled.ndim - 1))
        return scaled.astype(np.float64) * self.target_deviation + self.target_mean + level

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; floats keep every bit."""
        return {
            "centred": self.centred,
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "target_mean": self.target_mean,
            "target_deviation": self.target_deviation,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Scaler":
        """Undo `to_dict`."""
        return cls(
            centred=values["centred"],
            mean=np.asarray(values["mean"], dtype=np.float64),
            deviation=np.asarray(values["deviation"], dtype=np.float64),
            target_mean=values["target_mean"],
            target_deviation=values["target_deviation"],
        )


def _chunks(windows: Windows, centred: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Contexts (n, context, C) and observed targets (m,) of ``windows``, centred, a few windows at a time."""
    for start in range(0, len(windows), _CHUNK):
        rows = slice(start, start + _CHUNK)
        context = windows.context[rows]
        level = context[:, -1:] if centred else np.zeros_like(context[:, -1:])
        yield context - level, (windows.target[rows] - level[:, :, 0])[windows.observed[rows]]


def _varies(deviation: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Whether a deviation is more than the rounding error of a constant."""
    return deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300)
