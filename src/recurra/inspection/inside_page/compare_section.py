"""The section about two models side by side: facts, predictions as they form, memories, losses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra.inspection import figures
from recurra.inspection.inside.compare import Comparison
from recurra.inspection.inside.inspection import Inspection
from recurra.inspection.inside_page.forming_section import curves, forming_table, surprise
from recurra.inspection.inside_page.steps import log_axis, safe, table_rows, whole_axis
from recurra.inspection.model_sections import network_words
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import MISSING, number, numbers

_STYLES = (("var(--model)", "solid"), ("var(--last)", "dash"))


def compare_section(comparison: Comparison) -> Section:
    """The first model beside the second."""
    both = (comparison.first, comparison.second)
    drawn: dict[str, Any] = {"losses": losses(both)} if all(one.epochs for one in both) else {}
    forming = []
    for i, one in enumerate(both):
        if one.forming is not None:
            drawn[f"forming{i}"] = (surprise if one.forming.likeliest else curves)(one.forming)
            forming.append((f"forming{i}", one.name, one.forming.final, forming_table(one.forming)))
    if all(one.memory is not None for one in both):
        drawn["memories"] = memories(both)
    content = {
        "names": [one.name for one in both],
        "table": facts(both),
        "forming": forming,
        "memories": memory_table(both) if "memories" in drawn else None,
        "losses": loss_table(both) if "losses" in drawn else None,
        "moved": _moved(comparison),
    }
    return Section("compared", f"Beside {comparison.second.name}", "compare.html", content, drawn)


def facts(both: Sequence[Inspection]) -> Table:
    """What the two are and what was found, one column each."""
    rows = [
        ["Says", *(MISSING if one.forming is None else one.forming.final for one in both)],
        ["Network", *(network_words(one.spec) for one in both)],
        ["Weights", *(f"{one.parameters:,}" for one in both)],
        ["Epochs", *(f"{len(one.epochs):,}" for one in both)],
        ["Best validation loss", *numbers(_best(one) for one in both)],
        ["Effective memory, steps", *(_memory(one) for one in both)],
        ["Largest |eigenvalue| of a step", *(_radius(one) for one in both)],
        ["Most saturated gate", *(_saturated(one) for one in both)],
        ["Warnings in training", *(f"{len(one.warnings)}" for one in both)],
    ]
    return Table(["", *(one.name for one in both)], [row for row in rows if set(row[1:]) != {MISSING}])


def losses(both: Sequence[Inspection]) -> Any:
    """The validation loss of each by epoch."""
    traces = []
    for one, (colour, dash) in zip(both, _STYLES):
        epochs = one.epochs
        values = np.array([np.nan if (v := e["validation_loss"]) is None else v for e in epochs], float)
        x = np.array([epoch["epoch"] for epoch in epochs])
        traces.append(figures.line(x, values, safe(one.name), colour, width=2, dash=dash))
    return figures.figure(traces, x=whole_axis(max(len(one.epochs) for one in both)))


def memories(both: Sequence[Inspection]) -> Any:
    """The gradient by the input of each against the lag."""
    traces, lags = [], max(len(one.memory.lags) for one in both if one.memory)
    for one, (colour, dash) in zip(both, _STYLES):
        assert one.memory is not None  # noqa: S101 - it was asked for
        shown = figures.every(len(one.memory.lags))
        values = np.where(np.asarray(one.memory.by_input) > 0, one.memory.by_input, np.nan)[shown]
        traces.append(
            figures.line(one.memory.lags[shown], values, safe(one.name), colour, width=2, dash=dash)
        )
    return figures.figure(
        traces,
        x={**whole_axis(lags), "title": "steps back"},
        y={**log_axis([one.memory.by_input for one in both if one.memory]), "hoverformat": ".3g"},
    )


def loss_table(both: Sequence[Inspection]) -> tuple[Table, str]:
    """The same as numbers."""
    by_epoch = [{epoch["epoch"]: epoch["validation_loss"] for epoch in one.epochs} for one in both]
    epochs = sorted(set().union(*by_epoch))
    columns = [numbers(own.get(epoch) for epoch in epochs) for own in by_epoch]
    rows = [[f"{epoch}", *row] for epoch, *row in zip(epochs, *columns)]
    return Table(["Epoch", *(one.name for one in both)], rows), ""


def memory_table(both: Sequence[Inspection]) -> tuple[Table, str]:
    """The same as numbers, as far back as the longer of the two goes."""
    curves = [one.memory.by_input for one in both if one.memory is not None]
    lags, note = table_rows(max(map(len, curves)))
    columns = [[f"{own[k]:.3g}" if k < len(own) else MISSING for k in lags] for own in curves]
    rows = [[f"{k:,}", *row] for k, *row in zip(lags.tolist(), *columns)]
    return Table(["Steps back", *(one.name for one in both)], rows), note


def _best(one: Inspection) -> float | None:
    found = [e["validation_loss"] for e in one.epochs if e["validation_loss"] is not None]
    return min(found, default=None)


def _memory(one: Inspection) -> str:
    return MISSING if one.memory is None else number(one.memory.effective)


def _radius(one: Inspection) -> str:
    return number(max(each.radius for each in one.spectra)) if one.spectra else MISSING


def _saturated(one: Inspection) -> str:
    shares = [
        (max(each.low, each.high), f"{each.layer}, {each.gate}")
        for layer in one.layers
        for each in layer.saturation
    ]
    if not shares:
        return MISSING
    share, name = max(shares)
    return f"{100 * share:.1f} % ({name})"


def _moved(comparison: Comparison) -> Table | None:
    """Only where the two are alike: two checkpoints of one training, say."""
    if not comparison.moved:
        return None
    texts = numbers(comparison.moved.values(), scale=100.0, suffix=" %")
    return Table(["Weight", "Changed by"], [[*row] for row in zip(comparison.moved, texts)])
