"""recurra demo: the main job on real data, from a table to a forecast without PyTorch."""

import csv
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from recurra._base.errors import InputError, RecurraError
from recurra.cli import console
from recurra.cli.fit.forecast import say_forecaster, train_forecaster

SETTINGS = {"target": "co2", "time": "time", "horizon": 52}
_SHOWN = 7


def demo(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder to write to; made if it is not there.")
    ] = Path("demo-out"),
) -> None:
    """Train on the weekly CO2 record of Mauna Loa, then forecast the next 52 weeks without PyTorch.

    The record ships inside statsmodels: real data with real gaps. Written are the data, the model, its
    report and the forecast. Takes a few minutes on 2 cores.
    """
    start = time.perf_counter()
    try:
        out.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{out} cannot be made: {error.strerror}; give another folder") from None
    data, model = out / "co2.csv", out / "co2.safetensors"
    report, forecast = out / "co2.report.html", out / "co2.forecast.csv"
    _write_data(data)
    console.say("CO2 in the air at Mauna Loa, week by week, in parts per million\n", "bold")
    forecaster = train_forecaster(data, model, report, SETTINGS, show=True)
    say_forecaster(forecaster)

    console.say(
        f"\nThe next {SETTINGS['horizon']} weeks, from the saved file in a process of its own\n", "bold"
    )
    child = [sys.executable, "-m", "recurra.cli.without_torch", str(model), str(data), str(forecast)]
    done = subprocess.run(child, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RecurraError(f"forecasting in a process of its own failed: {done.stderr.strip()}")
    console.say(done.stdout.strip())
    _say_forecast(forecast)
    files = {"Data": data, "Model": model, "Report": report, "Forecast": forecast}
    console.say_files({label: path.resolve() for label, path in files.items()}, time.perf_counter() - start)
    console.say("\nOn your own data: recurra fit forecast DATA --target COL --horizon N -o MODEL")


def _write_data(path: Path) -> None:
    from recurra.artifact.writing import check_writable, replace_file
    from recurra.data import mauna_loa

    check_writable(path)
    replace_file(path, mauna_loa().write_csv().encode())


def _say_forecast(path: Path) -> None:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = [rows[round(i * (len(rows) - 1) / (_SHOWN - 1))] for i in range(_SHOWN)]
    table = [
        [row["time"], *(f"{float(row[name]):.1f}" for name in ("point", "q0.1", "q0.9"))] for row in shown
    ]
    console.say_table(["Week", "CO2, ppm", "10 %", "90 %"], table)
