"""The section about data of two sides, sources and the texts that they become: parts, lengths, symbols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.wording import plural
from recurra.data import Pairs, TextFeatures
from recurra.inspection import sequence_figures
from recurra.inspection.class_sections import Cell
from recurra.inspection.data_section import spread
from recurra.inspection.section import Section
from recurra.inspection.symbols import UNITS
from recurra.inspection.tables import Table
from recurra.inspection.text_data import frequent_symbols
from recurra.runtime.translation import SourceFeatures, TranslationModel


@dataclass(frozen=True)
class Side:
    """One side of pairs.

    Attributes:
        id: what its figure's id begins with.
        unit: what lengths are counted in, in the plural.
        lengths: of each part, as a table.
        symbols: the most frequent of the training part; None where it has no symbols.
        vocabulary: how many of them there are, in words; None likewise.
    """

    id: str
    unit: str
    lengths: Table
    symbols: Sequence[tuple[str, Cell]] | None
    vocabulary: str | None


def unit_of(features: SourceFeatures) -> str:
    """What a step of such a side is called, in the singular."""
    return UNITS[features.level] if isinstance(features, TextFeatures) else "step"


def pair_data_section(model: TranslationModel, parts: Mapping[str, Pairs], notes: Sequence[str]) -> Section:
    """Parts, how long sources and targets are, and their most frequent symbols."""
    inputs = {name: model.source(part.sources.items) for name, part in parts.items()}
    written = {name: model.target(part.targets or []) for name, part in parts.items()}
    both = {"source": (model.source, inputs), "target": (model.target, written)}
    columns, rows = ["Part", "Pairs"], {name: [name, f"{len(part):,}"] for name, part in parts.items()}
    sides, drawn = [], {}
    for side, (features, by_part) in both.items():
        columns.append(f"{side} {plural(unit_of(features))}".capitalize())
        columns += ["of them unknown"] * isinstance(features, TextFeatures)
        for name, arrays in by_part.items():
            rows[name] += _amounts(features, arrays)
        shown, figure = _side(side, features, by_part)
        sides.append(shown)
        drawn |= figure
    content = {"parts": Table(columns, list(rows.values())), "notes": notes, "sides": sides}
    return Section("data", "The data", "sides.html", content, drawn)


def _amounts(features: SourceFeatures, arrays: Sequence[np.ndarray]) -> list[str]:
    total = sum(map(len, arrays))
    if not isinstance(features, TextFeatures):
        return [f"{total:,}"]
    unknown = sum(int((ids == 0).sum()) for ids in arrays)
    return [f"{total:,}", f"{unknown:,} ({100 * unknown / max(total, 1):.1f} %)"]


def _side(
    side: str, features: SourceFeatures, by_part: Mapping[str, Sequence[np.ndarray]]
) -> tuple[Side, dict[str, Any]]:
    """What is to be told of a side, and its figure."""
    lengths = {name: np.array([len(own) for own in arrays], np.int64) for name, arrays in by_part.items()}
    symbols, vocabulary = None, None
    if isinstance(features, TextFeatures):
        counts = np.bincount(np.concatenate(by_part["training"]), minlength=features.size)
        symbols, vocabulary = frequent_symbols(features, counts), f"{features.size - 1:,}"
    told = Side(side, plural(unit_of(features)), spread(lengths), symbols, vocabulary)
    return told, {f"{side}-length-figure": sequence_figures.distribution_figure(lengths)}
