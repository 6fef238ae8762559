"""Scaling: each window centred on itself, then every column brought to mean 0 and deviation 1."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.windows import Windows

_CHUNK = 1024
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Scaler:
    """Subtract from each window the last value of its context (``centred``), then the mean, then divide.

    Centring makes a forecast follow the level that it starts from, so a trend does not break it. The
    scales are learned from the training windows alone; what never varies there has deviation 1.

    Attributes:
        centred: whether windows are centred on themselves.
        mean, deviation: (C,) float64, of the contexts.
        target_mean, target_deviation: of the targets, which spread wider than the contexts.
    """

    centred: bool
    mean: np.ndarray
    deviation: np.ndarray
    target_mean: float
    target_deviation: float

    @classmethod
    def fit(cls, windows: Windows, *, centred: bool = True) -> "Scaler":
        """Learn the scales from training ``windows``; targets that were imputed do not count.

        Raises InputError if no target was observed.
        """
        targets = int(windows.observed.sum())
        if targets == 0:
            raise InputError("none of the training windows has an observed target; give data with values")
        values = len(windows) * windows.context.shape[1]
        mean, target_mean = np.zeros(windows.context.shape[2]), 0.0
        for context, target in _chunks(windows, centred):
            mean += context.sum(axis=(0, 1)) / values
            target_mean += float(target.sum()) / targets
        variance, target_variance = np.zeros_like(mean), 0.0
        largest, target_largest = np.zeros_like(mean), 0.0
        for context, target in _chunks(windows, centred):
            variance += ((context - mean) ** 2).sum(axis=(0, 1)) / values
            target_variance += float(((target - target_mean) ** 2).sum()) / targets
            largest = np.maximum(largest, np.abs(context).max(axis=(0, 1)))
            target_largest = max(target_largest, float(np.abs(target).max(initial=0.0)))
        varies = np.sqrt(variance) > _ROUNDING * largest
        target_varies = np.sqrt(target_variance) > _ROUNDING * target_largest
        return cls(
            centred=centred,
            mean=mean,
            deviation=np.sqrt(np.where(varies, variance, 1.0)),
            target_mean=target_mean,
            target_deviation=float(np.sqrt(target_variance)) if target_varies else 1.0,
        )

    def level(self, context: np.ndarray) -> np.ndarray:
        """What the windows of ``context`` (W, context, C) are centred on, (W, C): last values, or zeros."""
        return context[:, -1] if self.centred else np.zeros_like(context[:, -1])

    def transform(self, context: np.ndarray) -> np.ndarray:
        """Scale ``context`` (W, context, C) to what a network sees: float32, the same shape."""
        centred = context - self.level(context)[:, None]
        return ((centred - self.mean) / self.deviation).astype(np.float32)

    def transform_target(self, target: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Scale ``target`` (W, horizon) of windows with the unscaled ``context``, to float32."""
        centred = target - self.level(context)[:, :1]
        return ((centred - self.target_mean) / self.target_deviation).astype(np.float32)

    def inverse_target(self, scaled: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Undo `transform_target` for ``scaled`` (W, horizon) or (W, horizon, Q), in float64.

        The map is increasing, so it takes quantiles to quantiles.
        """
        level = self.level(context)[:, 0].reshape(-1, *[1] * (scaled.ndim - 1))
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
    """Contexts (n, context, C) and observed targets (m,) of a few ``windows`` at a time, centred."""
    for start in range(0, len(windows), _CHUNK):
        rows = slice(start, start + _CHUNK)
        context = windows.context[rows]
        level = context[:, -1:] if centred else np.zeros_like(context[:, -1:])
        yield context - level, (windows.target[rows] - level[:, :, 0])[windows.observed[rows]]
