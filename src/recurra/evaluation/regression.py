"""The evaluation of a regressor: its metrics and those of the baselines, on the very same sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.fitted_baselines import BaselineOutputs
from recurra.evaluation.metric import Metric


@dataclass(frozen=True, eq=False)
class Estimates:
    """What is predicted for N numbers.

    Attributes:
        point: (N,), in the label's unit.
        quantiles: (N, Q), or None where there are only points.
    """

    point: np.ndarray
    quantiles: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class RegressionEvaluation(Comparison):
    """How a regressor and the baselines did on N numbers.

    Attributes:
        labels: (N,) actual ones, float64.
        estimates: of the model.
        baseline_points: name to its (N,) points.
        levels: (Q,) of the quantiles.
    """

    METRICS = (
        Metric("mae", "MAE", "mean absolute error, in the label's unit"),
        Metric("rmse", "RMSE", "root of the mean squared error: large misses weigh more"),
        Metric(
            "r2", "R²", "share of the labels' variance that is explained; 0 is as good as their mean", 1.0
        ),
        Metric(
            "mean_pinball", "Pinball", "mean quantile loss: judges the whole interval, not only the middle"
        ),
        Metric(
            "coverage_80",
            "Coverage",
            "share of the labels inside the 10–90 % interval; 80 % is right",
            0.8,
            100.0,
            " %",
        ),
    )
    COUNTED = "label"

    labels: np.ndarray
    estimates: Estimates
    baseline_points: dict[str, np.ndarray]
    levels: tuple[float, ...]

    @property
    def residuals(self) -> np.ndarray:
        """(N,) actual minus predicted."""
        return self.labels - self.estimates.point

    def to_dict(self) -> dict[str, Any]:
        """As `Comparison.to_dict`, with the levels of the quantiles."""
        return {**super().to_dict(), "levels": list(self.levels)}


def evaluate_values(
    labels: Sequence[float] | np.ndarray,
    estimates: Estimates,
    *,
    levels: Sequence[float] = (),
    baselines: BaselineOutputs[Estimates] | None = None,
) -> RegressionEvaluation:
    """Score ``estimates`` beside those of the baselines.

    A metric that is not defined is NaN: R² of labels that are all equal, the pinball loss without quantiles,
    the coverage where 0.1 and 0.9 are not among the ``levels``.

    Args:
        labels: (N,) actual numbers.
        estimates: of the model.
        levels: (Q,) of the quantiles, the baselines' included.
        baselines: what `Baselines.on` says of the same sequences.

    Raises:
        InputError: there are no labels, one of them or an estimate is not finite, or the shapes do not fit.
    """
    actual = checked_values(labels)
    baselines = baselines or BaselineOutputs({}, {}, {})
    ours = _checked(estimates, len(actual), len(levels), of="the model")
    theirs = {
        name: _checked(output, len(actual), len(levels), of=name)
        for name, output in baselines.outputs.items()
    }
    equal = np.ptp(actual) == 0
    return RegressionEvaluation(
        metrics=_metrics(actual, ours, levels),
        baselines={name: _metrics(actual, output, levels) for name, output in theirs.items()},
        failed_baselines=dict(baselines.failed),
        baseline_notes=dict(baselines.notes),
        notes=(f"Every label is {actual[0]:g}, so R² is not defined.",) if equal else (),
        count=len(actual),
        labels=actual,
        estimates=ours,
        baseline_points={name: output.point for name, output in theirs.items()},
        levels=tuple(levels),
    )


def checked_values(labels: Sequence[float] | np.ndarray) -> np.ndarray:
    """``labels`` as float64 (N,); InputError where there are none, or one is not finite."""
    values = np.asarray(labels, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"labels must have shape (N,), a number for each sequence, got {values.shape}")
    if len(values) == 0:
        raise InputError("labels is empty, expected at least one; give a part that has labels")
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise InputError(
            f"labels[{wrong[0]}] is {values[wrong[0]]:g}, expected a finite number; "
            "leave out what has no label"
        )
    return values


def _checked(estimates: Estimates, count: int, levels: int, *, of: str) -> Estimates:
    point = np.asarray(estimates.point, dtype=np.float64)
    if point.shape != (count,):
        raise InputError(f"the points of {of} must have shape {(count,)} (labels,), got {point.shape}")
    if not np.isfinite(point).all():
        raise InputError(f"the points of {of} must be finite, got {point[~np.isfinite(point)][0]:g}")
    if estimates.quantiles is None:
        return Estimates(point)
    quantiles = np.asarray(estimates.quantiles, dtype=np.float64)
    if quantiles.shape != (count, levels):
        raise InputError(
            f"the quantiles of {of} must have shape {(count, levels)} (labels, levels), got {quantiles.shape}"
        )
    if not np.isfinite(quantiles).all():
        raise InputError(
            f"the quantiles of {of} must be finite, got {quantiles[~np.isfinite(quantiles)][0]:g}"
        )
    return Estimates(point, quantiles)


def _metrics(actual: np.ndarray, estimates: Estimates, levels: Sequence[float]) -> dict[str, float]:
    error = actual - estimates.point
    # Rounding leaves equal labels a variance.
    variance = actual.var() if np.ptp(actual) > 0 else 0.0
    pinball = coverage = float("nan")
    if estimates.quantiles is not None:
        level, above = np.asarray(levels), actual[:, None] - estimates.quantiles
        pinball = float(np.maximum(level * above, (level - 1) * above).mean())
        if {0.1, 0.9} <= set(levels):
            low, high = (estimates.quantiles[:, list(levels).index(bound)] for bound in (0.1, 0.9))
            coverage = float(((low <= actual) & (actual <= high)).mean())
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": float(1 - (error**2).mean() / variance) if variance > 0 else float("nan"),
        "mean_pinball": pinball,
        "coverage_80": coverage,
    }
