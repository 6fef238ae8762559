"""Files of format 1 as they were first written: their exact bytes, and the forecasts that they still give."""

import json
from pathlib import Path

import numpy as np
import pytest

from recurra import artifact as artifacts
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import Scaler, TargetTransform
from recurra.evaluation import TargetScale
from recurra.runtime import ForecastInputs, forecast_artifact, load

HERE = Path(__file__).parent
CELLS = {
    "rnn": cell("rnn", input_size=2, hidden_size=3, nonlinearity="tanh"),
    "lstm": cell("lstm", input_size=2, hidden_size=3),
    "gru": cell("gru", input_size=2, hidden_size=3, bias=False),  # counts rows
    "autoregression": cell("lstm", input_size=2, hidden_size=3),  # as recurra fit forecast writes them
    "transform": cell("lstm", input_size=2, hidden_size=3),  # with --transform box-cox
}
CURVE = TargetTransform("box-cox", exponent=-0.5, centre=5.75, unit=1.0, largest=420.5)


def numbers(shape: tuple[int, ...], start: int) -> np.ndarray:
    """Numbers in (-1, 1) that look random and are exact everywhere."""
    places = np.arange(start, start + int(np.prod(shape)))
    return ((places * places * 7919 % 2003 - 1001) / 1024).astype(np.float32).reshape(shape)


def made_now(name: str) -> Artifact:
    stack = Stack(CELLS[name], num_layers=2)
    shapes = {f"encoder.{key}": shape for key, shape in stack.parameter_shapes().items()}
    shapes |= {"head.weight": (6, 3), "head.bias": (6,)}
    shapes |= {"autoregression.weight": (2, 5)} if name in ("autoregression", "transform") else {}
    dated = name != "gru"
    scaler = Scaler(True, np.array([0.25, -1.5]), np.array([2.5, 0.1]), 0.3, 3.5)
    if name == "transform":
        scaler = Scaler(True, np.array([0.0, -1.5]), np.array([0.25, 0.1]), 0.0, 0.125, CURVE)
    inputs = ForecastInputs(
        target="CO₂",
        past=("wind",),
        time="time" if dated else None,
        frequency="1d" if dated else None,
        context=5,
        horizon=2,
        levels=(0.1, 0.5, 0.9),
        scaler=scaler,
        scale=TargetScale(mean=340.5, deviation=17.25, naive_error=1.5, season=7),
    )
    return forecast_artifact(
        inputs,
        stack,
        {key: numbers(shape, 100 * i) for i, (key, shape) in enumerate(shapes.items())},
        history={"epochs": [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.125}]},
        card={"seed": 7, "metrics": {"mae": 1e-07, "mase": None}, "unit": "µmol/mol"},
    )


@pytest.mark.parametrize("name", CELLS)
def test_exact_bytes(name, tmp_path):
    path = tmp_path / "model.safetensors"
    artifacts.save(made_now(name), path)
    assert path.read_bytes() == (HERE / f"forecast-{name}-1.safetensors").read_bytes()


@pytest.mark.parametrize("name", CELLS)
def test_an_old_file_loads_and_forecasts_as_it_did(name):
    """The expected quantiles were computed by torch.nn in float64 when the file was first written."""
    model = load(HERE / f"forecast-{name}-1.safetensors")
    expected = json.loads((HERE / "forecasts-1.json").read_text())[name]
    assert model.fingerprint == expected["fingerprint"]
    context = 300 + numbers((2, 5, 2), 9000).astype(np.float64)
    np.testing.assert_allclose(model.predict_windows(context), expected["quantiles"], rtol=0, atol=2e-5)
