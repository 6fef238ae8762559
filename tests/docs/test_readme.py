"""What the README shows works as it is written."""

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.io
import soundfile

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RECURRA = Path(sys.executable).parent / "recurra"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the README's files: hourly loads with a daily rhythm, reviews, sentences and clips."""
    hours = np.arange(24 * 60)
    rng = np.random.default_rng(0)
    load = 100 + 20 * np.sin(2 * np.pi * hours / 24) + rng.normal(size=len(hours))
    frame = pl.DataFrame(
        {"time": np.datetime64("2026-01-01", "us") + hours * np.timedelta64(1, "h"), "load": load}
    )
    for name in ("load.csv", "today.csv", "another-year.csv"):
        frame.write_csv(tmp_path / name)
    verdicts = ["good", "bad"] * 20
    reviews = [f"a {verdict} film" for verdict in verdicts]
    pl.DataFrame({"review": reviews, "verdict": verdicts}).write_csv(tmp_path / "reviews.csv")
    (tmp_path / "new-reviews.txt").write_text("a good day\nbad\n")
    words = [("dogs", "NOUN"), ("bark", "VERB")]
    rows = [f"{k}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n" for k, (word, tag) in enumerate(words, 1)]
    (tmp_path / "sentences.conllu").write_text(("".join(rows) + "\n") * 20)
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        for k in range(20):
            soundfile.write(tmp_path / "clip.wav", rng.normal(0, 0.1, 4000), 8000)
            archive.write(tmp_path / "clip.wav", f"{'yes' if k % 2 else 'no'}_{k}.wav")
    (tmp_path / "plays.txt").write_text("ROMEO:\nO, she doth teach the torches to burn bright!\n\n" * 40)
    (tmp_path / "names.txt").write_text("emma\nolivia\nava\n" * 20)
    chorales = {part: np.empty(3, object) for part in ("traindata", "validdata", "testdata")}
    for part in chorales.values():
        part[:] = [rng.integers(0, 2, (20, 88)) for _ in part]
    scipy.io.savemat(tmp_path / "chorales.mat", chorales)
    for name, count in (("train", 40), ("test", 10), ("new", 3)):
        (tmp_path / f"{name}.de").write_text("ein hund\nzwei hunde\n" * count)
        (tmp_path / f"{name}.en").write_text("a dog\ntwo dogs\n" * count)
    pl.DataFrame({"path": ["clip.wav"] * 20, "words": ["yes", "no"] * 10}).write_csv(tmp_path / "clips.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    return [block for of, block in found if of == language]


def test_the_commands_run(folder):
    commands = [
        shlex.split(line.removeprefix(".venv/bin/recurra "))
        for block in blocks("")
        for line in block.splitlines()
        if line.startswith(".venv/bin/recurra ")
    ]
    verbs = [command[0] for command in commands]
    assert " ".join(verbs) == (
        "fit predict evaluate fit predict fit fit fit generate fit fit generate fit predict predict fit"
    )
    for command in commands:
        short = ["--epochs", "1"] if command[0] == "fit" else []
        subprocess.run([RECURRA, *command, *short], check=True, capture_output=True, cwd=folder, input=b"")
    assert (folder / "load.html").exists()
    assert {"reviews.safetensors", "tags.safetensors", "words.safetensors"} <= {
        path.name for path in folder.iterdir()
    }
    assert (folder / "tune.mid").read_bytes().startswith(b"MThd")
    assert (folder / "forecast.csv").read_text().startswith("time,point,q0.1,q0.5,q0.9\n")


def test_the_python_examples_run(folder):
    first, labels, second = blocks("python")
    exec(first.replace("horizon=24)", "horizon=24, epochs=1)"), {})  # noqa: S102 - the README's own code
    assert (folder / "load.safetensors").exists()
    names = {}
    exec(labels, names)  # noqa: S102 - the README's own code
    assert names["classifier"].predict(["a fine day"]).tolist() == ["good"]
    setting = "import torch\nbatch = torch.randn(4, 42, 64)\n"
    names = {}
    exec(setting + second, names)  # noqa: S102 - the README's own code
    assert names["output"].shape == (4, 42, 128)
    assert not names["output"][2].any()


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
