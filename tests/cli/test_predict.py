import csv
import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import recurra
import recurra.data


def test_the_forecast_is_printed_as_csv_and_is_the_library_s(run, trained) -> None:
    result = run("predict", trained.model, trained.data)
    assert result.exit_code == 0
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["time", "point", "q0.1", "q0.5", "q0.9"]
    forecast = recurra.load(trained.model).predict(trained.data)
    np.testing.assert_array_equal(
        np.asarray([row[1:] for row in rows[1:]], dtype=float)[:, 0], forecast.point
    )
    np.testing.assert_array_equal(np.asarray([row[2:] for row in rows[1:]], dtype=float), forecast.quantiles)
    assert [rows[1][0], rows[-1][0]] == ["2025-05-15", "2025-05-26"]


def test_what_was_imputed_is_said_on_standard_error(run, trained) -> None:
    result = run("predict", trained.model, trained.data)
    assert "load: 3 of 494 values missing" in result.stderr
    assert "linear" in result.stderr


@pytest.mark.parametrize("name", ["f.csv", "f.parquet", "f.PARQUET"])
def test_the_forecast_can_be_written(run, trained, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    result = run("predict", trained.model, trained.data, "-o", out)
    assert (result.exit_code, result.stdout) == (0, "")
    frame = (
        pl.read_parquet(out) if name.lower().endswith("parquet") else pl.read_csv(out, try_parse_dates=True)
    )
    assert frame.equals(recurra.load(trained.model).predict(trained.data).to_frame())
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_written_forecast_can_be_read_again(run, trained, tmp_path: Path) -> None:
    out = tmp_path / "f.csv"
    run("predict", trained.model, trained.data, "-o", out)
    series = recurra.data.read_series(out, columns=["point"], time="time")
    assert (series.frequency, len(series)) == ("1d", 12)


def test_times_of_a_zone_are_written_in_utc_and_say_so(run, trained, tmp_path: Path) -> None:
    lines = trained.data.read_text().splitlines()
    zoned = [lines[0], *(line.replace(",", "T06:00+02:00,", 1) for line in lines[1:])]
    (tmp_path / "zoned.csv").write_text("\n".join(zoned))
    out = tmp_path / "f.csv"
    result = run("predict", trained.model, tmp_path / "zoned.csv", "-o", out)
    assert "The times in 'time' have a time zone; all times are given in UTC." in result.stderr
    assert out.read_text().splitlines()[1].startswith("2025-05-15 04:00Z,")
    series = recurra.data.read_series(out, columns=["point"], time="time")
    assert (series.utc, series.time[0]) == (True, np.datetime64("2025-05-15T04:00"))


def test_evaluate_prints_one_object(run, trained) -> None:
    result = run("evaluate", trained.model, trained.data, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    expected = recurra.load(trained.model).evaluate(trained.data).to_dict()
    assert {name: printed[name] for name in expected} == expected
    assert (printed["model"], printed["data"]) == (str(trained.model), str(trained.data))
    assert set(printed) - set(expected) == {"model", "data", "seconds"}
    assert printed["gaps"]["missing"] == {"load": 3, "weekday": 0}


def test_evaluate_prints_a_table_for_people(run, trained) -> None:
    result = run("evaluate", trained.model, trained.data)
    assert result.exit_code == 0
    evaluation = recurra.load(trained.model).evaluate(trained.data)
    row = next(line.split() for line in result.stdout.splitlines() if line.startswith(" MAE"))
    expected = [metrics["mae"] for metrics in (evaluation.metrics, *evaluation.baselines.values())]
    np.testing.assert_allclose([float(text) for text in row[1:]], expected, atol=5e-3)
    assert f"{evaluation.windows} forecasts of load, 2024-01-25 to 2025-05-14" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
