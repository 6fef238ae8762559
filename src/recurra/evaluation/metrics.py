"""Metrics of forecasts, over the targets that were observed.

mae, mse, rmse    mean absolute, mean squared and root mean squared error of the point forecast
smape             200 |y − f| / (|y| + |f|), in percent, 0 where both are 0 (Makridakis 1993, as in the M4 competition)
mase              mae over the error of the seasonal naive forecast in the training part (Hyndman & Koehler 2006)
pinball           max(q (y − f_q), (q − 1) (y − f_q)), mean over levels q (Koenker & Bassett 1978)
coverage          share of targets between the outermost quantiles, bounds included
scaled_mae, _mse  mae and mse after the target is brought to mean 0 and deviation 1 by its training part

A metric that is not defined (no quantiles, a training part without seasonal error) is NaN.
"""

from collections.abc import Sequence

import numpy as np

from recurra._base.errors import InputError
from recurra.evaluation.scale import TargetScale

METRICS = ("mae", "mse", "rmse", "smape", "mase", "pinball", "coverage", "scaled_mae", "scaled_mse")
_NAN = float("nan")


def forecast_metrics(
    actual: np.ndarray,
    point: np.ndarray,
    quantiles: np.ndarray | None,
    levels: Sequence[float],
    observed: np.ndarray,
    scale: TargetScale,
) -> dict[str, float]:
    """Every metric of `METRICS`, in that order.

    Args:
        actual, point: (W, horizon), in the target's unit.
        quantiles: (W, horizon, Q), or None where there are only points.
        levels: (Q,), ascending, such as (0.1, 0.5, 0.9).
        observed: (W, horizon) bool; only these targets count.
        scale: of the training part.

    Raises:
        InputError: no target was observed.
    """
    if not observed.any():
        raise InputError(
            "none of the targets was observed, so no forecast can be scored; give data with values"
        )
    y, f = actual[observed], point[observed]
    error = np.abs(y - f)
    mae, mse = float(np.mean(error)), float(np.mean(error**2))
    size = np.abs(y) + np.abs(f)
    smape = np.divide(200 * error, size, out=np.zeros_like(error), where=size > 0)
    pinball = coverage = _NAN
    if quantiles is not None:
        q = quantiles[observed]
        above = y[:, None] - q
        level = np.asarray(levels)
        pinball = float(np.mean(np.maximum(level * above, (level - 1) * above)))
        coverage = float(np.mean((q[:, 0] <= y) & (y <= q[:, -1])))
    return {
        "mae": mae,
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "smape": float(np.mean(smape)),
        "mase": mae / scale.naive_error if scale.naive_error > 0 else _NAN,
        "pinball": pinball,
        "coverage": coverage,
        "scaled_mae": mae / scale.deviation,
        "scaled_mse": mse / scale.deviation**2,
    }


def error_by_step(actual: np.ndarray, point: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Mean absolute error of each step of the horizon, (horizon,); NaN where a step has no observed target.

    All arrays are (W, horizon).
    """
    total = np.where(observed, np.abs(actual - point), 0.0).sum(axis=0)
    count = observed.sum(axis=0)
    return np.divide(total, count, out=np.full(actual.shape[1], _NAN), where=count > 0)
