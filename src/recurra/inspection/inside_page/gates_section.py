"""The section about gates over time: heat maps, one unit followed, saturation, and how large the state is."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra.inspection import figures
from recurra.inspection.inside.inspection import Inspection, Layer
from recurra.inspection.inside_page import steps
from recurra.inspection.inside_page.packed import packed
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import numbers

COLOURS = ("var(--model)", "var(--last)", "var(--seasonal)", "var(--ets)", "var(--ink)", "var(--soft)")
DASHES = ("solid", "dash", "dot", "dashdot")


def gates_section(inspections: Sequence[Inspection]) -> Section:
    """Of one model, or of two side by side."""
    drawn: dict[str, Any] = {}
    panels = []
    for i, (one, layers) in enumerate(zip(inspections, packed([one.layers for one in inspections]))):
        drawn[f"gates{i}"] = {"panel": {"layers": layers}}
        norms = []
        for j, group in enumerate(_by_steps(one.layers)):
            drawn[f"norm{i}-{j}"] = norm_figure(group)
            norms.append((f"norm{i}-{j}", norm_table(group)))
        panels.append({"id": f"gates{i}", "name": one.name, "norms": norms, "saturation": saturation(one)})
    return Section("gates", "Gates over time", "gates.html", {"panels": panels}, drawn)


def saturation(inspection: Inspection) -> list[tuple[str, str, list[tuple[str, float]]]]:
    """Of each gate of each layer, the share of steps and units near either end, as text and number."""
    return [
        (one.layer, one.gate, [(f"{100 * share:.1f} %", share) for share in (one.low, one.high)])
        for layer in inspection.layers
        for one in layer.saturation
    ]


def norm_figure(layers: Sequence[Layer]) -> Any:
    """The norm of the state of layers that have the same steps."""
    T = len(layers[0].trace.steps)
    starts = steps.bins(T)
    labels = steps.bin_names(layers[0].trace.steps, starts)
    traces = [
        figures.line(
            np.arange(len(starts)),
            steps.means(layer.trace.norm, starts),
            steps.safe(layer.trace.name),
            COLOURS[i % len(COLOURS)],
            width=2,
            dash=DASHES[i // len(COLOURS) % len(DASHES)],
            hovertemplate="%{y:.3f}",
        )
        for i, layer in enumerate(layers)
    ]
    return steps.figure(traces, labels, y={"rangemode": "tozero"}, showlegend=len(layers) > 1)


def norm_table(layers: Sequence[Layer]) -> tuple[Table, str]:
    """The same as numbers, and a note on what is left out."""
    labels = layers[0].trace.steps
    rows, note = steps.table_rows(len(labels))
    columns = [numbers(layer.trace.norm[rows]) for layer in layers]
    names = [layer.trace.name.capitalize() for layer in layers]
    return Table(["Step", *names], [[labels[t], *row] for t, *row in zip(rows, *columns)]), note


def _by_steps(layers: Sequence[Layer]) -> list[list[Layer]]:
    groups: dict[tuple[str, ...], list[Layer]] = {}
    for layer in layers:
        groups.setdefault(layer.trace.steps, []).append(layer)
    return list(groups.values())
