"""The section about attention: where a model looks in the source as it writes each token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.wording import count
from recurra.data import Pairs, TextFeatures
from recurra.inspection.class_sections import Cell
from recurra.inspection.section import Section
from recurra.inspection.showing import cut
from recurra.inspection.side_data import unit_of
from recurra.inspection.symbols import texts_of, visible
from recurra.inspection.tables import Table
from recurra.runtime.translation import Translation, TranslationModel

END = "■"
"""Stands for the end of what is written."""

_MATRICES = 3
_COLUMNS, _ROWS = 24, 30  # of a matrix that is still read at a glance
_LABEL = 14  # characters


@dataclass(frozen=True)
class Matrix:
    """Where each token of a text looks: a row for each, a column for each token of the source.

    Attributes:
        name: where the source comes from.
        facts: names and texts.
        columns, rows: labels; of each row the weights as well.
        slanted: whether the columns' labels are long enough to be set upright.
        note: what is not shown.
        table: the same as numbers: where each token looks most.
    """

    name: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    upright: bool
    note: str
    table: Table


def attention_section(model: TranslationModel, part: Pairs) -> Section:
    """Some sources of the ``part``, from short ones to long ones; or why there is nothing to see."""
    lengths = np.array([len(x) for x in model.source(part.sources.items)], np.int64)
    content = {"matrices": [], "none": "", "end": END, "unit": unit_of(model.source)}
    if not model.network.has_attention:
        content["none"] = (
            "This model has no attention: the whole source is one vector, what the encoder has read by its "
            "end, and the decoder writes from that alone. So there is nothing to show of where it looks."
        )
    elif lengths.max(initial=0) < 2:
        content["none"] = (
            "Each source is a single vector, so there is only one place to look at: all of the attention is "
            "always there."
        )
    else:
        rows = _chosen(lengths)
        found = model.translate(part.take(rows), attention=True)
        content["matrices"] = [_matrix(model, part, int(row), own[0]) for row, own in zip(rows, found)]
    return Section("attention", "Where it looks", "attention.html", content)


def _chosen(lengths: np.ndarray) -> np.ndarray:
    """Rows from short ones to long ones, of those that fit where there are any."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 1]
    fit = order[lengths[order] <= _COLUMNS]
    if not len(fit):
        return order[:_MATRICES]
    return fit[np.unique(np.linspace(0, len(fit) - 1, _MATRICES + 1).round().astype(np.int64))[1:]]


def _matrix(model: TranslationModel, part: Pairs, row: int, found: Translation) -> Matrix:
    written = [*texts_of(model.target, list(found.tokens)), END]
    weights = np.asarray(found.attention, np.float64)
    if isinstance(model.source, TextFeatures):
        read = texts_of(model.source, list(found.source_tokens or ()))
    else:
        read = [f"{step:,}" for step in range(1, weights.shape[1] + 1)]
    facts = [("written", cut(found.text)), ("right", cut((part.targets or [])[row]))]
    if part.sources.kind == "text":
        facts.insert(0, ("source", cut(part.sources.items[row])))
    columns, drawn = _drawn(model, read, weights)
    left_out = len(written) - _ROWS
    return Matrix(
        part.names[row],
        facts,
        columns,
        [
            (_label(name), [Cell("", float(weight), f"{100 * weight:.1f} %") for weight in own])
            for name, own in zip(written[:_ROWS], drawn)
        ],
        max(map(len, columns)) > 3,
        f"The last {count(left_out, 'row')} of {len(written):,} are not shown." if left_out > 0 else "",
        _table(written, read, weights),
    )


def _drawn(model: TranslationModel, read: Sequence[str], weights: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The labels of columns, and weights (T, columns) that still add up to 1.

    Of a long text the last column is all that is left; of a long series each has a few steps.
    """
    S = weights.shape[1]
    if S <= _COLUMNS:
        return [_label(name) for name in read], weights
    if isinstance(model.source, TextFeatures):
        starts = np.arange(_COLUMNS)
        labels = [*(_label(name) for name in read[: _COLUMNS - 1]), f"{S - _COLUMNS + 1:,} more"]
    else:
        starts = np.arange(_COLUMNS) * S // _COLUMNS
        ends = [*starts[1:], S]
        labels = [
            f"{stop:,}" if stop == start + 1 else f"{start + 1:,}–{stop:,}"
            for start, stop in zip(starts, ends)
        ]
    return labels, np.add.reduceat(weights, starts, axis=1)


def _label(token: str) -> str:
    shown = visible(token)
    return shown if len(shown) <= _LABEL else f"{shown[: _LABEL - 1]}…"


def _table(written: Sequence[str], read: Sequence[str], weights: np.ndarray) -> Table:
    rows = []
    for name, own in zip(written, weights):
        most = np.argsort(-own, kind="stable")[:2]
        cells = [f"{visible(read[int(at)])} ({at + 1:,}), {100 * own[at]:.1f} %" for at in most]
        rows.append([visible(name), *cells])
    return Table(["Written", "Looks most at (place)", "and then at"], rows)
