"""Small estimators of each kind, fitted on data whose texts and labels are out to break a page."""

from collections.abc import Callable
from typing import Any

import numpy as np

from recurra import SequenceClassifier, SequenceRegressor, SequenceTagger
from recurra.data import Clip, Source

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=http://example.invalid/x onerror=throw(1)>"
    """"'&{{7*7}}%{x}"""
)
QUICK: dict[str, Any] = {"hidden_size": 4, "epochs": 2}


def texts() -> SequenceClassifier:
    """Two classes of texts, one of them with a hostile name; what training never saw is in the test part."""
    X = ["a good film", f"a bad {HOSTILE} film", "a nice play", "an awful play"] * 10
    y = ["<b>pos</b>", HOSTILE] * 20
    test = (
        ["a good play", f"bad {HOSTILE}", "awful " + "w" * 90, "new"],
        ["<b>pos</b>", HOSTILE, "<b>pos</b>", "?"],
    )
    source = Source("texts", {"text": "text", "label": "label"})
    return SequenceClassifier(**QUICK, embedding_size=4).fit(X, y, test=test, source=source)


def many() -> SequenceClassifier:
    """Twenty-five classes of series, causal."""
    random = np.random.default_rng(0)
    X = [random.normal(size=(random.integers(3, 9), 6)) for _ in range(150)]
    y = np.arange(150) % 25
    return SequenceClassifier(**QUICK, bidirectional=False).fit(X, y, test=(X[:60], y[:60]))


def clips() -> SequenceClassifier:
    """Two classes of clips, one of them too long to be heard."""
    random = np.random.default_rng(0)
    X = [Clip(random.uniform(-0.5, 0.5, 2000).astype("f"), 8000, f"<i>{i}</i>.wav") for i in range(20)]
    long = Clip(random.uniform(-0.5, 0.5, 11 * 2000).astype("f"), 2000, "long.wav")
    test = ([*X[:4], long, long], ["a", "b", "a", "b", "a", "b"])
    return SequenceClassifier(**QUICK).fit(X, ["a", "b"] * 10, test=test)


def numbers() -> SequenceRegressor:
    """A number for each series."""
    random = np.random.default_rng(0)
    X = [random.normal(size=(random.integers(3, 9), 2)) for _ in range(60)]
    y = [float(x.sum()) for x in X]
    return SequenceRegressor(**QUICK).fit(X, y, test=(X[:20], y[:20]))


def spans() -> SequenceTagger:
    """Spans in sentences, with hostile words and tags."""
    X = [["Ann", "saw", HOSTILE], ["the", "dog", "of", "New", "York"]] * 10
    y = [["B-PER", "O", f"B-{HOSTILE}"], ["O", "O", "O", "B-LOC", "I-LOC"]] * 10
    test = ([*X[:2], ["Zoe", HOSTILE]], [*y[:2], ["B-PER", f"B-{HOSTILE}"]])
    return SequenceTagger(**QUICK, bidirectional=False).fit(X, y, test=test)


def frames() -> SequenceTagger:
    """A tag for each step of a series."""
    random = np.random.default_rng(0)
    X = [random.normal(size=(12, 2)) for _ in range(30)]
    y = [["sit"] * 5 + ["run"] * 7] * 30
    return SequenceTagger(**QUICK, crf=True).fit(X, y, test=(X[:5], y[:5]))


def untested() -> SequenceClassifier:
    """Without a test part."""
    return SequenceClassifier(**QUICK, embedding_size=4).fit(["a", "b c"] * 10, ["x", "y"] * 10)


MAKERS: dict[str, Callable[[], Any]] = {
    maker.__name__: maker for maker in (texts, many, clips, numbers, spans, frames, untested)
}
