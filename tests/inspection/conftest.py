"""A forecaster made by hand: real data, real baselines, a network whose weights are merely initialised."""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from recurra.cells import LSTM, Stack
from recurra.data import Scaler, Series, Split, impute, make_windows, split_rows
from recurra.evaluation import Evaluation, TargetScale, evaluate_forecasts
from recurra.runtime import ForecastInputs, ForecastModel, forecast_artifact

LEVELS = (0.1, 0.5, 0.9)
HISTORY = {
    "epochs": [
        {"epoch": 1, "loss": 0.5, "validation_loss": 0.6, "gradient_norm": 1.5},
        {"epoch": 2, "loss": 0.3, "validation_loss": 0.35, "gradient_norm": 0.7},
        {"epoch": 3, "loss": 0.25, "validation_loss": 0.4, "gradient_norm": 0.4},
    ],
    "best_epoch": 2,
}


@dataclass(frozen=True)
class Made:
    """What a report is written from."""

    model: ForecastModel
    evaluation: Evaluation
    series: Series
    split: Split

    @property
    def story(self) -> tuple[Any, ...]:
        return self.model, self.evaluation, self.series, self.split


@pytest.fixture(scope="session")
def make():
    def made(series: Series, *, context: int = 8, horizon: int = 4, hidden_size: int = 4) -> Made:
        split = split_rows(series.time)
        series = impute(series, split.parts)
        train, test = (
            make_windows(series, part, context=context, horizon=horizon, name="part")
            for part in (split.train, split.test)
        )
        stack = Stack(LSTM(input_size=len(series.names), hidden_size=hidden_size))
        rng = np.random.default_rng(0)
        tensors = {f"encoder.{name}": value for name, value in stack.initialise(rng).items()}
        size = horizon * len(LEVELS)
        tensors["head.weight"] = rng.normal(scale=0.1, size=(size, hidden_size)).astype(np.float32)
        tensors["head.bias"] = np.tile(np.asarray([-1, 0, 1], np.float32), horizon)
        inputs = ForecastInputs(
            target=series.names[0],
            past=series.names[1:],
            time=series.time_name,
            frequency=series.frequency,
            context=context,
            horizon=horizon,
            levels=LEVELS,
            scaler=Scaler.fit(train),
            scale=TargetScale.fit(series, split.train),
        )
        card = {
            "settings": {"cell": "lstm", "hidden_size": hidden_size, "past": [], "context": None, "seed": 0},
            "windows": {"training": len(train), "validation": 1, "test": len(test)},
            "versions": {"recurra": "0.1.0", "torch": "2.13.0"},
            "date": "2024-02-29",
            "data": {"fingerprint": "f00d"},
            "intended_use": "Forecasts like these.",
            "risks": ["It may be wrong."],
        }
        model = ForecastModel(forecast_artifact(inputs, stack, tensors, history=HISTORY, card=card))
        quantiles = model.predict_windows(test.context)
        evaluation = evaluate_forecasts(
            series, test, quantiles, levels=LEVELS, scale=inputs.scale, train=split.train
        )
        return Made(model, evaluation, series, split)

    return made


@pytest.fixture(scope="session")
def fitted():
    """Small fitted estimators of labelled sequences, by name, each fitted when it is first asked for."""
    from tests.inspection.fitted import MAKERS

    return functools.cache(lambda name: MAKERS[name]())


@pytest.fixture(scope="session")
def fitted_language():
    """Small fitted language models, by name, each fitted when it is first asked for."""
    from tests.inspection.fitted_language import MAKERS

    return functools.cache(lambda name: MAKERS[name]())
