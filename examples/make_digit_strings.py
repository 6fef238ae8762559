"""Strings of spoken digits, made of clips of single ones: what `recurra fit transcribe` learns from.

    python examples/make_digit_strings.py free-spoken-digits.zip --out digit-strings
    cd digit-strings
    recurra fit transcribe train.csv --audio path --text words --test-file test.csv -o transcriber.safetensors

The archive is the Free Spoken Digit Dataset: WAV files called {digit}_{speaker}_{index}.wav. A string is 3 to
7 clips of one speaker, in random order and each a little louder or softer, with gaps between them and noise
beneath. The folder gets the WAV files and three tables of them with the columns path, words and speaker:

    train.csv   all speakers but one, their indices from 5 on
    test.csv    the same speakers, their indices 0 to 4, which are the data set's own test part
    unseen.csv  the speaker who is left out, all indices
"""

import argparse
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NAME = re.compile(r"(?:.*/)?(?P<digit>\d)_(?P<speaker>[a-z]+)_(?P<index>\d+)\.wav")
TEST = 5  # indices below are the test part
DIGITS = (3, 7)  # of a string
GAP = (0.0, 0.4)  # seconds before and after each digit
LOUDNESS = (-6.0, 3.0)  # decibels that a digit is louder than it was spoken
NOISE = (15.0, 30.0)  # decibels that the noise is softer than the digits

Voices = dict[str, dict[int, list[np.ndarray]]]
"""Clips (n,) by speaker and digit."""


def read(archive: Path, unseen: str) -> tuple[dict[str, Voices], int]:
    """The clips of "train", "test" and "unseen", the speaker of that name, and their samples a second."""
    parts: dict[str, Voices] = {"train": {}, "test": {}, "unseen": {}}
    rate = 0
    with zipfile.ZipFile(archive) as file:
        for name in sorted(file.namelist()):
            if not (found := NAME.fullmatch(name)):
                continue
            samples, rate = soundfile.read(io.BytesIO(file.read(name)), dtype="float32")
            digit, speaker, index = int(found["digit"]), found["speaker"], int(found["index"])
            part = "unseen" if speaker == unseen else "test" if index < TEST else "train"
            parts[part].setdefault(speaker, {}).setdefault(digit, []).append(samples)
    if missing := [part for part, voices in parts.items() if not voices]:
        raise SystemExit(f"{archive} has no clips such as 3_{unseen}_7.wav for the part {missing[0]!r}")
    return parts, rate


def spoken(
    digits: list[int], clips: dict[int, list[np.ndarray]], rate: int, random: np.random.Generator
) -> np.ndarray:
    """The digits one after the other, (n,), no louder than full scale."""

    def gap() -> np.ndarray:
        return np.zeros(int(rate * random.uniform(*GAP)), np.float32)

    pieces = [gap()]
    for digit in digits:
        clip = clips[digit][random.integers(len(clips[digit]))]
        pieces += [clip * 10 ** (random.uniform(*LOUDNESS) / 20), gap()]
    speech = np.concatenate(pieces)
    noise = random.normal(size=len(speech)) * 10 ** (-random.uniform(*NOISE) / 20)
    mixed = speech + noise * np.sqrt(np.mean(speech**2))
    return mixed / max(1.0, np.abs(mixed).max())


def strings(voices: Voices, count: int, rate: int, seed: int) -> Iterator[tuple[np.ndarray, str, str]]:
    """That many strings, speaker after speaker: samples (n,), words, speaker."""
    random = np.random.default_rng(seed)
    for i in range(count):
        speaker = sorted(voices)[i % len(voices)]
        clips = voices[speaker]
        digits = random.choice(sorted(clips), random.integers(DIGITS[0], DIGITS[1] + 1)).tolist()
        yield spoken(digits, clips, rate, random), " ".join(WORDS[digit] for digit in digits), speaker


def write(folder: Path, part: str, made: Iterator[tuple[np.ndarray, str, str]], rate: int) -> None:
    """The WAV files of a part, and its table."""
    (folder / part).mkdir(parents=True, exist_ok=True)
    with (folder / f"{part}.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "words", "speaker"])
        for i, (samples, words, speaker) in enumerate(made):
            path = f"{part}/{i:04}.wav"
            soundfile.write(folder / path, samples, rate, subtype="PCM_16")
            table.writerow([path, words, speaker])


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make strings of spoken digits.")
    parser.add_argument("archive", type=Path, help="free-spoken-digits.zip")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--train", type=int, default=2000, help="strings to train with")
    parser.add_argument("--test", type=int, default=300, help="strings of each of the other parts")
    parser.add_argument("--unseen", default="theo", help="the speaker whom training never hears")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    parts, rate = read(settings.archive, settings.unseen)
    for seed, (part, voices) in enumerate(parts.items(), settings.seed):
        count = settings.train if part == "train" else settings.test
        write(settings.out, part, strings(voices, count, rate, seed), rate)
        print(f"{settings.out / part}.csv: {count} strings of {', '.join(sorted(voices))}")


if __name__ == "__main__":
    main()
