"""Model cards: where a model comes from, how good it was, what it is for (after Mitchell et al. 2019)."""

import datetime as dt
import hashlib
import json
import numbers
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from recurra.data import Series, Split, format_time
from recurra.evaluation import Evaluation

_LIBRARIES = ("recurra", "torch", "lightning-fabric", "numpy", "polars", "scikit-learn", "statsmodels")

_FORECAST_USE = (
    "Forecasts of {target}, {horizon} steps ahead, from the {context} rows before, on data that is measured "
    "as the training data was."
)
_FORECAST_RISKS = (
    "The test part tells how good the forecasts are on one stretch of one series; elsewhere, and later, they "
    "may be worse, above all once the series behaves in a way that the training part does not show.",
    "The quantiles are learnt, not guaranteed: compare the coverage on the test part with what it should be "
    "before relying on them.",
    "Only the columns given are seen: what else moves the target is not.",
)


def forecast_card(
    series: Series,
    split: Split,
    windows: Mapping[str, int],
    evaluation: Evaluation,
    *,
    settings: Mapping[str, Any],
    context: int,
) -> dict[str, Any]:
    """The card of a forecaster, as plain JSON values.

    Args:
        series: what it was trained on.
        split: the parts of ``series``.
        windows: how many windows each part has.
        evaluation: of the test part.
        settings: the estimator's arguments by name.
        context: the rows that a forecast sees.
    """
    scores = evaluation.to_dict()
    return {
        "data": {
            "fingerprint": series_fingerprint(series),
            "rows": len(series),
            "columns": list(series.names),
            "first": format_time(series.time[0]),
            "last": format_time(series.time[-1]),
            "frequency": series.frequency,
            "gaps": series.report.to_dict(),
        },
        "split": split.to_dict(series.time),
        "windows": dict(windows),
        "metrics": scores["metrics"],
        "baselines": scores["baselines"],
        "failed_baselines": scores["failed_baselines"],
        **common_card(settings),
        "intended_use": _FORECAST_USE.format(
            target=series.names[0], horizon=settings["horizon"], context=context
        ),
        "risks": list(_FORECAST_RISKS),
    }


def common_card(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the cards of all tasks say: settings, seed, versions and the date."""
    return {
        "settings": {name: plain(value) for name, value in settings.items()},
        "seed": plain(settings["seed"]),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
    }


def series_fingerprint(series: Series) -> str:
    """SHA-256, in hexadecimal, of names, frequency, times and observed values, whatever the file's format."""
    digest = hashlib.sha256(json.dumps([series.names, series.frequency]).encode())
    digest.update(series.time.astype("<i8").tobytes())
    digest.update(series.observed.tobytes())
    digest.update(np.where(series.observed, series.values, 0.0).astype("<f8").tobytes())
    return digest.hexdigest()


def plain(value: Any) -> Any:
    """A setting as JSON has it; dates as text."""
    if isinstance(value, bool | str | None):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else str(value)
