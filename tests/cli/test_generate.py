"""recurra generate: what the library writes, in every form, marked as generated; and bad input."""

import json
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest

import recurra
from recurra.cli import console
from recurra.data import Piece, midi_bytes, read_midi
from recurra.decoding import Sampling

DRAWN = "Drawn with --seed 5.\n"


def test_a_text_follows_its_prompt(run, playwright) -> None:
    words = ["--prompt", "ANN: the", "--length", 30, "--temperature", 0.8, "--seed", 5]
    result = run("generate", playwright.model, *words)
    assert (result.exit_code, result.stderr) == (0, DRAWN)
    model = recurra.load(playwright.model)
    (expected,) = model.generate("ANN: the", length=30, sampling=Sampling(temperature=0.8), seed=5)
    assert expected.tokens == 30
    assert result.stdout == f"ANN: the{expected.text}\n"
    assert run("generate", playwright.model, *words).stdout == result.stdout


def test_every_option_of_drawing_arrives(run, playwright) -> None:
    model = recurra.load(playwright.model)
    first = model.generate(length=40, sampling=Sampling(0.9, 5, 0.8, 1.3), seed=2)[0].text
    options = ["--temperature", 0.9, "--top-k", 5, "--top-p", 0.8, "--repetition-penalty", 1.3, "--seed", 2]
    assert run("generate", playwright.model, "--length", 40, *options).stdout == f"{first}\n"
    stop = first[10:13]
    stopped = run("generate", playwright.model, "--length", 40, *options, "--stop", stop, "--json")
    (sample,) = json.loads(stopped.stdout)["samples"]
    assert (sample["text"], sample["stopped"]) == (first[: first.index(stop)], "stop")


def test_names_have_a_line_each(run, namer) -> None:
    result = run("generate", namer.model, "--samples", 20, "--seed", 5)
    expected = recurra.load(namer.model).generate(samples=20, seed=5)
    assert result.stdout.split("\n") == [*(each.text for each in expected), ""]
    assert result.stderr == DRAWN


def test_texts_have_an_empty_line_between_them(run, playwright) -> None:
    result = run("generate", playwright.model, "--samples", 2, "--length", 9, "--seed", 5)
    texts = [each.text for each in recurra.load(playwright.model).generate(samples=2, length=9, seed=5)]
    assert result.stdout == f"{texts[0]}\n\n{texts[1]}\n"


def test_texts_as_one_object(run, namer) -> None:
    result = run("generate", namer.model, "--prompt", "an", "--samples", 2, "--seed", 5, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    model = recurra.load(namer.model)
    assert json.loads(result.stdout) == {
        "generated": True,
        "model": model.fingerprint,
        "seed": 5,
        "prompt": "an",
        "samples": [
            {
                "text": each.text,
                "tokens": each.tokens,
                "stopped": each.stopped,
                "log_probability": each.log_probability,
            }
            for each in model.generate("an", samples=2, seed=5)
        ],
    }


def test_texts_as_a_file(run, namer, tmp_path: Path) -> None:
    words = ["--samples", 3, "--seed", 5]
    printed = run("generate", namer.model, *words).stdout
    result = run("generate", namer.model, *words, "-o", tmp_path / "out.txt")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", DRAWN)
    assert (tmp_path / "out.txt").read_text() == printed


def test_a_seed_that_is_not_given_is_said(run, namer) -> None:
    first = run("generate", namer.model, "--samples", 5)
    seed = first.stderr.removeprefix("Drawn with --seed ").removesuffix(".\n")
    assert run("generate", namer.model, "--samples", 5, "--seed", seed).stdout == first.stdout
    other = run("generate", namer.model, "--samples", 5)
    assert (other.stderr, other.stdout) != (first.stderr, first.stdout)


def test_greedy_is_said(run, namer) -> None:
    results = [run("generate", namer.model, "--temperature", 0, "--seed", seed) for seed in (1, 2)]
    assert results[0].stdout == results[1].stdout
    assert " ".join(results[0].stderr.split()) == (
        "Temperature 0 is greedy: always the most probable, and nothing is drawn, whatever the seed."
    )


def test_a_text_streams(playwright) -> None:
    words = ["generate", str(playwright.model), "--length", "1000000000", "--prompt", "ANN"]
    command = [sys.executable, "-m", "recurra.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout.read(40).startswith("ANN ")
            assert process.poll() is None  # it has not come to its end
        finally:
            process.kill()


def test_a_text_cannot_steer_a_terminal(monkeypatch, capsys) -> None:
    console.write("a\x1b[2J\tb\n")
    assert capsys.readouterr().out == "a\x1b[2J\tb\n"
    monkeypatch.setattr(type(console.out), "is_terminal", True)
    console.write("a\x1b[2J\tb\n")
    assert capsys.readouterr().out == "a\ufffd[2J\tb\n"


def test_music_as_midi(run, composer, tmp_path: Path) -> None:
    tune = tmp_path / "tune.mid"
    result = run("generate", composer.model, "--length", 24, "--temperature", 0.9, "--seed", 5, "-o", tune)
    assert (result.exit_code, result.stderr) == (0, DRAWN)
    said = f"24 steps, 2 a beat, marked as generated: {tune}"
    assert "".join(result.stdout.split()) == "".join(said.split())
    (expected,) = recurra.load(composer.model).generate(length=24, temperature=0.9, seed=5)
    written = read_midi(tune)
    assert np.array_equal(written.roll, expected.roll)
    assert written.generated
    texts = [message.text for message in mido.MidiFile(tune).tracks[0] if message.type == "text"]
    assert texts == ["Generated by a model with Recurra"]


def test_the_next_bars_keep_the_tempo_of_the_prompt(run, composer, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    prompt = Piece(rng.random((16, 88)) < 0.05, beats_per_minute=72)
    (tmp_path / "tune.mid").write_bytes(midi_bytes(prompt, generated=True))
    words = ["--prompt", tmp_path / "tune.mid", "--length", 24, "--seed", 5, "-o", tmp_path / "next.mid"]
    result = run("generate", composer.model, *words, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    model = recurra.load(composer.model)
    assert json.loads(result.stdout) == {
        "generated": True,
        "model": model.fingerprint,
        "seed": 5,
        "prompt": str(tmp_path / "tune.mid"),
        "file": str(tmp_path / "next.mid"),
        "steps": 24,
        "notes": ["tune.mid: It is marked as generated by a model."],
    }
    (expected,) = model.generate(read_midi(tmp_path / "tune.mid"), length=24, seed=5)
    written = read_midi(tmp_path / "next.mid")
    assert np.array_equal(written.roll, expected.roll)
    assert written.beats_per_minute == pytest.approx(72, abs=1e-3)


def test_a_prompt_is_read_on_the_grid_of_the_model(run, fitted, corpus: Path, tmp_path: Path) -> None:
    trained = fitted("language-model", corpus / "tunes.json", "--music", "--steps-per-beat", 4)
    prompt = Piece(np.eye(4, 88, 40, dtype=bool), steps_per_beat=1)
    (tmp_path / "slow.mid").write_bytes(midi_bytes(prompt, generated=False))
    words = ["--prompt", tmp_path / "slow.mid", "--length", 8, "--seed", 5, "-o", tmp_path / "next.mid"]
    assert run("generate", trained.model, *words).exit_code == 0
    model = recurra.load(trained.model)
    (expected,) = model.generate(read_midi(tmp_path / "slow.mid", steps_per_beat=4), length=8, seed=5)
    written = read_midi(tmp_path / "next.mid", steps_per_beat=4)
    assert np.array_equal(written.roll, expected.roll)


def test_silence_is_said(run, composer, tmp_path: Path, monkeypatch) -> None:
    from recurra.runtime.music import MusicModel

    monkeypatch.setattr(MusicModel, "generate", lambda *_, **__: [Piece(np.zeros((4, 88)))])
    result = run("generate", composer.model, "--seed", 5, "-o", tmp_path / "tune.mid")
    assert result.stderr == f"No key sounds in what was written.\n{DRAWN}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--prompt", "Éva"], "--prompt has the character 'É', which training never saw; leave it out"),
        (["--length", "0"], "--length must be a whole number of at least 1, got 0"),
        (["--length", "-5"], "--length must be a whole number of at least 1, got -5"),
        (["--samples", "0"], "--samples must be a whole number of at least 1, got 0"),
        (
            ["--temperature", "-1"],
            "--temperature must be a finite number of at least 0, where 0 is greedy, got -1.0",
        ),
        (
            ["--temperature", "nan"],
            "--temperature must be a finite number of at least 0, where 0 is greedy, got nan",
        ),
        (["--top-k", "0"], "--top-k must be a whole number of at least 1, got 0"),
        (["--top-p", "0"], "--top-p must be a number above 0 and at most 1, got 0.0"),
        (["--top-p", "1.5"], "--top-p must be a number above 0 and at most 1, got 1.5"),
        (["--repetition-penalty", "0"], "--repetition-penalty must be a finite number above 0, got 0.0"),
        (["--seed", "-1"], "--seed must be a whole number of at least 0, got -1"),
        (["--stop", ""], "--stop must be text of at least one character, got ''"),
        (["-o", "TMP/tune.mid"], "-o must name a text file, as MODEL writes texts, got TMP/tune.mid"),
        (
            ["-o", "TMP/no/out.txt"],
            "TMP/no/out.txt cannot be written: the folder TMP/no does not exist; create it first",
        ),
        (["-o", "MODEL"], "-o names the model itself, MODEL; give another file name"),
    ],
)
@pytest.mark.parametrize("json", [[], ["--json"]], ids=["people", "machines"])
def test_bad_input_for_texts(
    refused, namer, tmp_path: Path, words: list[str], json: list[str], message: str
) -> None:
    said = refused("generate", *places([namer.model, *words], namer, tmp_path), *json)
    assert said.replace(str(namer.model), "MODEL") == f"error: {message}"


def test_words_that_training_never_saw(refused, playwright) -> None:
    said = refused("generate", playwright.model, "--prompt", "ANN: the zebra")
    assert said == "error: --prompt has the word 'zebra', which training never saw; leave it out"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "-o must name a MIDI file to write, such as tune.mid, as MODEL writes music"),
        (["-o", "TMP/tune.json"], "-o must end in .mid or .midi, got TMP/tune.json"),
        (["-o", "TMP/tune.mid", "--top-k", "3"], "--top-k is for texts, got 3 with music; leave it out"),
        (["-o", "TMP/tune.mid", "--top-p", "0.5"], "--top-p is for texts, got 0.5 with music; leave it out"),
        (
            ["-o", "TMP/tune.mid", "--repetition-penalty", "1.5"],
            "--repetition-penalty is for texts, got 1.5 with music; leave it out",
        ),
        (["-o", "TMP/tune.mid", "--stop", "x"], "--stop is for texts, got 'x' with music; leave it out"),
        (["-o", "TMP/tune.mid", "--samples", "2"], "--samples is for texts, got 2 with music; leave it out"),
        (["-o", "TMP/tune.mid", "--length", "0"], "--length must be a whole number of at least 1, got 0"),
        (
            ["-o", "TMP/tune.mid", "--temperature", "-1"],
            "--temperature must be a finite number of at least 0, where 0 takes the keys that are more "
            "likely on than off, got -1.0",
        ),
        (["-o", "TMP/tune.mid", "--seed", "-1"], "--seed must be a whole number of at least 0, got -1"),
        (
            ["-o", "TMP/tune.mid", "--prompt", "TMP/no/bars.mid"],
            "--prompt must be a MIDI file for music: TMP/no/bars.mid does not exist",
        ),
        (
            ["-o", "TMP/tune.mid", "--prompt", "TMP/broken.mid"],
            "--prompt must be a MIDI file for music: broken.mid is cut short; save it again",
        ),
        (
            ["-o", "TMP/tune.mid", "--prompt", "TMP/text.mid"],
            "--prompt must be a MIDI file for music: text.mid is not a MIDI file; it begins with b'ROMEO:'",
        ),
        (
            ["-o", "TMP/tune.mid", "--prompt", "TMP/silent.mid"],
            "--prompt must be a MIDI file for music: silent.mid has no notes for a piano",
        ),
        (
            ["-o", "TMP/whole.mid", "--prompt", "TMP/whole.mid"],
            "-o names the prompt itself, TMP/whole.mid; give another file name",
        ),
    ],
)
def test_bad_input_for_music(refused, composer, tmp_path: Path, words: list[str], message: str) -> None:
    whole = midi_bytes(Piece(np.eye(4, 88, 40)), generated=False)
    silent = midi_bytes(Piece(np.zeros((4, 88))), generated=False)
    for name, content in (
        ("whole", whole), ("broken", whole[:-9]), ("silent", silent), ("text", b"ROMEO:")
    ):  # fmt: skip
        (tmp_path / f"{name}.mid").write_bytes(content)
    said = refused("generate", *places([composer.model, *words], composer, tmp_path))
    assert said.replace(str(composer.model), "MODEL") == f"error: {message}"


def test_models_of_other_tasks(refused, trained, sentiment, tagger) -> None:
    for model, task in ((trained.model, "forecast"), (sentiment.model, "classify"), (tagger.model, "tag")):
        assert refused("generate", model) == (
            f"error: {model} writes nothing, as its task is {task}; use recurra predict"
        )


def test_no_model(refused, tmp_path: Path) -> None:
    assert refused("generate", tmp_path / "m.safetensors") == (
        "error: TMP/m.safetensors: there is no such file; check the path"
    )


def places(words: list[object], trained, tmp_path: Path) -> list[str]:
    """The ``words`` with the files that are meant."""
    named = {"MODEL": str(trained.model), "TMP": str(tmp_path)}
    found = []
    for word in map(str, words):
        for name, path in named.items():
            word = word.replace(name, path)
        found.append(word)
    return found
