"""The sections about classes, of whole sequences or of single steps: confusion, scores by class, odds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.wording import count
from recurra.evaluation import ClassScores, Reliability
from recurra.inspection import sequence_figures
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import MISSING

_MOST_CLASSES = 20  # of a table that is still read at a glance
_MOST_PAIRS = 8


@dataclass(frozen=True)
class Cell:
    """A number in a table that is its own picture: ``share`` from 0 to 1 sets how deep the colour is."""

    text: str
    share: float
    note: str = ""
    right: bool = False


def confusion_section(classes: Sequence[str], confusion: np.ndarray, noun: str) -> Section:
    """What is taken for what: actual class by predicted class, counts (K, K) of ``noun`` in the plural."""
    of_class = confusion.sum(axis=1)
    shares = confusion / np.maximum(of_class, 1)[:, None]
    mistakes = confusion * ~np.eye(len(confusion), dtype=bool)
    shown, note = list(range(len(classes))), ""
    if len(classes) > _MOST_CLASSES:
        involved = mistakes.sum(axis=0) + mistakes.sum(axis=1)
        shown = sorted(np.argsort(-involved, kind="stable")[:_MOST_CLASSES].tolist())
        note = f"The {_MOST_CLASSES} most confused of {len(classes)} classes are shown."
    rows = [
        (
            classes[i],
            [
                Cell(
                    f"{confusion[i, j]:,}" if confusion[i, j] else "·",
                    float(shares[i, j]),
                    f"{100 * shares[i, j]:.1f} %",
                    i == j,
                )
                for j in shown
            ],
        )
        for i in shown
    ]
    content = {
        "columns": [classes[j] for j in shown],
        "rows": rows,
        "with_shares": len(shown) <= 10,
        "note": note,
        "noun": noun,
        "pairs": _pairs(classes, mistakes, shares),
    }
    return Section("confusion", "What is taken for what", "confusion.html", content)


def _pairs(classes: Sequence[str], mistakes: np.ndarray, shares: np.ndarray) -> Table:
    order = np.argsort(-mistakes, axis=None, kind="stable")[:_MOST_PAIRS]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, mistakes.shape)) if mistakes[i, j]]
    rows = [[classes[i], classes[j], f"{mistakes[i, j]:,}", f"{100 * shares[i, j]:.1f} %"] for i, j in pairs]
    return Table(["Actual", "Predicted", "Times", "Of the actual"], rows)


def scores_section(
    id: str,  # noqa: A002
    title: str,
    scores: Sequence[ClassScores],
    noun: str,
) -> Section:
    """Precision, recall and F1 of each class, the worst first."""
    order = sorted(scores, key=lambda score: (not np.isfinite(score.f1), score.f1))
    rows = [
        (
            score.label,
            [Cell(_share(score.f1), score.f1 if np.isfinite(score.f1) else 0.0)],
            [_share(score.precision), _share(score.recall), f"{score.support:,}"],
        )
        for score in order
    ]
    return Section(id, title, "by_class.html", {"rows": rows, "noun": noun})


def confidence_section(reliability: Reliability) -> Section:
    """How often the model is right, by how sure it says it is."""
    filled = np.flatnonzero(reliability.count)
    bins = len(reliability.count)
    rows = [
        [
            f"{100 * i / bins:.0f} to {100 * (i + 1) / bins:.0f} %",
            f"{reliability.count[i]:,}",
            f"{100 * reliability.confidence[i]:.1f} %",
            f"{100 * reliability.accuracy[i]:.1f} %",
        ]
        for i in filled
    ]
    content = {
        "table": Table(["Said to be sure", "Labels", "Mean odds", "Were right"], rows),
        "error": f"{100 * reliability.error:.1f}",
        "leaning": _leaning(reliability),
    }
    return Section(
        "confidence",
        "Is it as sure as it should be?",
        "confidence.html",
        content,
        {"reliability-figure": sequence_figures.reliability_figure(reliability)},
    )


def _leaning(reliability: Reliability) -> str:
    filled = reliability.count > 0
    gap = (reliability.confidence - reliability.accuracy)[filled]
    lean = 100 * float(np.average(gap, weights=reliability.count[filled]))
    if abs(lean) < 1:
        return "On the whole it is as often right as it says."
    size = f"{abs(lean):.1f}"
    how = "surer" if lean > 0 else "less sure"
    return f"On the whole it is {how} than it should be, by {size} percentage points."


def _share(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else MISSING


def errors_note(wrong: int, scored: int, shown: int, noun: str) -> str:
    """How many were wrong, and how many of them are shown."""
    if not wrong:
        return f"Not one of {count(scored, noun)} is predicted wrongly."
    return (
        f"{wrong:,} of {count(scored, noun)} are predicted wrongly; shown are the {shown} that the model was "
        "surest of."
    )
