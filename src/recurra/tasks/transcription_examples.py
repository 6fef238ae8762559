"""The parts of sequences and their texts as examples, without what can't be learnt."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count, plural
from recurra.data import Labelled
from recurra.runtime.features import Features
from recurra.tasks.sequence_examples import SequenceExamples
from recurra.tasks.sequence_parts import Parts
from recurra.tasks.transcription_targets import TextTargets, least_steps

_ITEMS = {"audio": "clip", "series": "series"}
_SYMBOLS = {"char": "character", "word": "word"}
_SHOWN = 3


def transcription_examples(
    parts: Parts, features: Features, targets: TextTargets
) -> tuple[Parts, dict[str, SequenceExamples], tuple[str, ...]]:
    """The parts that are left, examples of "training" and "validation", and notes on what was left out.

    That is sequences with fewer steps than their texts need, and validation texts with symbols that the
    training part lacks. All of the test part is left: it tells what the model can't do.

    Raises InputError where nothing of a part is left, and for test sequences that could not be scored.
    """
    examples: dict[str, SequenceExamples] = {}
    notes: list[str] = []
    for name in ("training", "validation"):
        part: Labelled = getattr(parts, name)
        weights: np.ndarray = getattr(parts, f"{name}_weights")
        inputs, ids = features(part.sequences.items), targets.encode(part.labels, name)
        known = np.array([(own > 0).all() for own in ids])
        short = known & np.array([len(x) < least_steps(own) for x, own in zip(inputs, ids)])
        silent = np.array([len(own) == 0 for own in ids])
        if silent.any():
            notes.append(
                f"{_of(silent, 'text', name, 'is', 'are')} empty: there the model is to write nothing."
            )
        if not known.all():
            notes.append(f"{_unknown(part, name, targets, known)}; left out.")
        if short.any():
            notes.append(_short(part, name, short, list(map(len, inputs)), list(map(least_steps, ids))))
        rows = np.flatnonzero(known & ~short)
        if not len(rows):
            raise InputError(f"{name}: nothing is left to learn from. {' '.join(notes)}")
        left = {name: part.take(rows), f"{name}_weights": weights[rows]}
        parts = dataclasses.replace(parts, **left)
        examples[name] = SequenceExamples(
            [inputs[row] for row in rows], [ids[row] for row in rows], weights[rows]
        )
    if parts.test is not None:
        features(parts.test.sequences.items)
        known = np.array([(own > 0).all() for own in targets.encode(parts.test.labels, "test")])
        if not known.all():
            notes.append(f"{_unknown(parts.test, 'test', targets, known)}, which the model can't write.")
    return parts, examples, tuple(notes)


def _unknown(part: Labelled, name: str, targets: TextTargets, known: np.ndarray) -> str:
    """How many texts of a part have symbols that are not ``known``, and which these are."""
    texts: Any = part.labels
    symbols = targets.symbols
    learnt = set(symbols.vocabulary[1:])
    found: Counter[str] = Counter()
    for row in np.flatnonzero(~known).tolist():
        found.update(token for token in symbols.tokens(texts[row]) if token not in learnt)
    which = _listed([repr(symbol) for symbol, _ in found.most_common()])
    what = plural(_SYMBOLS[symbols.level])
    return f"{_of(~known, 'text', name, 'has', 'have')} {what} that the training part lacks ({which})"


def _short(part: Labelled, name: str, short: np.ndarray, steps: Sequence[int], needed: Sequence[int]) -> str:
    rows = np.flatnonzero(short).tolist()
    which = [f"{part.names[row]} ({steps[row]} of {needed[row]} steps)" for row in rows]
    what = _of(short, _ITEMS[part.sequences.kind], name, "has", "have")
    return f"{what} fewer steps than the text needs; left out: {_listed(which)}."


def _of(mask: np.ndarray, noun: str, name: str, one: str, more: str) -> str:
    """``3 of 40 texts of the test part have``, with the verb for one or for more."""
    return f"{mask.sum():,} of {count(len(mask), noun)} of the {name} part {one if mask.sum() == 1 else more}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
