"""Small language models of each kind, fitted on texts that are out to break a page, and on tunes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from recurra import LanguageModel
from recurra.data import KEYS, Corpus, Piece
from tests.inspection.fitted import HOSTILE

QUICK: dict[str, Any] = {"hidden_size": 8, "epochs": 2, "bptt": 8, "batch_size": 4, "seed": 0}
LONG = "to be or not to be, that is the question:\n" * 30 + "fair, \u200bé\u0301 and\tfoul\n" * 20


def characters() -> LanguageModel:
    """Of one text without an end; the test part has a character that training never saw."""
    model = LanguageModel(**QUICK, embedding_size=4)
    return model.fit(LONG, test=Corpus([LONG[:200] + "Ω" + LONG[-90:]], ends=False, name="test"))


def names() -> LanguageModel:
    """Of short documents that end, some hostile and one of a single character."""
    X = ["ann", "bob", HOSTILE, "z"] * 12
    return LanguageModel(**QUICK, embedding_size=4).fit(X, test=["ann", "z", HOSTILE, "q"])


def words() -> LanguageModel:
    """Of words, one of them hostile and one very long."""
    X = ["the cat saw the dog", "the dog saw a cat", f"a {'w' * 5000} <script>alert(1)</script> cat"] * 10
    model = LanguageModel(**QUICK, level="word")
    return model.fit(X, test=["the dog saw the cat", f"{HOSTILE} saw {'w' * 5000}"])


def pairs() -> LanguageModel:
    """Of byte pairs."""
    model = LanguageModel(**QUICK, level="bpe", max_vocabulary=270, embedding_size=4)
    return model.fit([LONG[:300], f"snow ☃ {HOSTILE}"] * 10, test=[LONG[:200], "☃☃ 日本"])


def untested() -> LanguageModel:
    """Without a test part."""
    return LanguageModel(**QUICK, embedding_size=4).fit(["ann", "bob"] * 20)


def tunes() -> LanguageModel:
    """Of music, with a piece of one step and a hostile name."""
    X = [_tune(f"{i}", 24 + i) for i in range(20)]
    test = [_tune(HOSTILE, 40), Piece(_tune("short", 1).roll, "short"), _tune("other", 9)]
    return LanguageModel(**QUICK).fit(X, test=test)


def steps() -> LanguageModel:
    """Of music without a test part, whose pieces have a step or two."""
    X = [_tune(f"{i}", 1 + i % 2) for i in range(40)]
    return LanguageModel(**QUICK).fit(X, validation=[_tune("one", 1), _tune("two", 2)])


def _tune(name: str, T: int) -> Piece:
    roll = np.zeros((T, KEYS), bool)
    roll[np.arange(T), 39 + np.arange(T) // 2 % 12] = True
    return Piece(roll, name)


MAKERS: dict[str, Callable[[], LanguageModel]] = {
    maker.__name__: maker for maker in (characters, names, words, pairs, untested, tunes, steps)
}
