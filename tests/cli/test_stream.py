"""recurra stream: events in sound, and every step of any other causal model, the moment they are known."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import recurra
from recurra.cli.app import app
from recurra.data import read_clips
from recurra.runtime.detector import Detector

TALK = ["noise_eve_0", "low_eve_1", "noise_eve_2", "noise_eve_3", "high_eve_1", "noise_eve_4", "noise_eve_5"]
SURE = ["--background", "noise", "--threshold", "0.8", "--window", "0.25", "--refractory", "0.25"]


@pytest.fixture(scope="module")
def talk(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of the test group, one after the other, a quarter of a second each."""
    clips = {clip.name.removesuffix(".wav"): clip for clip in read_clips(corpus / "sounds.zip")}
    folder = tmp_path_factory.mktemp("talk")
    soundfile.write(folder / "talk.wav", np.concatenate([clips[name].samples for name in TALK]), 8000)
    (folder / "expected.csv").write_text("time,label\n0.5,low\n1.25,high\n")
    return folder


def test_events_of_a_recording(run, listener, talk: Path) -> None:
    result = run("stream", listener.model, talk / "talk.wav", *SURE)
    assert (result.exit_code, result.stderr) == (0, "")
    model = recurra.load(listener.model)
    detector = Detector(model, labels=["high", "low"], threshold=0.8, window=0.25, refractory=0.25)
    samples, _ = soundfile.read(talk / "talk.wav", dtype="float32")
    events = detector.push(samples)
    *lines, last = result.stdout.splitlines()
    assert lines == [f"{event.time:9.2f} s  {event.label}  {event.probability:.3f}" for event in events]
    assert [event.label for event in events] == ["low", "high"]
    assert last == "2 events in 1.8 s, 4,114 an hour."


def test_events_are_scored(run, listener, talk: Path) -> None:
    expected = ["--expected", talk / "expected.csv", "--tolerance", 0.3]
    result = run("stream", listener.model, talk / "talk.wav", *SURE, *expected)
    assert result.stdout.splitlines()[-1] == (
        "2 of 2 expected were hit, 0 missed; 0 false alarms, 0.00 an hour."
    )
    printed = run("stream", listener.model, talk / "talk.wav", *SURE, *expected, "--json").stdout
    *events, last = map(json.loads, printed.splitlines())
    assert [list(event) for event in events] == [["time", "label", "probability"]] * 2
    assert last == {
        "events": 2,
        "seconds": 1.75,
        "events_per_hour": 2 * 3600 / 1.75,
        "hits": 2,
        "misses": 0,
        "false_alarms": 0,
        "false_alarms_per_hour": 0.0,
    }


def test_chosen_labels(run, listener, talk: Path) -> None:
    sure = SURE[2:]
    result = run("stream", listener.model, talk / "talk.wav", *sure, "--label", "high", "--json")
    *events, last = map(json.loads, result.stdout.splitlines())
    assert ([event["label"] for event in events], last["events"]) == (["high"], 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--label", "hi"], "--label must be one of high, low, noise, got 'hi'; did you mean 'high'?"),
        (["--background", "hum"], "--background must be one of high, low, noise, got 'hum'"),
        (
            ["--background", "noise", "--label", "low"],
            "--label and --background exclude one another; give one of them",
        ),
        (["--threshold", "0"], "--threshold must be a finite number above 0, got 0.0"),
        (["--refractory", "-1"], "--refractory must be a finite number above 0, got -1.0"),
        (
            ["--window", "0.1"],
            "--window must be at least 0.25 seconds, which a stream must have heard, got 0.1",
        ),
        (["--tolerance", "1"], "--tolerance needs --expected, a table of the events that there are"),
        (
            ["--label", "low", "--expected", "EXPECTED"],
            "EXPECTED, line 3 has the label 'high', which is not detected; those that are: low",
        ),
    ],
)
def test_wrong_use(refused, listener, talk: Path, words: list[str], message: str) -> None:
    words = [word.replace("EXPECTED", str(talk / "expected.csv")) for word in words]
    got = refused("stream", listener.model, talk / "talk.wav", *words)
    assert got == f"error: {message}".replace("EXPECTED", str(talk / "expected.csv"))


def test_models_that_cannot_stream(refused, trained, sentiment, tagger, listener, talk: Path) -> None:
    assert refused("stream", sentiment.model, "-") == (
        f"error: {sentiment.model} cannot stream, as it reads its sequences from both ends; fit it with "
        "--no-bidirectional"
    )
    assert refused("stream", tagger.model, "-") == (
        f"error: {tagger.model} cannot stream, as it decides on labels together, once all steps are in; fit "
        "it without --crf, and with --no-bidirectional"
    )
    assert refused("stream", trained.model, "-") == (
        f"error: {trained.model} is a forecaster, which has no stream; use recurra predict"
    )
    assert refused("stream", listener.model, "-") == (
        "error: INPUT must be a WAV or FLAC file for a model of clips, got -"
    )


def test_each_step_of_a_series(run, fitted, corpus: Path) -> None:
    words = ["--series", "id", "--time", "t", "--label", "way", "--column", "x", "--no-bidirectional"]
    trained = fitted("classify", corpus / "series.csv", *words)
    model = recurra.load(trained.model)
    sequences = model.read(corpus / "series.csv").items
    blocks = run("stream", trained.model, corpus / "series.csv").stdout.rstrip("\n").split("\n\n")
    assert len(blocks) == len(sequences) == 40
    for block, sequence in zip(blocks, sequences):
        steps = [line.split("\t") for line in block.splitlines()]
        assert [step for step, _, _ in steps] == ["1", "2", "3", "4", "5", "6"]
        whole = model.predict_proba([sequence])[0]
        assert steps[-1][1:] == [model.classes[whole.argmax()], f"{whole.max():.4g}"]


def test_each_word_of_standard_input_at_once(fitted, corpus: Path) -> None:
    words = ["--no-header", "--text", 1, "--label", 2, "--no-bidirectional"]
    trained = fitted("classify", corpus / "texts.train.tsv", *words)
    command = [sys.executable, "-m", "recurra.cli", "stream", str(trained.model), "-", "--json"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = []
    for text in ("A good film", "a tree"):
        process.stdin.write(f"{text}\n")
        process.stdin.flush()  # and the answers come before the input ends
        said.append([json.loads(process.stdout.readline()) for _ in text.split()])
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert [[step["token"] for step in steps] for steps in said] == [["a", "good", "film"], ["a", "tree"]]
    whole = recurra.load(trained.model).predict_proba(["A good film", "a tree"])
    assert [steps[-1]["probability"] for steps in said] == whole.max(axis=1).tolist()
    assert [step["sequence"] for steps in said for step in steps] == [1, 1, 1, 2, 2]


def test_numbers_of_standard_input(fitted, corpus: Path) -> None:
    words = ["--series", "id", "--time", "t", "--label", "slope", "--column", "x", "--no-bidirectional"]
    trained = fitted("regress", corpus / "series.csv", *words)

    def stream(text: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "recurra.cli", "stream", str(trained.model), "-", "--json"]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    said = [json.loads(line) for line in stream("0.5\n-1\n\n2\n").stdout.splitlines()]
    assert [(step["sequence"], step["step"]) for step in said] == [(1, 1), (1, 2), (2, 1)]
    series = [np.array([[0.5], [-1]], np.float32), np.array([[2]], np.float32)]
    quantiles = recurra.load(trained.model).predict_quantiles(series)
    assert [[step[name] for name in ("q0.1", "q0.5", "q0.9")] for step in said[1:]] == quantiles.tolist()
    wrong = stream("0.5\nup\n")
    assert wrong.returncode == 2
    assert wrong.stderr == "error: line 2 of standard input must hold a finite number, got 'up'\n"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (b"1,2\n3\n", "line 2 of standard input must hold 2 finite numbers between commas, got '3'"),
        (b"1,up\n", "line 1 of standard input must hold 2 finite numbers between commas, got '1,up'"),
        (b"1,nan\n", "line 1 of standard input must hold 2 finite numbers between commas, got '1,nan'"),
        (b"1,1e300\n", "line 1 of standard input must hold 2 finite numbers between commas, got '1,1e300'"),
        (b"1,\xe9\n", "standard input is not UTF-8 text (after line 0); give it as UTF-8"),
    ],
)
def test_bad_lines_of_standard_input(fitted, corpus: Path, lines: bytes, message: str) -> None:
    words = ["--series", "id", "--time", "t", "--label", "way", "--column", "x", "--column", "y"]
    trained = fitted("classify", corpus / "series.csv", *words, "--no-bidirectional")
    result = CliRunner().invoke(app, ["stream", str(trained.model), "-"], input=lines, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")
