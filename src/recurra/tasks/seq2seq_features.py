"""How sources and targets are cut into symbols, learnt from the training pairs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import flag, one_of
from recurra.data import Pairs, SeriesFeatures, TextFeatures
from recurra.runtime.translation import SourceFeatures

LEVELS = ("char", "word", "bpe")

_SENTENCE = 5  # words a text, on average, from which characters would make long sequences of what words say
_PAIRS = 6_000  # byte pairs that tens of thousands of sentences fill


def fit_features(
    pairs: Pairs, arguments: Mapping[str, Any]
) -> tuple[SourceFeatures, TextFeatures, tuple[str, ...]]:
    """Of the sources, of the targets, and notes of what was chosen.

    ``arguments`` are the estimator's; where they have no ``level``, texts of five words or more on average
    are cut into byte pairs, and others into characters. Raises InputError for an argument that is none, or
    does not go with the pairs.
    """
    for name in ("level", "target_level"):
        if arguments[name] is not None:
            one_of(name, arguments[name], LEVELS)
    is_text, shared = pairs.sources.kind == "text", flag("shared", arguments["shared"])
    if not is_text:
        for name, given in (("level", arguments["level"]), ("shared", shared)):
            if given:
                raise InputError(
                    f"{name} is for sources that are texts, got {given!r} with arrays; leave it out"
                )
    targets, sources = pairs.targets or [], pairs.sources.items
    notes = []
    level = arguments["level"]
    target_level = arguments["target_level"] or level
    if target_level is None:
        texts = [*targets, *(sources if is_text else [])]
        level = target_level = _level_of(texts)
        what = "byte pairs" if level == "bpe" else "characters"
        notes.append(f"Texts are cut into {what}, as they have {_words(texts):.1f} words on average.")
    elif is_text and level is None:
        level = target_level
    if not is_text:
        return SeriesFeatures.fit(sources), _fit(targets, target_level, arguments), tuple(notes)
    if shared:
        if level != target_level:
            raise InputError(
                f"shared=True needs sources and targets cut alike, got level {level!r} and target_level "
                f"{target_level!r}"
            )
        both = _fit([*sources, *targets], target_level, arguments)
        return both, both, tuple(notes)
    return _fit(sources, level, arguments), _fit(targets, target_level, arguments), tuple(notes)


def _fit(texts: list[str], level: str, arguments: Mapping[str, Any]) -> TextFeatures:
    size = arguments["max_vocabulary"]
    if size is None and level == "bpe":
        size = _PAIRS
    return TextFeatures.fit(
        texts, level=level, lowercase=False, max_vocabulary=size, min_count=arguments["min_count"]
    )


def _level_of(texts: list[str]) -> str:
    return "bpe" if _words(texts) >= _SENTENCE else "char"


def _words(texts: list[str]) -> float:
    return float(np.mean([len(text.split()) for text in texts]))
