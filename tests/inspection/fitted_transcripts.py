"""Small fitted transcribers of each kind, whose texts are out to break a page."""

from collections.abc import Callable
from typing import Any

import numpy as np

from recurra import Transcriber
from recurra.data import Clip
from tests.inspection.fitted import HOSTILE

QUICK: dict[str, Any] = {"hidden_size": 8, "num_layers": 1, "epochs": 2, "batch_size": 8}
RATE = 4000
PITCHES = {"low": 250, "mid": 600, "high": 1400, HOSTILE: 1000}


def _clip(random: np.random.Generator, said: str, name: str) -> Clip:
    """A tone for each word of it, a tenth of a second a letter."""
    pieces = [np.zeros(400)]
    for word, pitch in PITCHES.items():
        if word in said:
            pieces += [0.3 * np.sin(2 * np.pi * pitch * np.arange(400 * len(word)) / RATE), np.zeros(300)]
    samples = np.concatenate(pieces)
    return Clip((samples + 0.01 * random.normal(size=len(samples))).astype("f"), RATE, name)


def letters() -> Transcriber:
    """Clips by character; in the test part one is too long to be heard and in one nothing is said."""
    random = np.random.default_rng(0)
    y = ["low mid", "mid high", "low high", HOSTILE] * 10
    X = [_clip(random, said, f"<b>{i}</b>.wav") for i, said in enumerate(y)]
    said = ["low mid", HOSTILE, "", "low q"]
    test = ([_clip(random, text, HOSTILE) for text in said], said)
    return Transcriber(**QUICK, augment=False).fit(X, y, test=test)


def words() -> Transcriber:
    """Clips by word, read forwards, and enough of them to tell short ones from long ones."""
    random = np.random.default_rng(0)
    y = ["low mid", "mid", "low high", "<i>high</i>"] * 10
    X = [_clip(random, said, f"{i}.wav") for i, said in enumerate(y)]
    settings = {**QUICK, "epochs": 4, "learning_rate": 0.02}
    model = Transcriber(**settings, level="word", bidirectional=False, augment=False)
    return model.fit(X, y, test=(X[:24], y[:24]))


def strokes() -> Transcriber:
    """Texts of series."""
    random = np.random.default_rng(0)
    X = [random.normal(size=(random.integers(20, 700), 3)) for _ in range(20)]
    y = [f"{'a' * (len(x) % 4)}<{len(x) % 10}&" for x in X]
    return Transcriber(**QUICK).fit(X, y, test=(X[:3], y[:3]))


def untested() -> Transcriber:
    """Without a test part."""
    X = [np.ones((9, 1))] * 20
    return Transcriber(**QUICK).fit(X, ["ab", "b"] * 10)


MAKERS: dict[str, Callable[[], Transcriber]] = {
    maker.__name__: maker for maker in (letters, words, strokes, untested)
}
