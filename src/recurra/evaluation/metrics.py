"""Metrics of forecasts, over the targets that were observed.

mae, mse, rmse          mean absolute, mean squared and root mean squared error of the point forecast
smape                   200 |y − f| / (|y| + |f|), in percent, 0 where both are 0 (Makridakis 1993, as in M4)
mase                    mae over that of the seasonal naive forecast in training (Hyndman & Koehler 2006)
pinball                 max(q (y − f_q), (q − 1) (y − f_q)), mean over levels q (Koenker & Bassett 1978)
coverage                share of the targets between the outermost quantiles, bounds included
scaled_mae, scaled_mse  mae and mse of a target brought to mean 0 and deviation 1 by its training part

A metric that is not defined (no quantiles, no error of the seasonal naive forecast) is NaN.
"""

from collections.abc import Sequence

import numpy as np

from recurra._base.errors import InputError
from recurra.evaluation.scale import TargetScale

METRICS = ("mae", "mse", "rmse", "smape", "mase", "pinball", "coverage", "scaled_mae", "scaled_mse")

_UNDEFINED = float("nan")


def forecast_metrics(
    actual: np.ndarray,
    point: np.ndarray,
    quantiles: np.ndarray | None,
    levels: Sequence[float],
    observed: np.ndarray,
    scale: TargetScale,
) -> dict[str, float]:
    """All of `METRICS`, in that order.

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
    error, size = np.abs(y - f), np.abs(y) + np.abs(f)
    mae, mse = float(error.mean()), float((error**2).mean())
    smape = np.divide(200 * error, size, out=np.zeros_like(error), where=size > 0)
    pinball = coverage = _UNDEFINED
    if quantiles is not None:
        q, level = quantiles[observed], np.asarray(levels)
        above = y[:, None] - q
        pinball = float(np.maximum(level * above, (level - 1) * above).mean())
        coverage = float(((q[:, 0] <= y) & (y <= q[:, -1])).mean())
    return {
        "mae": mae,
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "smape": float(smape.mean()),
        "mase": mae / scale.naive_error if scale.naive_error > 0 else _UNDEFINED,
        "pinball": pinball,
        "coverage": coverage,
        "scaled_mae": mae / scale.deviation,
        "scaled_mse": mse / scale.deviation**2,
    }


def error_by_step(actual: np.ndarray, point: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Mean absolute error of each step of the horizon, (horizon,); NaN where none of its targets counts.

    ``actual``, ``point`` and ``observed`` are (W, horizon).
    """
    total = np.where(observed, np.abs(actual - point), 0.0).sum(axis=0)
    count = observed.sum(axis=0)
    return np.divide(total, count, out=np.full(len(total), _UNDEFINED), where=count > 0)
