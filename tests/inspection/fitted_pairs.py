"""Small fitted encoder-decoders of each kind, on sources and targets that are out to break a page."""

from collections.abc import Callable
from typing import Any

import numpy as np

from recurra import Seq2Seq
from tests.inspection.fitted import HOSTILE

QUICK: dict[str, Any] = {"hidden_size": 8, "embedding_size": 4, "epochs": 2, "batch_size": 16}
SOURCES = ["der hund sieht eine katze", f"ein {HOSTILE} mann", "die frau geht", f"das {'w' * 200} kind"]
TARGETS = [
    "the dog sees a cat",
    f"a {HOSTILE} man walks by",
    "the woman goes home now",
    f"the {'v' * 400} child",
]


def words() -> Seq2Seq:
    """Of words; in the test part are an empty source, an empty target, and words that training never saw."""
    test = ([*SOURCES, "", "die katze lacht", *SOURCES * 6], [*TARGETS, "", "", *TARGETS * 6])
    return Seq2Seq(**QUICK, level="word").fit(SOURCES * 10, TARGETS * 10, test=test)


def reversed_letters() -> Seq2Seq:
    """Of characters, whose answers are a word each; one source is longer than a picture is wide."""
    random = np.random.default_rng(0)
    X = ["".join(random.choice(list("ab é"), random.integers(2, 9))).strip() or "a" for _ in range(60)]
    X = [*X, "ab" * 40]
    y = [text[::-1].replace(" ", "") for text in X]
    model = Seq2Seq(**QUICK, level="char", attention="dot", input_feeding=False)
    return model.fit(X, y, test=(X[-25:], y[-25:]))


def plain() -> Seq2Seq:
    """Of byte pairs with one vocabulary, without attention."""
    model = Seq2Seq(**QUICK, level="bpe", shared=True, max_vocabulary=270, attention="none")
    return model.fit(SOURCES * 10, TARGETS * 10, test=(SOURCES, TARGETS))


def captions() -> Seq2Seq:
    """Texts of vectors."""
    X = np.random.default_rng(0).normal(size=(40, 6))
    y = [TARGETS[int(row.argmax()) % 3] for row in X]
    return Seq2Seq(**QUICK, target_level="word").fit(X, y, test=(X[:5], y[:5]))


def arrays() -> Seq2Seq:
    """Texts of series, all of them longer than a picture is wide."""
    random = np.random.default_rng(0)
    X = [random.normal(size=(random.integers(30, 70), 2)) for _ in range(30)]
    y = ["up" if x.sum() > 0 else "down" for x in X]
    return Seq2Seq(**QUICK, target_level="char", attention="general").fit(X, y, test=(X[:6], y[:6]))


def untested() -> Seq2Seq:
    """Without a test part."""
    return Seq2Seq(**QUICK, level="char").fit(["ab", "abc", "b"] * 10, ["ba", "cba", "b"] * 10)


MAKERS: dict[str, Callable[[], Seq2Seq]] = {
    maker.__name__: maker for maker in (words, reversed_letters, plain, captions, arrays, untested)
}
