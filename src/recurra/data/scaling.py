"""Scaling: the target on its curve, windows centred on themselves, columns of mean 0 and deviation 1."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.transform import TargetTransform
from recurra.data.windows import Windows

_CHUNK = 1024
_MOST_SORTED = 2**22  # values that quartiles are taken of, so that memory stays small
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Scaler:
    """Subtract from each window the last value of its context (``centred``), then the mean, then divide.

    Centring makes a forecast follow the level that it starts from, so a trend does not break it. The
    scales are learned from the training windows alone; what never varies there has deviation 1. The target,
    which is the first column, goes through ``target_transform`` before all this; the other columns do not.

    Attributes:
        centred: whether windows are centred on themselves.
        mean, deviation: (C,) float64, of the contexts.
        target_mean, target_deviation: of the targets, which spread wider than the contexts.
        target_transform: the curve of the target; for ``robust``, medians and interquartile ranges stand in
            the place of its means and deviations.
    """

    centred: bool
    mean: np.ndarray
    deviation: np.ndarray
    target_mean: float
    target_deviation: float
    target_transform: TargetTransform = field(default_factory=TargetTransform)

    @classmethod
    def fit(
        cls, windows: Windows, *, centred: bool = True, target_transform: TargetTransform | None = None
    ) -> "Scaler":
        """Learn the scales from training ``windows``; targets that were imputed do not count.

        ``target_transform`` was fitted on the training part; None for the standard one, which has no curve.
        The quartiles of a robust one are those of windows that are evenly spread over the part, if it has
        more than some four million values. Raises InputError if no target was observed.
        """
        curve = TargetTransform() if target_transform is None else target_transform
        targets = int(windows.observed.sum())
        if targets == 0:
            raise InputError("none of the training windows has an observed target; give data with values")
        values = len(windows) * windows.context.shape[1]
        mean, target_mean = np.zeros(windows.context.shape[2]), 0.0
        for context, target in _chunks(windows, centred, curve):
            mean += context.sum(axis=(0, 1)) / values
            target_mean += float(target.sum()) / targets
        variance, target_variance = np.zeros_like(mean), 0.0
        largest, target_largest = np.zeros_like(mean), 0.0
        for context, target in _chunks(windows, centred, curve):
            variance += ((context - mean) ** 2).sum(axis=(0, 1)) / values
            target_variance += float(((target - target_mean) ** 2).sum()) / targets
            largest = np.maximum(largest, np.abs(context).max(axis=(0, 1)))
            target_largest = max(target_largest, float(np.abs(target).max(initial=0.0)))
        varies = np.sqrt(variance) > _ROUNDING * largest
        target_varies = np.sqrt(target_variance) > _ROUNDING * target_largest
        deviation = np.sqrt(np.where(varies, variance, 1.0))
        target_deviation = float(np.sqrt(target_variance)) if target_varies else 1.0
        if curve.name == "robust":
            step = -(-values // _MOST_SORTED)
            context, target = _centred(windows, slice(None, None, step), centred, curve)
            mean[0], deviation[0] = curve.centre_and_scale(context[:, :, 0])
            if len(target):
                target_mean, target_deviation = curve.centre_and_scale(target)
        return cls(
            centred=centred,
            mean=mean,
            deviation=deviation,
            target_mean=target_mean,
            target_deviation=target_deviation,
            target_transform=curve,
        )

    def transform(self, context: np.ndarray) -> np.ndarray:
        """Scale ``context`` (W, context, C) to what a network sees: float32, the same shape."""
        context = _curved(context, self.target_transform)
        centred = context - context[:, -1:] if self.centred else context
        return ((centred - self.mean) / self.deviation).astype(np.float32)

    def transform_target(self, target: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Scale ``target`` (W, horizon) of windows with the unscaled ``context``, to float32."""
        centred = self.target_transform.forward(target) - self._level(context)[:, None]
        return ((centred - self.target_mean) / self.target_deviation).astype(np.float32)

    def inverse_target(self, scaled: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Undo `transform_target` for ``scaled`` (W, horizon) or (W, horizon, Q), in float64.

        The map is increasing, so it takes quantiles to quantiles.
        """
        level = self._level(context).reshape(-1, *[1] * (scaled.ndim - 1))
        curved = scaled.astype(np.float64) * self.target_deviation + self.target_mean + level
        return self.target_transform.inverse(curved)

    def _level(self, context: np.ndarray) -> np.ndarray:
        """What the targets after ``context`` (W, context, C) are centred on, (W,), on the curve."""
        last = self.target_transform.forward(context[:, -1, 0])
        return last if self.centred else np.zeros_like(last)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; floats keep every bit. Of the standard transform, nothing is said."""
        curve = self.target_transform
        return {
            "centred": self.centred,
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "target_mean": self.target_mean,
            "target_deviation": self.target_deviation,
            **({} if curve.name == "standard" else {"target_transform": curve.to_dict()}),
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
            target_transform=TargetTransform.from_dict(values.get("target_transform", {})),
        )


def _chunks(
    windows: Windows, centred: bool, curve: TargetTransform
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What `_centred` makes of a few ``windows`` at a time."""
    for start in range(0, len(windows), _CHUNK):
        yield _centred(windows, slice(start, start + _CHUNK), centred, curve)


def _centred(
    windows: Windows, rows: slice, centred: bool, curve: TargetTransform
) -> tuple[np.ndarray, np.ndarray]:
    """Contexts (n, context, C) and observed targets (m,) of the windows at ``rows``: curved, centred."""
    context = _curved(windows.context[rows], curve)
    level = context[:, -1:] if centred else np.zeros_like(context[:, -1:])
    target = curve.forward(windows.target[rows]) - level[:, :, 0]
    return context - level, target[windows.observed[rows]]


def _curved(context: np.ndarray, curve: TargetTransform) -> np.ndarray:
    """``context`` (W, context, C) with its first column, the target, on the curve."""
    if not curve.curved:
        return context
    context = context.copy()
    context[:, :, 0] = curve.forward(context[:, :, 0])
    return context
