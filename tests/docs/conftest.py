"""The files that the documentation names, small: its commands and examples run on them."""

import contextlib
import functools
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.io
import soundfile

from recurra.data import mauna_loa
from tests.docs.small import execute, small

RATE = 8000


def write_tables(folder: Path, rng: np.random.Generator) -> None:
    """Weeks of CO2, hourly loads with a daily rhythm, and machines and doings, a row for each step."""
    (folder / "demo-out").mkdir()
    mauna_loa().tail(600).write_csv(folder / "demo-out" / "co2.csv")
    hours = np.arange(24 * 25)
    load = 100 + 20 * np.sin(2 * np.pi * hours / 24) + rng.normal(size=len(hours))
    times = np.datetime64("2026-01-01", "us") + hours * np.timedelta64(1, "h")
    frame = pl.DataFrame({"time": times, "load": load, "temperature": load / 10})
    for name in ("load.csv", "today.csv", "another-year.csv"):
        frame.write_csv(folder / name)
    steps = [(machine, minute) for machine in range(24) for minute in range(6)]
    sensors = {
        "machine": [f"m{machine}" for machine, _ in steps],
        "minute": [minute for _, minute in steps],
        "pressure": rng.normal(size=len(steps)) + [machine % 2 for machine, _ in steps],
        "state": ["worn" if machine % 2 else "new" for machine, _ in steps],
    }
    pl.DataFrame(sensors).write_csv(folder / "sensors.csv")
    wear = {**sensors, "hours_left": [100 - machine for machine, _ in steps]}
    pl.DataFrame(wear).drop("state").write_csv(folder / "wear.csv")
    frames = {
        "recording": sensors["machine"],
        "frame": sensors["minute"],
        "elbow": sensors["pressure"],
        "doing": ["sit" if minute < 3 else "stand" for _, minute in steps],
    }
    pl.DataFrame(frames).write_csv(folder / "frames.csv")


def write_texts(folder: Path) -> None:
    """Reviews, sentences with tags, a play, names, and pairs of languages and of questions with answers."""
    verdicts = ["good", "bad"] * 20
    reviews = [f"a {verdict} film number {k}" for k, verdict in enumerate(verdicts)]
    authors = [f"author {k % 8 // 2}" for k in range(40)]
    for name in ("reviews.csv", "other-reviews.csv"):
        frame = pl.DataFrame({"review": reviews, "verdict": verdicts, "author": authors})
        frame.write_csv(folder / name)
    (folder / "new-reviews.txt").write_text("a good day\nbad\n")
    words = [("dogs", "NOUN", "Number=Plur"), ("bark", "VERB", "_")]
    rows = [f"{k}\t{word}\t_\t{tag}\t_\t{more}\t_\t_\t_\t_\n" for k, (word, tag, more) in enumerate(words, 1)]
    for name in ("sentences.conllu", "train.conllu", "test.conllu"):
        (folder / name).write_text(("".join(rows) + "\n") * 20)
    (folder / "names.tsv").write_text("Ada\tB-who\nLee\tI-who\nleft\tO\n\nBo\tB-who\nsang\tO\n\n" * 20)
    (folder / "plays.txt").write_text("ROMEO:\nO, she doth teach the torches to burn bright!\n\n" * 40)
    (folder / "names.txt").write_text("emma\nolivia\nava\n" * 20)
    posts = {"text": [f"a fine day, {k}" for k in range(40)], "stars": [k % 5 + 0.5 for k in range(40)]}
    pl.DataFrame(posts).write_ndjson(folder / "posts.jsonl")
    for name, count in (("train", 40), ("val", 10), ("test", 10), ("new", 3)):
        (folder / f"{name}.de").write_text("".join(f"{k} hunde\n" for k in range(count)))
        (folder / f"{name}.en").write_text("".join(f"{k} dogs\n" for k in range(count)))
    pairs = {"question": [f"how many, {k}" for k in range(40)], "answer": ["two", "three"] * 20}
    pl.DataFrame(pairs).write_csv(folder / "questions.csv")
    vectors = "".join(f"{word} 0.1 0.2 0.3 0.4\n" for word in ("film", "good", "bad", "number"))
    (folder / "vectors.txt").write_text(vectors)


def write_clips(folder: Path, rng: np.random.Generator) -> None:
    """Clips whose names tell a digit and a speaker, or a word; tables of them; a recording with events."""

    def noise(path: Path, seconds: float) -> None:
        soundfile.write(path, rng.normal(0, 0.1, round(seconds * RATE)), RATE)

    noise(folder / "clip.wav", 0.5)
    noise(folder / "evening.wav", 3)
    (folder / "events.csv").write_text("time,label\n1.0,yes\n")
    archives = {
        "clips.zip": [f"{k % 2}_{('ada', 'bo', 'cy', 'di')[k % 8 // 2]}_{k}" for k in range(24)]
        + [f"{'yes' if k % 2 else 'no'}_{k}" for k in range(20)],
        "words.zip": [f"{('yes', 'noise')[k % 2]}_{k}" for k in range(20)],
    }
    for name, clips in archives.items():
        with zipfile.ZipFile(folder / name, "w") as archive:
            for clip in clips:
                archive.write(folder / "clip.wav", f"{clip}.wav")
    said = {"path": ["clip.wav"] * 20, "words": ["yes", "no"] * 10}
    reviews = {"review": ["a good film", "a bad film"] * 10, "verdict": ["good", "bad"] * 10}
    for name in ("clips.csv", "train.csv", "new.csv"):
        pl.DataFrame(said).write_csv(folder / name)
    pl.DataFrame(said | reviews).write_csv(folder / "test.csv")  # of clips on one page, of reviews on another


def write_music(folder: Path, rng: np.random.Generator) -> None:
    """Piano rolls as MATLAB has them."""
    parts = {part: np.empty(3, object) for part in ("traindata", "validdata", "testdata")}
    for part in parts.values():
        part[:] = [rng.integers(0, 2, (20, 88)) for _ in part]
    scipy.io.savemat(folder / "chorales.mat", parts)


@pytest.fixture(scope="session")
def named_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every data file that the documentation names."""
    folder, rng = tmp_path_factory.mktemp("named"), np.random.default_rng(0)
    write_tables(folder, rng)
    write_texts(folder)
    write_clips(folder, rng)
    write_music(folder, rng)
    return folder


@pytest.fixture(autouse=True)
def quick_ets(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step of the search for the baseline's parameters, which takes seconds on these series."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    monkeypatch.setattr(ETSModel, "fit", functools.partialmethod(ETSModel.fit, maxiter=1))


@pytest.fixture(scope="session")
def trained(named_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The model that a command trains, once for all tests."""
    found: dict[str, Path] = {}

    def model(line: str) -> Path:
        if line not in found:
            path = tmp_path_factory.mktemp("trained") / "model.safetensors"
            with contextlib.chdir(named_files):
                execute([*small(line), "-o", str(path)])
            found[line] = path
        return found[line]

    return model


@pytest.fixture
def folder(named_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files in a folder of their own, which is the working directory."""
    shutil.copytree(named_files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
