"""The section about labelled sequences: their parts, how long they are, and how often each label comes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra.data import Labelled, TextFeatures, TextWords
from recurra.inspection import sequence_figures, sequence_summary
from recurra.inspection.class_sections import Cell
from recurra.inspection.section import Section
from recurra.inspection.symbols import visible
from recurra.inspection.tables import Table
from recurra.inspection.wording import numbers
from recurra.runtime import RegressionModel, TranscriptionModel
from recurra.runtime.sequence_model import SequenceModel

_MOST_CLASSES = 30
_LEVELS = {"char": "characters", "word": "words", "bpe": "byte pairs"}
_UNITS = {"tokens": "words", "series": "steps", "audio": "seconds"}


def data_section(
    model: SequenceModel, by_name: Mapping[str, Labelled | None], notes: tuple[str, ...]
) -> Section:
    """What the model was made and scored with, part by part."""
    parts = {name: part for name, part in by_name.items() if part is not None}
    lengths = {name: _lengths(model, part) for name, part in parts.items()}
    unit = _unit(model)
    drawn = {"length-figure": sequence_figures.distribution_figure(lengths)}
    content: dict[str, Any] = {
        "parts": sequence_summary.parts(by_name, label="text" if model.task == "transcribe" else "label"),
        "notes": sequence_summary.data_lines(model, by_name, notes),
        "unit": unit,
        "lengths": spread(lengths),
        "labels": None,
        "labelled": "The labels",
        "balance": None,
    }
    if isinstance(model, RegressionModel):
        values = {name: np.asarray(part.labels, np.float64) for name, part in parts.items()}
        drawn["label-figure"] = sequence_figures.distribution_figure(values)
        content["labels"] = spread(values)
    else:
        content["balance"] = _balance(model, parts)
    if isinstance(model, TranscriptionModel):
        written = {name: _text_lengths(model, part) for name, part in parts.items()}
        drawn["label-figure"] = sequence_figures.distribution_figure(written)
        content |= {
            "labels": spread(written),
            "labelled": f"How long their texts are, in {_LEVELS[model.symbols.level]}",
        }
    return Section("data", "The data", "data.html", content, drawn)


def _unit(model: SequenceModel) -> str:
    if isinstance(model.features, TextFeatures | TextWords):
        return _LEVELS[model.features.level]
    return _UNITS[model.kind]


def _lengths(model: SequenceModel, part: Labelled) -> np.ndarray:
    """Of each sequence (N,), as the network sees it; of clips in seconds."""
    sequences = part.sequences
    if isinstance(model.features, TextFeatures | TextWords):
        return np.array([len(ids) for ids in model.features(sequences.items)])
    lengths = sequences.lengths()
    return lengths / [clip.rate for clip in sequences.items] if sequences.kind == "audio" else lengths


def _text_lengths(model: TranscriptionModel, part: Labelled) -> np.ndarray:
    """Of the text of each sequence (N,)."""
    texts: Any = part.labels
    return np.array([len(model.symbols.tokens(text)) for text in texts], np.int64)


def spread(by_name: Mapping[str, np.ndarray]) -> Table:
    """The lowest, the middle and the highest of the values of each part."""
    whole = all(values.dtype.kind in "iu" for values in by_name.values())
    found = {name: np.quantile(values, [0, 0.1, 0.5, 0.9, 1]) for name, values in by_name.items()}
    texts = (
        [f"{value:,.0f}" for row in found.values() for value in row]
        if whole
        else numbers(
            [float(value) for row in found.values() for value in row],
            resolution=float(np.ptp(np.concatenate(list(found.values())))) / 100 or None,
        )
    )
    rows = [[name, *texts[5 * i : 5 * i + 5]] for i, name in enumerate(found)]
    return Table(["Part", "Lowest", "10 %", "Median", "90 %", "Highest"], rows)


def _balance(model: SequenceModel, parts: Mapping[str, Labelled]) -> dict[str, Any]:
    """How often each class or symbol comes, as a table whose cells are its picture; the commonest first."""
    counts = {name: _counts(model, part) for name, part in parts.items()}
    totals = sum(counts.values(), Counter[str]())
    order = [label for label, _ in totals.most_common(_MOST_CLASSES)]
    largest = max(max(own.values()) / own.total() for own in counts.values())
    rows = []
    for label in order:
        shares = [own[label] / own.total() for own in counts.values()]
        cells = [
            Cell(f"{own[label]:,}", share / largest, f"{100 * share:.1f} %")
            for own, share in zip(counts.values(), shares)
        ]
        rows.append((label, cells))
    what = "symbol" if isinstance(model, TranscriptionModel) else "label"
    return {"what": what, "columns": list(counts), "rows": rows, "more": len(totals) - len(order)}


def _counts(model: SequenceModel, part: Labelled) -> Counter[str]:
    labels: Any = part.labels
    if isinstance(model, TranscriptionModel):
        return Counter(visible(token) for text in labels for token in model.symbols.tokens(text))
    return Counter(str(each) for own in labels for each in (own if isinstance(own, list) else [own]))
