"""The evaluation of a forecaster: its metrics and those of the baselines, on the very same windows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data import GapReport, Series, Windows, format_time
from recurra.evaluation.baselines import baseline_forecasts
from recurra.evaluation.metrics import error_by_step, forecast_metrics
from recurra.evaluation.scale import TargetScale


@dataclass(frozen=True)
class Evaluation:
    """How a model and the baselines did on W windows of one part.

    Attributes:
        metrics: of the model, see `recurra.evaluation.metrics`.
        baselines: name ("last value", "seasonal naive", "ETS") to the same metrics on the same windows.
        failed_baselines: name to the reason why there is none, in plain words.
        baseline_notes: name to how the baseline was made.
        levels: (Q,) of the quantiles; the point forecast is the 0.5 quantile.
        times: (W, horizon) of the targets.
        actual: (W, horizon) targets, imputed where ``observed`` (W, horizon) is False.
        quantiles: (W, horizon, Q) forecasts of the model.
        baseline_points: name to point forecasts (W, horizon).
        error_by_step: "model" and each baseline to the mean absolute error of each step, (horizon,).
        windows: their number, W.
        first, last: the first and the last time that is forecast.
        imputed_targets: rows of the part that were not scored because they were imputed.
        gaps: what was missing in all of the data, the part and the rest.
    """

    metrics: dict[str, float]
    baselines: dict[str, dict[str, float]]
    failed_baselines: dict[str, str]
    baseline_notes: dict[str, str]
    levels: tuple[float, ...]
    times: np.ndarray
    actual: np.ndarray
    observed: np.ndarray
    quantiles: np.ndarray
    baseline_points: dict[str, np.ndarray]
    error_by_step: dict[str, np.ndarray]
    windows: int
    first: str
    last: str
    imputed_targets: int
    gaps: GapReport

    @property
    def point(self) -> np.ndarray:
        """The point forecasts of the model, (W, horizon)."""
        return self.quantiles[..., self.levels.index(0.5)]

    def to_dict(self) -> dict[str, Any]:
        """The numbers as plain JSON values, without the arrays; a metric that is not defined is None."""
        return {
            "metrics": _plain(self.metrics),
            "baselines": {name: _plain(metrics) for name, metrics in self.baselines.items()},
            "failed_baselines": dict(self.failed_baselines),
            "baseline_notes": dict(self.baseline_notes),
            "levels": list(self.levels),
            "windows": self.windows,
            "first": self.first,
            "last": self.last,
            "imputed_targets": self.imputed_targets,
            "gaps": self.gaps.to_dict(),
        }


def evaluate_forecasts(
    series: Series,
    windows: Windows,
    quantiles: np.ndarray,
    *,
    levels: Sequence[float],
    scale: TargetScale,
    train: slice | None,
) -> Evaluation:
    """Score forecasts of ``windows`` beside the baselines.

    Args:
        series: imputed, the one that the windows were cut from.
        windows: of the part that is scored.
        quantiles: (W, horizon, Q) forecasts of these windows, in the target's unit.
        levels: (Q,), ascending, with 0.5.
        scale: of the part that the model was trained on.
        train: the rows that the baselines may learn from; None for those up to the first origin.

    Raises:
        InputError: the shapes do not fit, or none of the targets was observed.
    """
    if quantiles.shape != (*windows.target.shape, len(levels)):
        raise InputError(
            f"quantiles must have shape {(*windows.target.shape, len(levels))} (windows, horizon, levels), "
            f"got {quantiles.shape}"
        )
    horizon = windows.target.shape[1]
    first, stop = int(windows.origins[0]), int(windows.origins[-1]) + horizon + 1
    if train is None:
        train = slice(0, first + 1)
    point = quantiles[..., list(levels).index(0.5)]
    metrics = forecast_metrics(windows.target, point, quantiles, levels, windows.observed, scale)
    baselines, failed = baseline_forecasts(
        series, windows.origins, horizon=horizon, levels=levels, train=train
    )
    points = {name: baseline.point for name, baseline in baselines.items()}
    return Evaluation(
        metrics=metrics,
        baselines={
            name: forecast_metrics(
                windows.target, baseline.point, baseline.quantiles, levels, windows.observed, scale
            )
            for name, baseline in baselines.items()
        },
        failed_baselines=failed,
        baseline_notes={name: baseline.note for name, baseline in baselines.items()},
        levels=tuple(levels),
        times=windows.time,
        actual=windows.target,
        observed=windows.observed,
        quantiles=quantiles,
        baseline_points=points,
        error_by_step={
            name: error_by_step(windows.target, forecast, windows.observed)
            for name, forecast in {"model": point, **points}.items()
        },
        windows=len(windows),
        first=format_time(series.time[first + 1]),
        last=format_time(series.time[stop - 1]),
        imputed_targets=int((~series.observed[first + 1 : stop, 0]).sum()),
        gaps=series.report,
    )


def _plain(metrics: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in metrics.items()}
