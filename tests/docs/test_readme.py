"""What the README shows works as it is written."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RECURRA = Path(sys.executable).parent / "recurra"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the README's files: hourly loads with a daily rhythm."""
    hours = np.arange(24 * 60)
    rng = np.random.default_rng(0)
    load = 100 + 20 * np.sin(2 * np.pi * hours / 24) + rng.normal(size=len(hours))
    frame = pl.DataFrame(
        {"time": np.datetime64("2026-01-01", "us") + hours * np.timedelta64(1, "h"), "load": load}
    )
    for name in ("load.csv", "today.csv", "another-year.csv"):
        frame.write_csv(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_commands_run(folder):
    commands = [
        line.removeprefix(".venv/bin/recurra ").split()
        for block in blocks("")
        for line in block.splitlines()
        if line.startswith(".venv/bin/recurra ")
    ]
    assert [command[0] for command in commands] == ["fit", "predict", "evaluate"]
    for command in commands:
        short = ["--epochs", "1"] if command[0] == "fit" else []
        subprocess.run([RECURRA, *command, *short], check=True, capture_output=True, cwd=folder)
    assert (folder / "load.html").exists()
    assert (folder / "forecast.csv").read_text().startswith("time,point,q0.1,q0.5,q0.9\n")


def test_the_python_examples_run(folder):
    first, second = blocks("python")
    exec(first.replace("horizon=24)", "horizon=24, epochs=1)"), {})  # noqa: S102 - the README's own code
    assert (folder / "load.safetensors").exists()
    setting = "import torch\nbatch = torch.randn(4, 42, 64)\n"
    names = {}
    exec(setting + second, names)  # noqa: S102 - the README's own code
    assert names["output"].shape == (4, 42, 128)
    assert not names["output"][2].any()


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
