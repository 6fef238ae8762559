"""Evaluation: metrics of forecasts and simple baselines on the same windows. No PyTorch."""

from recurra.evaluation.baselines import BASELINES, BaselineForecast, baseline_forecasts
from recurra.evaluation.ets import ETS
from recurra.evaluation.forecast import Evaluation, evaluate_forecasts
from recurra.evaluation.metrics import METRICS, error_by_step, forecast_metrics
from recurra.evaluation.scale import TargetScale

__all__ = [
    "BASELINES",
    "ETS",
    "METRICS",
    "BaselineForecast",
    "Evaluation",
    "TargetScale",
    "baseline_forecasts",
    "error_by_step",
    "evaluate_forecasts",
    "forecast_metrics",
]
