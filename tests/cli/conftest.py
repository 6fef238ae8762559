import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from recurra.cli.app import app

QUICK = ["--context", "24", "--hidden-size", "6", "--epochs", "2"]


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns without colours, whatever the tests run in."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def run() -> Callable[..., Any]:
    """Run the command line in this process: exit_code, stdout and stderr."""
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@dataclass(frozen=True)
class Trained:
    """A small model that the command line has trained."""

    data: Path
    model: Path
    report: Path
    printed: dict[str, Any]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 days with a weekly season; three values and six rows are missing."""
    rng = np.random.default_rng(0)
    days = np.datetime64("2024-01-01") + np.arange(500)
    load = 50 + 10 * np.sin(np.arange(500) * 2 * np.pi / 7) + rng.normal(size=500)
    lines = [f"{day},{value:.3f},{i % 7}" for i, (day, value) in enumerate(zip(days, load))]
    for row in (40, 41, 42):
        when, _, weekday = lines[row].split(",")
        lines[row] = f"{when},,{weekday}"
    path = tmp_path_factory.mktemp("data") / "load.csv"
    path.write_text("\n".join(["time,load,weekday", *lines[:100], *lines[106:]]) + "\n")
    return path


@pytest.fixture(scope="session")
def trained(run: Callable[..., Any], data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    model = folder / "load.safetensors"
    result = run(
        "fit", "forecast", data, "--target", "load", "--time", "time", "--horizon", 12, "--past", "weekday",
        *QUICK, "--train", 300, "--validation", 80, "--test", 100, "-o", model, "--json",
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    return Trained(data, model, folder / "load.report.html", json.loads(result.stdout))
