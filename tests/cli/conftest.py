import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
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


@pytest.fixture
def refused(run: Callable[..., Any], tmp_path: Path) -> Callable[..., str]:
    """Run a command that must be refused, and return its message, which is one line without a traceback."""

    def refused(*words: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        result = run(*words)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert sorted(tmp_path.rglob("*")) == before
        message, *rest = result.stderr.splitlines()
        assert rest == []
        return message.replace(str(tmp_path), "TMP")

    return refused


SMALL = ["--hidden-size", "4", "--epochs", "2"]
WORDS = {"NOUN": ["cat", "dog", "film", "tree"], "VERB": ["sees", "likes", "eats"], "DET": ["a", "the"]}
TAGS = ["DET", "NOUN", "VERB", "DET", "NOUN"]
RATE = 8000


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small labelled data of every kind: texts, tagged words, series and sounds."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)

    def lines(name: str, count: int) -> None:
        words = {"1": ["good", "fine", "moving"], "0": ["bad", "dull", "slow"]}
        rows = [
            f"a {rng.choice(words[label])} {rng.choice(WORDS['NOUN'])}\t{label}\n"
            for label in "10" * (count // 2)
        ]
        (folder / name).write_text("".join(rows))

    def sentences(name: str, count: int) -> None:
        drawn = [[(rng.choice(WORDS[tag]), tag) for tag in TAGS] for _ in range(count)]
        conllu = "{}\t{}\t_\t{}\t_\t_\t0\t_\t_\t_\n"
        blocks = ["".join(conllu.format(i, *pair) for i, pair in enumerate(pairs, 1)) for pairs in drawn]
        (folder / f"{name}.conllu").write_text("\n".join(blocks))
        blocks = ["".join("\t".join(pair) + "\n" for pair in pairs) for pairs in drawn]
        (folder / f"{name}.tsv").write_text("\n".join(blocks))

    for name, count in (("train", 60), ("dev", 20), ("test", 20)):
        lines(f"texts.{name}.tsv", count)
        sentences(f"words.{name}", count)
    _sounds(folder, rng)
    _series(folder, rng)
    _writings(folder, rng)
    return folder


def _sounds(folder: Path, rng: np.random.Generator) -> None:
    """Two tones and noise, a quarter of a second each, by three speakers of different loudness."""
    with zipfile.ZipFile(folder / "sounds.zip", "w") as archive:
        for speaker, loudness in (("ann", 0.3), ("bob", 0.4), ("eve", 0.5)):
            for word, pitch in (("low", 150), ("high", 600), ("noise", 0)):
                for i in range(6):
                    tone = np.sin(2 * np.pi * pitch * np.arange(RATE // 4) / RATE + i)
                    file = io.BytesIO()
                    samples = loudness * (tone + 0.1 * rng.normal(size=RATE // 4))
                    soundfile.write(file, samples.clip(-1, 1), RATE, format="WAV")
                    archive.writestr(f"{word}_{speaker}_{i}.wav", file.getvalue())
    soundfile.write(folder / "talk.wav", 0.05 * rng.normal(size=RATE), RATE)


def _series(folder: Path, rng: np.random.Generator) -> None:
    """40 series of 6 steps that rise or fall; the label of each, its slope, and the label of each step."""
    rows = ["id,t,x,y,way,slope,side"]
    for i in range(40):
        slope = (1 if i % 2 else -1) * rng.uniform(0.5, 1)
        for t in range(6):
            x = slope * (t - 2.5) + rng.normal(0, 0.1)
            way, side = ("up" if slope > 0 else "down"), ("above" if x > 0 else "below")
            rows.append(f"s{i},{t},{x:.4f},{rng.normal():.4f},{way},{slope:.4f},{side}")
    (folder / "series.csv").write_text("\n".join(rows) + "\n")


def _writings(folder: Path, rng: np.random.Generator) -> None:
    """60 names of a line each, a play of 2,000 characters, and 12 tunes in parts."""
    names = ["".join(rng.choice(["an", "el", "mi", "ro"], size=rng.integers(1, 4))) for _ in range(60)]
    (folder / "names.txt").write_text("\n".join(names) + "\n")
    lines = [f"{rng.choice(['ANN', 'BOB'])}: the {rng.choice(WORDS['NOUN'])} {rng.choice(WORDS['VERB'])}."]
    while sum(map(len, lines)) < 2000:
        speaker, noun, verb = (rng.choice(some) for some in (["ANN", "BOB"], WORDS["NOUN"], WORDS["VERB"]))
        lines.append(f"{speaker}: the {noun} {verb}.")
    (folder / "play.txt").write_text("\n".join(lines) + "\n")
    tunes = [[[60 + int(x), 64 + int(x)] for x in rng.integers(0, 5, size=40)] for _ in range(12)]
    parts = {"train": tunes[:8], "valid": tunes[8:10], "test": tunes[10:]}
    (folder / "tunes.json").write_text(json.dumps(parts))
    (folder / "loose.json").write_text(json.dumps(tunes))


Fit = Callable[..., Trained]


@pytest.fixture(scope="session")
def fitted(run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Fit:
    """Fit by ``recurra fit WORDS`` in a few seconds, and return what was printed."""

    def fitted(task: str, data: Path, *words: object) -> Trained:
        folder = tmp_path_factory.mktemp(task)
        model = folder / "m.safetensors"
        result = run("fit", task, data, *SMALL, *words, "-o", model, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return Trained(data, model, folder / "m.report.html", json.loads(result.stdout))

    return fitted


TEXTS = ["--no-header", "--text", "1", "--label", "2"]
SOUNDS = ["--label-pattern", "^(?P<label>[a-z]+)_(?P<group>[a-z]+)_"]


@pytest.fixture(scope="session")
def sentiment(fitted: Fit, corpus: Path) -> Trained:
    """A classifier of texts, its parts in files."""
    parts = ["--validation-file", corpus / "texts.dev.tsv", "--test-file", corpus / "texts.test.tsv"]
    return fitted("classify", corpus / "texts.train.tsv", *TEXTS, *parts)


@pytest.fixture(scope="session")
def tagger(fitted: Fit, corpus: Path) -> Trained:
    """A tagger of words with a conditional random field, its parts in files."""
    parts = ["--validation-file", corpus / "words.dev.conllu", "--test-file", corpus / "words.test.conllu"]
    return fitted("tag", corpus / "words.train.conllu", "--tag", "upos", "--crf", *parts)


@pytest.fixture(scope="session")
def listener(fitted: Fit, corpus: Path) -> Trained:
    """A causal classifier of sounds, tested on a speaker that it never heard."""
    words = ["--test-group", "eve", "--no-bidirectional", "--no-augment", "--label-smoothing", 0]
    learning = ["--hidden-size", 8, "--epochs", 30, "--learning-rate", 0.01, "--dropout", 0, "--pool", "mean"]
    return fitted("classify", corpus / "sounds.zip", *SOUNDS, *learning, *words)


@pytest.fixture(scope="session")
def namer(fitted: Fit, corpus: Path) -> Trained:
    """A language model of names, each on a line."""
    return fitted("language-model", corpus / "names.txt", "--lines")


@pytest.fixture(scope="session")
def playwright(fitted: Fit, corpus: Path) -> Trained:
    """A language model of a single text, in words."""
    return fitted("language-model", corpus / "play.txt", "--level", "word", "--untied")


@pytest.fixture(scope="session")
def composer(fitted: Fit, corpus: Path) -> Trained:
    """A language model of music."""
    return fitted("language-model", corpus / "tunes.json", "--music")
