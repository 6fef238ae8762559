"""Describe sequences: texts, words with tags, series of numbers, clips."""

import hashlib
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from recurra._base.wording import plural
from recurra.data import Labelled, Sequences
from recurra.data.text import normalise
from recurra.data.word_rule import split_words
from recurra.diagnosis.balance import Balance, balance, balance_findings
from recurra.diagnosis.column import Column, describe_numbers
from recurra.diagnosis.column_findings import column_findings
from recurra.diagnosis.description import Description
from recurra.diagnosis.finding import WARNING, Finding, by_importance
from recurra.diagnosis.lengths import Lengths, length_findings, measure
from recurra.diagnosis.repeats import find_repeats, repeat_findings
from recurra.diagnosis.sounds import listen, sound_findings
from recurra.diagnosis.vocabulary import Vocabulary, vocabulary, vocabulary_findings

KINDS = {"text": "texts", "tokens": "words", "series": "series", "audio": "clips"}
_ITEMS = {"text": "text", "tokens": "sentence", "series": "series", "audio": "clip"}
_FEW = 50
_MOST_CLASSES = 30
_WORDS_A_TEXT = 2.0  # below it, texts are names or codes, and their words say little


def describe_sequences(
    data: Labelled, *, test: Labelled | None = None, spoken: bool = False, source: str = "the data"
) -> Description:
    """Describe sequences, and their labels and groups where they have any.

    Args:
        data: at least one sequence.
        test: others of the kind, such as the test part: what is in both, and what is unknown there.
        spoken: whether the labels of clips are what is said in them.
        source: what messages call the data.

    Raises MissingExtraError without SciPy or statsmodels, where there are numbers.
    """
    kind, item = data.sequences.kind, _ITEMS[data.sequences.kind]
    lengths, vocabularies = _texts(data.sequences, test.sequences if test else None)
    columns: tuple[Column, ...] = ()
    sounds = listen(data.sequences.items) if kind == "audio" else None
    if kind == "series":
        channels = np.concatenate(data.sequences.items).T
        columns = tuple(
            describe_numbers(f"column {place}", channel.astype(np.float64), None)
            for place, channel in enumerate(channels, start=1)
        )
    labels: Any = data.labels
    if labels is not None and not spoken and _are_numbers(labels):
        labels = np.array(labels, dtype=np.float64)
    balances: list[Balance | None] = []
    if isinstance(labels, np.ndarray):
        columns = (*columns, describe_numbers("label", labels, None))
    elif spoken and labels is not None:
        other: Any = test.labels if test else None
        said, words = text_parts(labels, other, "spoken ")
        lengths, vocabularies = lengths | said, vocabularies | words
    elif labels is not None:
        steps = isinstance(labels[0], list)
        each = [label for own in labels for label in own] if steps else labels
        balances.append(balance(each, what="tag" if steps else "label"))
    if data.groups is not None:
        balances.append(balance(data.groups, what="group"))
    single = labels if isinstance(labels, list) and not spoken and not isinstance(labels[0], list) else None
    repeats = find_repeats(
        _keys(data.sequences),
        item,
        names=data.sequences.items if kind == "text" else data.names,
        labels=single,
        other=None if test is None else _keys(test.sequences),
    )
    findings = [*_small(len(data), item), *repeat_findings(repeats)]
    for found in balances:
        if found is not None and found.what != "group":
            findings += balance_findings(found)
    findings += [
        finding for units, found in vocabularies.items() for finding in vocabulary_findings(found, units)
    ]
    findings += length_findings(next(iter(lengths.values())), plural(item))
    findings += [] if sounds is None else sound_findings(sounds)
    findings += column_findings(columns, None, None, whole=False)
    return Description(
        source=source,
        kind=KINDS[kind],
        size={plural(item): len(data), **_size(lengths, sounds is not None)},
        findings=by_importance(findings),
        notes=data.notes,
        columns=columns,
        lengths=lengths,
        balances=tuple(found for found in balances if found is not None),
        vocabularies=vocabularies,
        repeats=repeats,
        sounds=sounds,
    )


def text_parts(
    texts: Sequence[str], other: Sequence[str] | None, name: str = ""
) -> tuple[dict[str, Lengths], dict[str, Vocabulary]]:
    """The lengths and vocabularies of ``texts`` in words and characters, beside ``other`` ones, if any.

    Words are left out where texts have but one or two, as names have. ``name`` begins the name of each.
    """
    words = _words(texts)
    counts = {"word": np.array([len(own) for own in words]), "character": np.array([len(t) for t in texts])}
    units = ["word", "character"] if counts["word"].mean() >= _WORDS_A_TEXT else ["character"]
    symbols = {"word": words, "character": texts}
    others = {"word": None if other is None else _words(other), "character": other}
    return (
        {f"{name}{plural(unit)}": measure(counts[unit], unit) for unit in units},
        {f"{name}{plural(unit)}": vocabulary(symbols[unit], unit, others[unit]) for unit in units},
    )


def _are_numbers(labels: Any) -> bool:
    """Whether labels are many different numbers, and no classes that are called by some."""
    if not isinstance(labels, list) or not isinstance(labels[0], str) or len(set(labels)) <= _MOST_CLASSES:
        return False
    try:
        return bool(np.isfinite(np.array(labels, dtype=np.float64)).all())
    except ValueError:
        return False


def _texts(sequences: Sequences, other: Sequences | None) -> tuple[dict[str, Lengths], dict[str, Vocabulary]]:
    """The lengths of ``sequences``, and the vocabularies of those that have one."""
    match sequences.kind:
        case "text":
            return text_parts(sequences.items, other.items if other else None)
        case "tokens":
            first = [_lower(own) for own in sequences.items]
            second = None if other is None else [_lower(own) for own in other.items]
            found = vocabulary(first, "word", second)
            return {"words": measure(sequences.lengths(), "word")}, {"words": found}
        case "series":
            return {"steps": measure(sequences.lengths(), "step")}, {}
        case _:
            seconds = sequences.lengths() / [clip.rate for clip in sequences.items]
            return {"seconds": measure(seconds, "second")}, {}


def _words(texts: Sequence[str]) -> list[list[str]]:
    return [split_words(normalise(text, lowercase=True)) for text in texts]


def _lower(tokens: Sequence[str]) -> list[str]:
    return [normalise(token, lowercase=True) for token in tokens]


def _keys(sequences: Sequences) -> list[Hashable]:
    """What is equal for equal sequences alone."""
    match sequences.kind:
        case "text":
            return list(sequences.items)
        case "tokens":
            return [tuple(own) for own in sequences.items]
        case "series":
            return [hashlib.sha256(own.tobytes()).digest() for own in sequences.items]
        case _:
            return [hashlib.sha256(clip.samples.tobytes()).digest() for clip in sequences.items]


def _size(lengths: dict[str, Lengths], audio: bool) -> dict[str, int | float]:
    return {name: found.total if audio else int(found.total) for name, found in lengths.items()}


def _small(amount: int, item: str) -> list[Finding]:
    if amount >= _FEW:
        return []
    advice = (
        "Collect more: little can be learnt from so few, and a score on a part of them is left to chance."
    )
    noun = item if amount == 1 else plural(item)
    return [Finding(WARNING, f"There {'is' if amount == 1 else 'are'} {amount:,} {noun}.", advice)]
