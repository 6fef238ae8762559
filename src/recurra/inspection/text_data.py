"""The section about the texts that a language model was made and scored with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra._base.wording import plural
from recurra.data import Corpus, TextFeatures
from recurra.inspection import sequence_figures
from recurra.inspection.class_sections import Cell
from recurra.inspection.data_section import spread
from recurra.inspection.section import Section
from recurra.inspection.symbols import UNITS, texts_of, visible
from recurra.inspection.tables import Table
from recurra.runtime.language import TextModel

_MOST_SYMBOLS = 30


def text_data_section(
    model: TextModel,
    parts: Mapping[str, Corpus],
    ids: Mapping[str, Sequence[np.ndarray]],
    notes: tuple[str, ...],
) -> Section:
    """Parts, with the ``ids`` of their documents, the most frequent symbols, and how long documents are."""
    features, unit = model.features, plural(UNITS[model.features.level])
    lengths = {name: np.array([len(own) for own in rows]) for name, rows in ids.items()}
    counts = np.bincount(np.concatenate(ids["training"]), minlength=features.size)
    unknown = {name: sum(int((own == 0).sum()) for own in rows) for name, rows in ids.items()}
    amounts: dict[str, list[str]] = {}
    for name, part in parts.items():
        total = int(lengths[name].sum())
        amounts[name] = [f"{len(part):,}", f"{part.characters:,}"]
        amounts[name] += [f"{total:,}"] * (features.level != "char")
        amounts[name].append(f"{unknown[name]:,} ({100 * unknown[name] / max(total, 1):.1f} %)")
    tokens = [unit.capitalize()] * (features.level != "char")
    content: dict[str, Any] = {
        "parts": Table(
            ["Part", "Documents", "Characters", *tokens, "Unknown"],
            [[name, *row] for name, row in amounts.items()],
        ),
        "signs": features.level != "word",
        "notes": notes,
        "vocabulary": f"{features.size - 1:,}",
        "unit": unit,
        "ends": parts["training"].ends,
        "symbols": frequent_symbols(features, counts),
        "lengths": None,
    }
    drawn: dict[str, Any] = {}
    if parts["training"].ends:
        content["lengths"] = spread(lengths)
        drawn["length-figure"] = sequence_figures.distribution_figure(lengths)
    return Section("data", "The data", "text_data.html", content, drawn)


def frequent_symbols(features: TextFeatures, counts: np.ndarray) -> list[tuple[str, Cell]]:
    """The symbols that come most often, with how often that is, by the ``counts`` (V,) of all."""
    most = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]][:_MOST_SYMBOLS]
    names = texts_of(features, [features.vocabulary[i] for i in most])
    return [
        (
            visible(name) if i else "unknown",
            Cell(
                f"{counts[i]:,}",
                float(counts[i] / counts[most[0]]),
                f"{100 * counts[i] / counts.sum():.1f} %",
            ),
        )
        for i, name in zip(most, names)
    ]
