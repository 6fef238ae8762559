"""Simple models that answer a source with a text, fitted on the training part, for a network to beat."""

from collections.abc import Callable
from typing import Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra._base.validation import one_of
from recurra.data import Pairs, Sequences
from recurra.evaluation.fitted_baselines import Baseline, Baselines
from recurra.evaluation.lexicon import Lexicon
from recurra.evaluation.text_grams import TextGrams
from recurra.evaluation.translation import LEVELS


def fit_translation_baselines(pairs: Pairs, *, level: str = "word") -> Baselines[list[str]]:
    """Fit "nearest", whose answer is that of the most similar training source; for texts "copy", which
    answers with the source, and "dictionary", which translates word by word, too.

    Texts are similar by the cosine of their TF-IDF, series by the distance between their means over time,
    each column in its standard deviations. An empty source has an empty answer.

    Args:
        pairs: of the training part, texts or series with targets.
        level: what the dictionary translates: "word" for what stands between white space, "char" for
            characters.

    Raises InputError where there are no targets, nothing but empty sources, or sources of another kind.
    """
    one_of("level", level, LEVELS)
    pairs = pairs.learnable()
    kind, targets = pairs.sources.kind, pairs.targets or []
    if kind not in ("text", "series"):
        raise InputError(f"sources must be texts or series, got {kind}")

    def copy() -> Baseline[list[str]]:
        return Baseline(lambda other: list(other.items), "the source as it is")

    def dictionary() -> Baseline[list[str]]:
        split, joint = (str.split, " ") if level == "word" else (list, "")
        lexicon = Lexicon.fit([split(text) for text in pairs.sources.items], [split(t) for t in targets])
        unit = "word" if level == "word" else "character"
        amount = "" if lexicon.pairs == len(pairs) else f", learnt from {lexicon.pairs:,} pairs"
        return Baseline(
            lambda other: [joint.join(lexicon(split(text))) for text in other.items],
            f"{unit} by {unit}, each what it most probably becomes by IBM model 1{amount}",
        )

    def nearest() -> Baseline[list[str]]:
        try:
            from sklearn.metrics import pairwise_distances_argmin
        except ImportError as error:
            raise MissingExtraError.of("scikit-learn", "report") from error

        rows, known, what = (_text_rows if kind == "text" else _mean_rows)(pairs.sources)

        def predict(other: Sequences) -> list[str]:
            answers = [""] * len(other)
            full = np.flatnonzero(other.lengths())
            if len(full):
                closest = pairwise_distances_argmin(rows(other.take(full)), known)
                for i, place in zip(full, closest):
                    answers[i] = targets[place]
            return answers

        return Baseline(predict, f"the target of the nearest training source, by {what}")

    texts = {"copy": copy, "dictionary": dictionary} if kind == "text" else {}
    return Baselines.fit({**texts, "nearest": nearest})


_Rows = Callable[[Sequences], Any]  # from N sources to (N, V), sparse or not


def _text_rows(sources: Sequences) -> tuple[_Rows, Any, str]:
    """How texts become rows, those of ``sources``, and what they are: TF-IDF.

    Rows have length 1, so that the smallest distance is the largest cosine.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    grams = TextGrams.fit(sources)
    counts = grams.counts(sources)
    weights = TfidfTransformer().fit(counts)
    return (
        lambda other: weights.transform(grams.counts(other)),
        weights.transform(counts),
        f"the cosine of TF-IDF of {grams.what}",
    )


def _mean_rows(sources: Sequences) -> tuple[_Rows, Any, str]:
    """How series become rows, those of ``sources``, and what they are: means."""
    from sklearn.preprocessing import StandardScaler

    def means(other: Sequences) -> np.ndarray:
        return np.stack([series.mean(axis=0, dtype=np.float64) for series in other.items])

    scaler = StandardScaler().fit(means(sources))
    return (
        lambda other: scaler.transform(means(other)),
        scaler.transform(means(sources)),
        "the distance of standardised means over time",
    )
