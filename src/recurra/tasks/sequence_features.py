"""Features of labelled sequences, learnt from the training part."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data import AudioFeatures, SeriesFeatures, TextFeatures, TextWords, WordFeatures, read_vectors
from recurra.runtime.features import Features

_SYMBOLS = ("max_vocabulary", "min_count", "vectors")
_ONLY_FOR = {
    "level": ("text",),
    **dict.fromkeys(_SYMBOLS, ("text", "tokens")),
    "embedding_size": ("text", "tokens"),
    "word_dropout": ("text", "tokens"),
    "bag": ("text", "tokens"),
    "augment": ("audio",),
}
"""The kinds of sequences for which an argument means something."""


def check_arguments(kind: str, arguments: dict[str, Any]) -> None:
    """Raise InputError for an argument that was given and means nothing for sequences of that kind."""
    for name, kinds in _ONLY_FOR.items():
        if arguments.get(name) is not None and kind not in kinds:
            raise InputError(
                f"{name} is for {' and '.join(kinds)}, got {arguments[name]!r} with sequences of kind "
                f"{kind!r}; leave it out"
            )


def fit_features(items: list[Any], kind: str, arguments: dict[str, Any], *, stack: int = 1) -> Features:
    """The features of that kind, as the estimator's ``arguments`` (None: the default) ask for them.

    ``stack`` is how many frames of a clip make a step.
    """
    check_arguments(kind, arguments)
    limits = {
        name: arguments[name] for name in ("max_vocabulary", "min_count") if arguments[name] is not None
    }
    match kind:
        case "text":
            if arguments["level"] in (None, "word"):
                return TextWords.fit(items, **limits)
            return TextFeatures.fit(items, level=arguments["level"], **limits)
        case "tokens":
            return WordFeatures.fit(items, **limits)
        case "series":
            return SeriesFeatures.fit(items)
        case _:
            return AudioFeatures.fit(items, stack=stack, by_clip=arguments["bidirectional"] is not False)


def fit_vectors(
    path: str | None, embedding_size: int | None, features: Features
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """The vectors (V, D) float32 of the features' symbols in a file, NaN for those it has not; and a note.

    Raises InputError for a file that can't be read, one without any of the symbols, or of another size.
    """
    if path is None:
        return None, ()
    symbols = _symbols(features)
    found, vectors = read_vectors(path, symbols)
    if not found.any():
        raise InputError(f"vectors {path} has none of the {len(symbols):,} symbols of the training part")
    if embedding_size not in (None, vectors.shape[1]):
        raise InputError(
            f"embedding_size must be {vectors.shape[1]}, as in vectors {path}, or left out, got "
            f"{embedding_size}"
        )
    vectors[~found] = np.nan
    return vectors, (f"{found.sum():,} of {len(symbols):,} symbols begin with the vectors of {path}.",)


def _symbols(features: Features) -> tuple[str, ...]:
    match features:
        case WordFeatures():
            return features.words
        case TextWords() | TextFeatures():
            return features.vocabulary
        case _:
            return ()


def symbol_counts(features: Features, inputs: Sequence[np.ndarray]) -> np.ndarray | None:
    """How often (V,) each symbol stands in the ``inputs``; None for features that are numbers."""
    symbols = _symbols(features)
    if not symbols:
        return None
    # Words have their characters in the other columns.
    ids = [array if array.ndim == 1 else array[:, 0] for array in inputs]
    return np.bincount(np.concatenate(ids), minlength=len(symbols))
