"""The sections about tags, one a step: spans, length, unknown words, and sequences with their tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.wording import count
from recurra.data import Labelled, WordFeatures
from recurra.evaluation import TaggingEvaluation
from recurra.inspection.class_sections import Cell, confusion_section, scores_section
from recurra.inspection.section import Section
from recurra.inspection.showing import Example, show
from recurra.runtime.sequence_model import SequenceModel

_MOST_STEPS = 60
_LENGTH_GROUPS = 6
_MOST_WRONG, _OTHERS = 8, 6


@dataclass(frozen=True)
class Run:
    """Steps side by side with the same actual and predicted tag; ``word`` where it is a single word."""

    word: str | None
    steps: int
    actual: str
    predicted: str
    start: int

    @property
    def place(self) -> str:
        """The steps, counted from 1."""
        first, last = self.start + 1, self.start + self.steps
        return f"{first:,}" if first == last else f"{first:,}–{last:,}"

    @property
    def right(self) -> bool:
        """Whether the steps were predicted rightly."""
        return self.actual == self.predicted


@dataclass(frozen=True)
class Tagged(Example):
    """A sequence with its tags."""

    runs: Sequence[Run]


def tag_sections(model: SequenceModel, evaluation: TaggingEvaluation, part: Labelled) -> list[Section]:
    """All of them, for the ``part`` that was scored."""
    sections = [
        confusion_section(evaluation.classes, evaluation.confusion, "tags"),
        scores_section("tags", "Tag by tag", evaluation.by_class, "tag"),
    ]
    if evaluation.spans is not None:
        spans = [evaluation.spans.total, *evaluation.spans.by_type]
        sections.append(scores_section("spans", "Whole spans", spans, "type"))
    return [*sections, _where(model, evaluation, part), _examples(model, evaluation, part)]


def _right(evaluation: TaggingEvaluation) -> list[np.ndarray]:
    """N times (T_i,) bool."""
    return [
        np.asarray([a == b for a, b in zip(actual, found)], bool)
        for actual, found in zip(evaluation.tags, evaluation.tagging.tags)
    ]


def _where(model: SequenceModel, evaluation: TaggingEvaluation, part: Labelled) -> Section:
    """Accuracy by the length of the sequence, and of words that the vocabulary does not have."""
    right = _right(evaluation)
    lengths = np.array([len(own) for own in right])
    order = np.argsort(lengths, kind="stable")
    edges = np.unique(lengths[order][np.linspace(0, len(order) - 1, _LENGTH_GROUPS + 1).astype(int)])
    place = np.searchsorted(edges[1:-1], lengths, side="left") if len(edges) > 2 else np.zeros(len(lengths))
    rows = []
    for group in np.unique(place):
        own = np.flatnonzero(place == group)
        low, high = lengths[own].min(), lengths[own].max()
        found = np.concatenate([right[i] for i in own])
        name = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        rows.append((name, [_accuracy(found)], [f"{len(own):,}", f"{len(found):,}"]))
    words: list[Any] = []
    if isinstance(model.features, WordFeatures):
        known = np.concatenate([ids[:, 0] > 0 for ids in model.features(part.sequences.items)])
        found = np.concatenate(right)
        for name, mask in (("in the vocabulary", known), ("unknown", ~known)):
            if mask.any():
                words.append((name, [_accuracy(found[mask])], [f"{mask.sum():,}"]))
    return Section(
        "where",
        "Where it is right",
        "where.html",
        {"lengths": rows, "words": words, "steps": "words" if part.sequences.kind == "tokens" else "steps"},
    )


def _accuracy(right: np.ndarray) -> Cell:
    share = float(right.mean())
    return Cell(f"{100 * share:.1f} %", share)


def _examples(model: SequenceModel, evaluation: TaggingEvaluation, part: Labelled) -> Section:
    right = _right(evaluation)
    wrong = np.array([np.count_nonzero(~own) for own in right])
    shares = wrong / np.array([len(own) for own in right])
    worst = [row for row in np.lexsort((-wrong, -shares)) if wrong[row] and len(right[row]) > 1][:_MOST_WRONG]
    spread = np.linspace(0, len(right) - 1, min(_OTHERS, len(right))).round().astype(int)
    groups = [
        ("Drawn evenly from the test part", [_example(model, evaluation, part, int(row)) for row in spread]),
        ("With the most mistakes", [_example(model, evaluation, part, int(row)) for row in worst]),
    ]
    mistakes = count(int(wrong.sum()), "tag")
    note = (
        f"{mistakes} of {evaluation.count:,} are wrong, in {np.count_nonzero(wrong):,} of "
        f"{evaluation.sequences:,} sequences. What is wrong is framed: the predicted tag is struck through, "
        "the actual one follows."
    )
    return Section(
        "examples",
        "Predicted and actual tags",
        "tagged.html",
        {"groups": [group for group in groups if group[1]], "note": note},
    )


def _example(model: SequenceModel, evaluation: TaggingEvaluation, part: Labelled, row: int) -> Tagged:
    actual, predicted = evaluation.tags[row], evaluation.tagging.tags[row]
    item = part.sequences.items[row]
    words = item if part.sequences.kind == "tokens" else None
    wrong = sum(a != b for a, b in zip(actual, predicted))
    runs = _runs(actual, predicted, words)
    cut = f"; the first {_MOST_STEPS} are shown" if len(runs) > _MOST_STEPS else ""
    facts = [("", f"{wrong:,} of {len(actual):,} wrong{cut}")]
    return Tagged(part.names[row], facts, show(model, part, row), runs[:_MOST_STEPS])


def _runs(actual: Any, predicted: Any, words: Any) -> list[Run]:
    """The steps of one sequence; those of words stay single, others are joined where nothing changes."""
    if words is not None:
        return [Run(word, 1, a, b, i) for i, (word, a, b) in enumerate(zip(words, actual, predicted))]
    pairs = list(zip(actual, predicted))
    starts = [i for i, pair in enumerate(pairs) if i == 0 or pair != pairs[i - 1]]
    return [
        Run(None, stop - start, *pairs[start], start)
        for start, stop in zip(starts, [*starts[1:], len(pairs)])
    ]
