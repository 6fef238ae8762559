"""Trained models at work, on NumPy and the native core alone: load, predict, evaluate."""

from recurra.runtime.forecast import Forecast, ForecastModel, forecast_artifact
from recurra.runtime.forecast_inputs import ForecastInputs
from recurra.runtime.load import load
from recurra.runtime.network import Network, network_spec
from recurra.runtime.parts import Autoregression, Linear, Part, Pool, Recurrent

__all__ = [
    "Autoregression",
    "Forecast",
    "ForecastInputs",
    "ForecastModel",
    "Linear",
    "Network",
    "Part",
    "Pool",
    "Recurrent",
    "forecast_artifact",
    "load",
    "network_spec",
]
