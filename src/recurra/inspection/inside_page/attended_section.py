"""The sections about attention, and about what a transcriber hears."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra.inspection.inside.attended import Attended, Posteriors
from recurra.inspection.inside_page import steps
from recurra.inspection.section import Section
from recurra.inspection.tables import Table

_CIVIDIS = "Cividis"
_MOST_ROWS, _MOST_COLUMNS = 150, 500
_MOST_SYMBOLS, _LEAST = 24, 0.02  # that are drawn, and how probable each is somewhere


def attended_section(found: Attended) -> Section:
    """Where each step that is written looks, or a pool over all steps."""
    starts = steps.bins(len(found.columns), _MOST_COLUMNS)
    labels = steps.bin_names(found.columns, starts)
    weights = np.add.reduceat(np.asarray(found.weights, np.float64), starts, axis=1)[:_MOST_ROWS]
    pool = len(found.rows) == 1
    picture = _bars(weights[0], labels) if pool else heat(weights, found.rows[:_MOST_ROWS], labels)
    content = {
        "pool": pool,
        "table": _looks(found),
        "left_out": max(0, len(found.rows) - _MOST_ROWS),
        "rows": min(len(found.rows), _MOST_ROWS),
    }
    return Section("attention", "Where it looks", "attention.html", content, {"attention-figure": picture})


def posteriors_section(found: Posteriors) -> Section:
    """How probable each symbol is at each step of a clip."""
    values = np.asarray(found.values)
    most = values.max(axis=0)
    drawn = [i for i in np.argsort(-most, kind="stable")[:_MOST_SYMBOLS].tolist() if most[i] >= _LEAST]
    drawn.sort(key=lambda i: (i != 0, int((values[:, i] >= most[i] / 2).argmax())))  # the blank comes first
    starts = steps.bins(len(found.steps), _MOST_COLUMNS)
    shown = np.maximum.reduceat(values[:, drawn], starts, axis=0).T
    labels = steps.bin_names(found.steps, starts)
    symbols = [found.symbols[i] for i in drawn]
    rows, note = steps.table_rows(len(found.steps))
    table = []
    for t in rows:
        best = np.argsort(-values[t], kind="stable")[:2]
        table.append([found.steps[t], *(f"{found.symbols[i]} {100 * values[t, i]:.1f} %" for i in best)])
    content = {
        "text": found.text,
        "others": len(found.symbols) - len(drawn),
        "rows": len(drawn),
        "table": (Table(["Step", "Most probable", "Then"], table), note),
    }
    figure = heat(shown, symbols, labels)
    return Section("heard", "What it hears", "posteriors.html", content, {"posteriors-figure": figure})


def heat(values: np.ndarray, rows: Any, labels: list[str]) -> Any:
    """Shares (rows, steps) between 0 and 1 as a picture, the first row on top."""
    names = [steps.safe(name, 14) for name in rows]
    hover = [[f"{row}, {steps.safe(label)}" for label in labels] for row in names]
    every = max(1, -(-len(names) // 40))
    at = np.arange(0, len(names), every)
    trace = go.Heatmap(
        z=np.asarray(values, np.float32),
        zmin=0,
        zmax=1,
        colorscale=_CIVIDIS,
        showscale=False,
        customdata=hover,
        hovertemplate="%{customdata}: %{z:.1%}<extra></extra>",
    )
    ticks = {"tickmode": "array", "tickvals": at, "ticktext": [names[i] for i in at]}
    y = {**ticks, "autorange": "reversed", "showgrid": False}
    return steps.figure([trace], labels, y=y, hovermode="closest")


def _bars(weights: np.ndarray, labels: list[str]) -> Any:
    bars = go.Bar(
        x=np.arange(len(weights)),
        y=weights,
        marker={"color": "var(--model)"},
        name="weight",
        hovertemplate="%{y:.1%}",
    )
    return steps.figure([bars], labels, y={"tickformat": ".0%", "rangemode": "tozero"}, bargap=0.1)


def _looks(found: Attended) -> tuple[Table, str]:
    if len(found.rows) == 1:
        rows, note = steps.table_rows(len(found.columns))
        cells = [[found.columns[s], f"{100 * found.weights[0, s]:.1f} %"] for s in rows]
        return Table(["Step", "Weight"], cells), note
    rows, note = steps.table_rows(len(found.rows))
    cells = []
    for t in rows:
        most = np.argsort(-found.weights[t], kind="stable")[:2]
        looks = [f"{found.columns[s]} ({s + 1:,}), {100 * found.weights[t, s]:.1f} %" for s in most]
        cells.append([found.rows[t], *looks])
    return Table(["Written", "Looks most at (place)", "and then at"], cells), note
