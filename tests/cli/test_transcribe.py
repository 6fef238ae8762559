"""recurra fit transcribe, and what predict, evaluate and stream make of its models."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import recurra
from recurra.data import read_clip
from tests.cli.test_process import imported

RATE = 8000
PITCHES = {"low": 250, "mid": 700, "high": 1900}
COLUMNS = ["--audio", "file", "--text", "said"]


def spoken(words: list[str], rng: np.random.Generator) -> np.ndarray:
    pieces = [np.zeros(400)]
    for word in words:
        tone = np.sin(2 * np.pi * PITCHES[word] * np.arange(rng.integers(800, 1000)) / RATE)
        pieces += [0.3 * tone, np.zeros(rng.integers(300, 500))]
    samples = np.concatenate(pieces)
    return samples + 0.01 * rng.normal(size=len(samples))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of clips of one to four tones, and what they are called, by four speakers."""
    folder = tmp_path_factory.mktemp("talk")
    rng = np.random.default_rng(0)
    for part, count in (("train", 80), ("test", 12)):
        (folder / part).mkdir()
        rows = ["who,file,said"]
        for i in range(count):
            words = rng.choice(list(PITCHES), rng.integers(1, 5)).tolist()
            soundfile.write(folder / part / f"{i}.wav", spoken(words, rng), RATE)
            rows.append(f"s{i % 4},{part}/{i}.wav,{' '.join(words)}")
        (folder / f"{part}.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def hearer(fitted, talk: Path):
    """A transcriber that hears from the start alone."""
    learning = [
        "--hidden-size",
        16,
        "--num-layers",
        1,
        "--epochs",
        40,
        "--learning-rate",
        0.01,
        "--batch-size",
        8,
    ]
    words = ["--level", "word", "--no-bidirectional", "--no-augment", "--dropout", 0]
    test = ["--test-file", talk / "test.csv"]
    return fitted("transcribe", talk / "train.csv", *COLUMNS, *words, *learning, *test)


def test_what_is_printed(hearer) -> None:
    printed = hearer.printed
    assert list(printed["metrics"]) == ["word_error_rate", "char_error_rate", "exact"]
    assert printed["metrics"]["word_error_rate"] < 0.1
    assert printed["baselines"]["commonest"]["word_error_rate"] > 0.5
    assert printed["split"] == {
        "train": {"sequences": 72},
        "validation": {"sequences": 8},
        "test": {"sequences": 12},
    }
    assert printed["notes"] == []
    model = recurra.load(hearer.model)
    assert (model.task, sorted(model.symbols.vocabulary[1:])) == ("transcribe", ["high", "low", "mid"])
    page = hearer.report.read_text("utf-8")
    assert "What each clip says" in page
    assert "The word error rate is" in page


def test_groups_and_shares(fitted, talk: Path) -> None:
    words = ["--group", "who", "--test-group", "s0", "--validation", 0.3]
    printed = fitted("transcribe", talk / "train.csv", *COLUMNS, *words).printed
    assert printed["split"] == {
        "train": {"sequences": 40, "groups": 2},
        "validation": {"sequences": 20, "groups": 1},
        "test": {"sequences": 20, "groups": 1},
    }


def test_texts_that_come_once_are_held_out_all_the_same(fitted, talk: Path) -> None:
    rows = [f"test/{i}.wav,{'abcdefghijkl'[i]}" for i in range(12)]
    (talk / "once.csv").write_text("\n".join(["file,said", *rows]) + "\n")
    printed = fitted(
        "transcribe", talk / "once.csv", *COLUMNS, "--validation-file", talk / "once.csv"
    ).printed
    assert (printed["split"]["train"], printed["split"]["test"]) == ({"sequences": 10}, {"sequences": 2})
    validation, test = printed["notes"]
    assert validation.startswith(
        "2 of 12 texts of the validation part have characters that the training part"
    )
    assert test.startswith("2 of 2 texts of the test part have characters that the training part lacks (")


def test_transcripts_as_csv_and_as_one_object(run, hearer, talk: Path) -> None:
    result = run("predict", hearer.model, talk / "test.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    model = recurra.load(hearer.model)
    found = model.transcribe([read_clip(talk / row["name"]) for row in rows])
    assert [row["text"] for row in rows] == [own.transcripts[0].text for own in found]
    assert list(rows[0]) == ["name", "text"]
    printed = json.loads(run("predict", hearer.model, talk / "test.csv", "--json").stdout)["predictions"]
    for value, own in zip(printed, found, strict=True):
        best = own.transcripts[0]
        assert value == {
            "name": value["name"],
            "text": best.text,
            "log_probability": best.log_probability,
            "symbols": list(best.symbols),
            "times": list(best.times),
        }


def test_the_best_texts_of_a_beam(run, hearer, talk: Path, tmp_path: Path) -> None:
    words = [hearer.model, talk / "test.csv", "--beam", 6, "--n-best", 2]
    rows = list(csv.DictReader(io.StringIO(run("predict", *words).stdout)))
    model = recurra.load(hearer.model)
    names = list(dict.fromkeys(row["name"] for row in rows))
    found = model.transcribe([read_clip(talk / name) for name in names], beam=6, n_best=2)
    expected = [
        (name, str(rank), one.text, str(one.log_probability))
        for name, own in zip(names, found, strict=True)
        for rank, one in enumerate(own.transcripts, start=1)
    ]
    assert [tuple(row.values()) for row in rows] == expected
    assert list(rows[0]) == ["name", "rank", "text", "log_probability"]
    printed = json.loads(run("predict", *words, "--json").stdout)["predictions"]
    for value, own in zip(printed, found, strict=True):
        assert [one["text"] for one in value["n_best"]] == [one.text for one in own.transcripts]
        assert value["text"] == own.transcripts[0].text
    assert run("predict", *words, "-o", tmp_path / "said.jsonl").exit_code == 0
    assert len((tmp_path / "said.jsonl").read_text().splitlines()) == 12


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--beam", 0], "--beam must be a whole number of at least 1, got 0"),
        (
            ["--beam", 2, "--n-best", 3],
            "--n-best must be at most 2 with a beam of 2, got 3; give --beam 3 or more",
        ),
        (["--n-best", 3], "--n-best must be at most 1 without a beam, got 3; give --beam 3 or more"),
        (
            ["--tokens"],
            "--tokens is for language models, and the task of this one is transcribe; leave it out",
        ),
    ],
)
def test_beams_that_can_not_be(refused, hearer, talk: Path, words: list[object], message: str) -> None:
    assert refused("predict", hearer.model, talk / "test.csv", *words) == f"error: {message}"


def test_a_single_clip(run, hearer, talk: Path) -> None:
    result = run("predict", hearer.model, talk / "test" / "3.wav")
    said = recurra.load(hearer.model).predict([read_clip(talk / "test" / "3.wav")])[0]
    assert result.stdout == f"name,text\n3.wav,{said}\n"


def test_other_clips_are_scored(run, hearer, talk: Path) -> None:
    printed = json.loads(run("evaluate", hearer.model, talk / "test.csv", "--json").stdout)
    assert printed["metrics"] == hearer.printed["metrics"]
    assert list(printed["baselines"]) == ["commonest"]
    shown = run("evaluate", hearer.model, talk / "test.csv").stdout
    assert shown.startswith("What each clip says, in 3 words\n")


def test_what_is_heard_is_written_at_once(run, hearer, talk: Path) -> None:
    path = talk / "test" / "3.wav"
    result = run("stream", hearer.model, path)
    assert (result.exit_code, result.stderr) == (0, "")
    clip, stream = read_clip(path), recurra.load(hearer.model).stream()
    expected, heard = [], ""
    for start in range(0, len(clip.samples), 800):
        piece = clip.samples[start : start + 800]
        stream.push(piece)
        if stream.text != heard:
            heard = stream.text
            expected.append(((start + len(piece)) / RATE, heard))
    assert len(expected) > 1
    assert result.stdout == "".join(f"{time:9.2f} s  {text}\n" for time, text in expected)
    assert heard == recurra.load(hearer.model).predict([clip])[0]
    *lines, last = map(json.loads, run("stream", hearer.model, path, "--json").stdout.splitlines())
    assert [(line["time"], line["text"]) for line in lines] == expected
    assert last == {"transcript": heard}


def test_clips_of_another_rate_are_resampled(run, hearer, talk: Path, tmp_path: Path) -> None:
    samples, _ = soundfile.read(talk / "test" / "3.wav")
    soundfile.write(tmp_path / "twice.wav", np.repeat(samples, 2), 2 * RATE)
    note = "1 of 1 clips resampled from 16,000 to 8,000 samples a second.\n"
    assert run("stream", hearer.model, tmp_path / "twice.wav").stderr == note
    assert run("predict", hearer.model, tmp_path / "twice.wav").stderr == note


def test_none_of_it_needs_pytorch(hearer, talk: Path) -> None:
    assert imported("predict", hearer.model, talk / "test.csv") == []
    assert imported("stream", hearer.model, talk / "test" / "3.wav") == []
    assert "torch" not in imported("evaluate", hearer.model, talk / "test.csv")
    assert imported("fit", "transcribe", "--help") == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--audio", "file"],
            "--text must name the column of what is said in them, by its name or its number from 1",
        ),
        (
            ["--text", "said"],
            "--audio must name the column of the files of clips, by its name or its number from 1",
        ),
        (
            ["--audio", "file", "--text", "sad"],
            "TALK/train.csv has no column 'sad'; its columns are who, file, said; did you mean 'said'?",
        ),
        (
            [*COLUMNS, "--level", "bpe"],
            "--level must be one of char, word, got 'bpe'",
        ),
        (
            [*COLUMNS, "--test-group", "s0"],
            "--test-group needs groups: name their column by --group, or capture them by (?P<group>…) in "
            "--label-pattern",
        ),
    ],
)
def test_wrong_use(refused, talk: Path, tmp_path: Path, words: list[str], message: str) -> None:
    got = refused("fit", "transcribe", talk / "train.csv", *words, "-o", tmp_path / "m.safetensors")
    assert got.replace(str(talk), "TALK") == f"error: {message}"


def test_a_clip_that_is_missing_or_broken_is_named(refused, talk: Path, tmp_path: Path) -> None:
    (talk / "cut.wav").write_bytes((talk / "test" / "3.wav").read_bytes()[:60])
    for name, problem in (
        ("no.wav", "TALK/no.wav cannot be read: No such file or directory"),
        ("cut.wav", "cut.wav is cut short: 16 of "),
        ("train.csv", "train.csv is not a WAV or FLAC file; it begins with b'who,file,sai'"),
    ):
        (talk / "bad.csv").write_text(f"file,said\ntest/0.wav,low\n{name},mid\n")
        got = refused("fit", "transcribe", talk / "bad.csv", *COLUMNS, "-o", tmp_path / "m.safetensors")
        assert got.replace(str(talk), "TALK").startswith(f"error: TALK/bad.csv, line 3: {problem}")


def test_a_model_in_both_directions_does_not_stream(refused, fitted, talk: Path) -> None:
    model = fitted("transcribe", talk / "train.csv", *COLUMNS).model
    got = refused("stream", model, talk / "test" / "3.wav")
    assert got == (
        f"error: {model} cannot stream, as it reads its sequences from both ends; fit it with "
        "--no-bidirectional"
    )


def test_options_that_mean_nothing_for_a_stream(refused, hearer, talk: Path) -> None:
    path = talk / "test" / "3.wav"
    assert refused("stream", hearer.model, path, "--threshold", 0.5) == (
        "error: --threshold is for a classifier of clips; leave it out"
    )
    assert refused("stream", hearer.model, "-") == (
        "error: INPUT must be a WAV or FLAC file for a model of clips, got -"
    )


def test_a_series_that_comes_in_is_transcribed_line_by_line(hearer, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from recurra.cli.app import app
    from recurra.tasks import Transcriber

    rng = np.random.default_rng(0)
    X = [rng.normal(size=(8, 2)).astype(np.float32) for _ in range(12)]
    learnt = Transcriber(hidden_size=8, epochs=3, bidirectional=False).fit(X, ["ab", "ba", "a"] * 4)
    learnt.save(tmp_path / "m.safetensors")
    lines = "".join(f"{x},{y}\n" for x, y in X[0].tolist())
    result = CliRunner().invoke(app, ["stream", str(tmp_path / "m.safetensors"), "-", "--json"], input=lines)
    *found, last = map(json.loads, result.stdout.splitlines())
    assert last == {"transcript": learnt.predict(X[:1])[0]}
    assert [line["text"] for line in found][-1:] == [last["transcript"]][: len(found)]
    assert all(list(line) == ["step", "text"] for line in found)
