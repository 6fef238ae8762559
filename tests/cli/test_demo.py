import csv
import sys
from pathlib import Path

import polars as pl
import pytest

import recurra
from recurra.cli import demo
from recurra.data import mauna_loa


def test_the_demo_goes_the_whole_way(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # By the month and one epoch long: baselines with 52 weeks take most of the time.
    monthly = mauna_loa().group_by_dynamic("time", every="1mo").agg(pl.col("co2").mean())
    monkeypatch.setattr(recurra.data, "mauna_loa", lambda: monthly)
    quick = {"context": 24, "horizon": 12, "hidden_size": 4, "epochs": 1}
    monkeypatch.setattr(demo, "SETTINGS", {**demo.SETTINGS, **quick})
    out = tmp_path / "new"
    result = run("demo", "--out", out)
    assert result.exit_code == 0, result.output
    files = {
        "data": "co2.csv",
        "model": "co2.safetensors",
        "report": "co2.report.html",
        "forecast": "co2.forecast.csv",
    }
    assert sorted(path.name for path in out.iterdir()) == sorted(files.values())
    with (out / "co2.forecast.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["time", "point", "q0.1", "q0.5", "q0.9"]
    assert [len(rows), rows[0]["time"], rows[-1]["time"]] == [12, "2002-01-01", "2002-12-01"]
    assert float(rows[0]["point"]) == recurra.load(out / "co2.safetensors").predict(out / "co2.csv").point[0]
    assert "forecast without PyTorch" in result.stdout
    for name in files.values():
        assert str(out / name) in result.stdout


def test_the_child_notices_pytorch(trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from recurra.cli import without_torch

    monkeypatch.setitem(sys.modules, "torch", sys)
    with pytest.raises(SystemExit, match="predicting imported torch"):
        without_torch._main(str(trained.model), str(trained.data), str(tmp_path / "f.csv"))


def test_a_folder_that_cannot_be_made(run, tmp_path: Path) -> None:
    result = run("demo", "--out", tmp_path / "no" / "demo")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: {tmp_path / 'no' / 'demo'} cannot be made: No such file or directory; give another folder\n"
    )
