"""--transform: targets that are learnt on a curve, from the command line to the prediction."""

import json
from pathlib import Path

import numpy as np
import polars as pl

import recurra

SERIES = ["--series", "id", "--time", "t", "--column", "x"]
QUICK = ["--hidden-size", 4, "--epochs", 1]


def test_a_forecaster(run, data: Path, tmp_path: Path) -> None:
    table = tmp_path / "load.csv"
    load = pl.read_csv(data).with_columns(load=(pl.col("load") / 10).exp())
    load.write_csv(table)
    words = [
        table, "--target", "load", "--horizon", 7, "--context", 14, *QUICK, "--transform", "log",
        "-o", tmp_path / "m.safetensors",
    ]  # fmt: skip
    result = run("fit", "forecast", *words)
    assert result.exit_code == 0
    assert "load is learnt by the logarithm." in result.stdout
    expected = recurra.load(tmp_path / "m.safetensors").predict(table)
    run("predict", tmp_path / "m.safetensors", table, "-o", tmp_path / "f.parquet")
    assert pl.read_parquet(tmp_path / "f.parquet").equals(expected.to_frame())
    assert expected.quantiles.min() > 0


def test_a_forecaster_of_what_a_curve_does_not_have(refused, tmp_path: Path) -> None:
    table = tmp_path / "load.csv"
    days = [f"2024-01-{day:02},{day - 9}" for day in range(1, 32)]
    table.write_text("\n".join(["day,load", *days]))
    words = [table, "--target", "load", "--horizon", 1, "--context", 2, "-o", tmp_path / "m.safetensors"]
    assert refused("fit", "forecast", *words, "--transform", "box-cox") == (
        "error: target 'load' must be above 0 for the transform box-cox, got -8 at 2024-01-01; "
        "fit with yeo-johnson, which takes any number"
    )


def test_a_regressor(fitted, run, corpus: Path, tmp_path: Path) -> None:
    rows = pl.read_csv(corpus / "series.csv").with_columns(slope=pl.col("slope").exp())
    rows.write_csv(tmp_path / "series.csv")
    words = [*SERIES, "--label", "slope", "--transform", "box-cox", "--no-bidirectional"]
    trained = fitted("regress", tmp_path / "series.csv", *words)
    model = recurra.load(trained.model)
    curve = model.target_transform
    assert trained.printed["notes"] == [
        f"The labels are learnt on the Box-Cox curve with the exponent {curve.exponent:.3g}."
    ]
    expected = model.predict_quantiles(tmp_path / "series.csv")
    lines = run("stream", trained.model, tmp_path / "series.csv", "--json").stdout.splitlines()
    steps = [json.loads(line) for line in lines]
    last = [step for step, after in zip(steps, [*steps[1:], {"step": 1}]) if after["step"] == 1]
    np.testing.assert_array_equal(
        [[step[name] for name in ("q0.1", "q0.5", "q0.9")] for step in last], expected
    )


def test_a_regressor_of_what_a_curve_does_not_have(refused, corpus: Path, tmp_path: Path) -> None:
    words = [*SERIES, "--label", "slope", "-o", tmp_path / "m.safetensors"]
    message = refused("fit", "regress", corpus / "series.csv", *words, "--transform", "log")
    first, _, last = message.partition(", got ")
    assert first == "error: the labels must be above 0 for the transform log"
    assert last.endswith(" in the training part; fit with yeo-johnson, which takes any number")
    assert refused("fit", "regress", corpus / "series.csv", *words, "--transform", "sqrt") == (
        "error: --transform must be one of standard, robust, log, box-cox, yeo-johnson, got 'sqrt'"
    )
