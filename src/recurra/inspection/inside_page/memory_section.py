"""The section about memory: how far back a prediction depends on the input and on states."""

from typing import Any

import numpy as np

from recurra.inspection import figures
from recurra.inspection.inside.inspection import Inspection
from recurra.inspection.inside.memory import Memory
from recurra.inspection.inside_page import steps
from recurra.inspection.inside_page.spectrum import spectrum_choice, spectrum_table
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import number


def memory_section(inspection: Inspection) -> Section:
    """Gradients by lag, trained and fresh, and the eigenvalues of one step."""
    drawn: dict[str, Any] = {}
    content: dict[str, Any] = {"memory": None, "spectra": [], "steps": []}
    if (found := inspection.memory) is not None:
        inputs = {"trained": found.by_input, "fresh": found.fresh_by_input}
        states = {"trained": found.by_state, "fresh": found.fresh_by_state}
        drawn["memory-figure"] = lag_figure(inputs, found.lags)
        drawn["state-figure"] = lag_figure(states, found.state_lags)
        content["memory"] = {
            "effective": number(found.effective),
            "fresh": number(found.fresh_effective),
            "shrink": number(found.shrink),
            "lags": f"{found.lags[-1]:,}",
            "table": _table(found),
        }
    if inspection.spectra:
        labels = () if inspection.trace is None else inspection.trace.given.steps
        content["spectra"] = [f"{one.layer}, step {one.step + 1:,}" for one in inspection.spectra]
        drawn["spectrum"] = {
            "choices": [spectrum_choice(one.eigenvalues, singular=one.singular) for one in inspection.spectra]
        }
        content["radii"] = spectrum_table(
            [
                (one.layer, f"{one.step + 1:,}{_called(labels, one.step)}", one.radius, one.singular)
                for one in inspection.spectra
            ]
        )
    return Section("memory", "Memory", "memory.html", content, drawn)


def lag_figure(curves: dict[str, np.ndarray], lags: np.ndarray) -> Any:
    """Norms of gradients (K,) against ``lags`` (K,), on a logarithmic axis; exact zeros are left out."""
    styles = {"trained": ("var(--model)", "solid"), "fresh": ("var(--last)", "dash")}
    shown = figures.every(len(lags))
    traces = []
    for name, values in curves.items():
        colour, dash = styles[name]
        values = np.where(np.asarray(values) > 0, values, np.nan)[shown]
        traces.append(
            figures.line(lags[shown], values, name, colour, width=2, dash=dash, hovertemplate="%{y:.3g}")
        )
    return figures.figure(
        traces,
        x={**steps.whole_axis(lags[-1] + 1), "title": "steps back"},
        y=steps.log_axis(list(curves.values())),
    )


def _called(labels: tuple[str, ...], step: int) -> str:
    name = labels[step] if step < len(labels) else ""
    return f" ({name})" if name and name != str(step + 1) else ""


def _table(found: Memory) -> tuple[Table, str]:
    lags = found.state_lags
    curves = (found.by_input[lags], found.fresh_by_input[lags], found.by_state, found.fresh_by_state)
    table = [[f"{lag:,}", *(f"{value:.3g}" for value in row)] for lag, *row in zip(lags, *curves)]
    some = len(lags) < len(found.lags)
    note = f"{len(lags):,} of {len(found.lags):,} steps, ever fewer further back." if some else ""
    names = ["Steps back", "By input, trained", "By input, fresh", "By state, trained", "By state, fresh"]
    return Table(names, table), note
