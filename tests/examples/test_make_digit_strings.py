"""The strings of digits that the example makes: of whom, of which clips, and always the same."""

import csv
import importlib.util
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recurra.data import read_transcripts

SCRIPT = Path(__file__).parents[2] / "examples" / "make_digit_strings.py"


def load():
    spec = importlib.util.spec_from_file_location("make_digit_strings", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def archive(tmp_path) -> Path:
    """Digits 0 to 2 of three speakers, six of each: constant sounds that tell speaker, digit and index."""
    with zipfile.ZipFile(tmp_path / "digits.zip", "w") as file:
        file.writestr("README.md", "no sound")
        for s, speaker in enumerate(("ann", "bob", "theo")):
            for digit in range(3):
                for index in range(6):
                    sound = io.BytesIO()
                    soundfile.write(
                        sound, np.full(100 + index, (s + 1) / 10 + digit / 100), 8000, format="WAV"
                    )
                    file.writestr(f"recordings/{digit}_{speaker}_{index}.wav", sound.getvalue())
    return tmp_path / "digits.zip"


def run(archive: Path, out: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", SCRIPT, archive, "--out", out, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_speakers_and_indices_are_kept_apart(archive):
    parts, rate = load().read(archive, "theo")
    assert rate == 8000
    lengths = {
        part: {
            speaker: {digit: sorted(map(len, clips)) for digit, clips in own.items()}
            for speaker, own in voices.items()
        }
        for part, voices in parts.items()
    }
    held_out = [100, 101, 102, 103, 104]
    assert lengths == {
        "train": {speaker: {digit: [105] for digit in range(3)} for speaker in ("ann", "bob")},
        "test": {speaker: dict.fromkeys(range(3), held_out) for speaker in ("ann", "bob")},
        "unseen": {"theo": {digit: [*held_out, 105] for digit in range(3)}},
    }
    for part, voices in parts.items():
        for speaker, own in voices.items():
            for digit, clips in own.items():
                level = (["ann", "bob", "theo"].index(speaker) + 1) / 10 + digit / 100
                assert all(np.allclose(clip, level, atol=1e-4) for clip in clips), part


def test_strings_say_what_they_are_said_to(archive):
    module = load()
    parts, rate = module.read(archive, "theo")
    made = list(module.strings(parts["train"], 40, rate, seed=3))
    assert [speaker for _, _, speaker in made] == ["ann", "bob"] * 20
    for samples, words, _ in made:
        digits = words.split()
        assert 3 <= len(digits) <= 7
        assert set(digits) <= {"zero", "one", "two"}
        assert 105 * len(digits) <= len(samples) <= 105 * len(digits) + 0.4 * rate * (len(digits) + 1)
        assert np.abs(samples).max() <= 1
    assert {len(words.split()) for _, words, _ in made} == {3, 4, 5, 6, 7}


def test_as_a_script(archive, tmp_path):
    done = run(archive, tmp_path / "a", "--train", 6, "--test", 3)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{tmp_path / 'a' / 'train'}.csv: 6 strings of ann, bob",
        f"{tmp_path / 'a' / 'test'}.csv: 3 strings of ann, bob",
        f"{tmp_path / 'a' / 'unseen'}.csv: 3 strings of theo",
    ]
    with (tmp_path / "a" / "test.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [list(row) for row in rows] == [["path", "words", "speaker"]] * 3
    read = read_transcripts(tmp_path / "a" / "test.csv", audio="path", text="words", group="speaker")
    assert (read.labels, read.groups) == ([row["words"] for row in rows], [row["speaker"] for row in rows])
    assert {clip.rate for clip in read.sequences.items} == {8000}
    run(archive, tmp_path / "b", "--train", 6, "--test", 3)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 3 + 6 + 3 + 3
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)


def test_a_speaker_who_is_not_there(archive, tmp_path):
    done = run(archive, tmp_path / "a", "--unseen", "eve")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{archive} has no clips such as 3_eve_7.wav for the part 'unseen'\n"
    assert not (tmp_path / "a").exists()
