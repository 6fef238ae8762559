import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import Scaler
from recurra.evaluation import TargetScale
from recurra.runtime import ForecastInputs, forecast_artifact


@pytest.fixture
def inputs() -> ForecastInputs:
    """Two columns by the hour, centred; nothing has the value that an unset field would have."""
    return ForecastInputs(
        target="load",
        past=("temperature",),
        time="date",
        frequency="1h",
        context=6,
        horizon=4,
        levels=(0.1, 0.5, 0.9),
        scaler=Scaler(True, np.array([0.3, -1.5]), np.array([2.5, 0.7]), 0.25, 3.5),
        scale=TargetScale(mean=101.5, deviation=12.5, naive_error=4.75, season=24),
    )


@pytest.fixture
def make(inputs) -> Callable[..., Artifact]:
    """Make a forecaster with random weights and biases; keyword arguments replace fields of its inputs."""

    def make(name: str = "lstm", hidden_size: int = 5, num_layers: int = 1, **fields: Any) -> Artifact:
        own = dataclasses.replace(inputs, **fields)
        stack = Stack(cell(name, input_size=own.input_size, hidden_size=hidden_size), num_layers)
        rng = np.random.default_rng(3)
        shapes = {f"encoder.{key}": shape for key, shape in stack.parameter_shapes().items()}
        shapes |= {
            "head.weight": (own.output_size, stack.output_size),
            "head.bias": (own.output_size,),
        }
        tensors = {key: rng.normal(0, 0.6, shape).astype(np.float32) for key, shape in shapes.items()}
        return forecast_artifact(own, stack, tensors, history={"loss": [1.0, 0.5]}, card={"rows": 99})

    return make
