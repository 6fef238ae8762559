"""The section about which steps and inputs mattered for the prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra.inspection import figures
from recurra.inspection.inside.attribution import Attribution
from recurra.inspection.inside.inspection import Inspection
from recurra.inspection.inside_page import steps
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import number, numbers

DIVERGING = [
    [0.0, "var(--far-below)"],
    [0.25, "var(--below)"],
    [0.5, "var(--middle)"],
    [0.75, "var(--above)"],
    [1.0, "var(--far-above)"],
]
_MOST_WORDS = 1500  # that are read as a text
_MOST_INPUTS, _LEAST = 24, 0.002  # bars, and how long each is at least beside the longest
_MOST_CELLS = 50  # of a table
_MOST_COLUMNS = 400  # of the picture of steps and inputs


@dataclass(frozen=True)
class Said:
    """A step as a piece of a text: how much it mattered (0 to 1), and whether ``up`` or ``down``."""

    text: str
    share: float
    way: str


def attribution_section(inspection: Inspection) -> Section:
    """What each step did to the prediction, and of numbers each input."""
    methods = inspection.attributions
    first = methods[0]
    drawn: dict[str, Any] = {"mattered-figure": _bars(methods)}
    rows, note = steps.table_rows(len(first.steps))
    columns = [numbers(one.by_step[rows]) for one in methods]
    table = [[first.steps[t], *row] for t, *row in zip(rows, *columns)]
    words = steps.are_words(first.steps)
    content: dict[str, Any] = {
        "target": f"the {first.target}",
        "said": _said(first) if words else [],
        "left_out": max(0, len(first.steps) - _MOST_WORDS) if words else 0,
        "letters": all(len(step) == 1 for step in first.steps),
        "table": (Table(["Step", *(one.method.capitalize() for one in methods)], table), note),
        "sums": [_sum(one) for one in methods],
        "inputs": None,
        "map": False,
    }
    if first.by_input is not None and len(first.inputs) > 1:
        content["inputs"] = _inputs_table(methods)
        content["map"] = len(first.steps) > 1
        content["bars"] = len(_shown(_by_input(first)))
        drawn["by-input"] = _input_bars(first)
        if content["map"]:
            content["largest"] = _largest(first)
            drawn["by-input-and-step"] = _heat(first)
    return Section("mattered", "Which steps mattered", "attribution.html", content, drawn)


def _said(one: Attribution) -> list[Said]:
    values = np.nan_to_num(one.by_step[:_MOST_WORDS])
    shares = np.abs(values) / (np.abs(values).max(initial=0) or 1)
    ways = np.where(values < 0, "down", "up")
    return [Said(*each) for each in zip(one.steps, np.round(shares, 3).tolist(), ways.tolist())]


def _sum(one: Attribution) -> str:
    text = f"By {one.method}, all steps together come to {number(float(np.sum(one.by_step)))}"
    if one.method != "integrated gradients":
        return f"{text}."
    return (
        f"{text}, where an input of zeros and this one are {number(one.total)} apart "
        f"(off by {number(abs(one.difference))})."
        + one.rough
        * " That is far off, as the prediction turns sharply on the way: a rough picture only."
    )


def _bars(methods: Sequence[Attribution]) -> Any:
    first, *others = methods
    starts = steps.bins(len(first.steps))
    labels = steps.bin_names(first.steps, starts)
    x, values = np.arange(len(starts)), np.add.reduceat(first.by_step, starts)
    traces: list[Any] = [
        go.Bar(
            x=x, y=np.where(test, values, 0), name=name, marker={"color": colour}, hovertemplate="%{y:.4g}"
        )
        for name, colour, test in (
            ("speaks for it", "var(--last)", values > 0),
            ("speaks against it", "var(--model)", values < 0),
        )
    ]
    traces += [
        figures.line(
            x,
            np.add.reduceat(one.by_step, starts),
            one.method,
            "var(--soft)",
            width=1.4,
            dash="dot",
            hovertemplate="%{y:.4g}",
            visible="legendonly",
        )
        for one in others
    ]
    return steps.figure(traces, labels, barmode="relative", bargap=0.15 if len(starts) < 100 else 0)


def _by_input(one: Attribution) -> np.ndarray:
    return np.nan_to_num(np.asarray(one.by_input).sum(axis=0))


def _shown(values: np.ndarray) -> np.ndarray:
    """The inputs that did most, in their own order; none that did next to nothing, unless all did."""
    sizes = np.abs(values)
    most = np.argsort(-sizes, kind="stable")[:_MOST_INPUTS]
    return np.sort(most[sizes[most] >= _LEAST * sizes.max(initial=0)])


def _input_bars(one: Attribution) -> Any:
    values = _by_input(one)
    shown = _shown(values)[::-1]
    own = values[shown]
    bars = go.Bar(
        x=own,
        y=np.arange(len(own)),
        orientation="h",
        marker={"color": ["var(--last)" if value >= 0 else "var(--model)" for value in own]},
        hovertemplate="%{x:.4g}<extra></extra>",
    )
    ticks = {"tickvals": np.arange(len(own)), "ticktext": [steps.safe(one.inputs[i], 18) for i in shown]}
    fig = figures.figure([bars], y={"tickmode": "array", **ticks, "showgrid": False}, hovermode="closest")
    fig.update_xaxes(showgrid=True, hoverformat=".4g", nticks=5)
    fig.add_vline(x=0, line={"color": "var(--soft)", "width": 1})
    return fig


def _inputs_table(methods: Sequence[Attribution]) -> Table:
    columns = [numbers(_by_input(one)) for one in methods]
    rows = [[name, *row] for name, *row in zip(methods[0].inputs, *columns)]
    return Table(["Input", *(one.method.capitalize() for one in methods)], rows)


def _largest(one: Attribution) -> Table:
    """The inputs of single steps that did most."""
    values = np.nan_to_num(np.asarray(one.by_input))
    most = np.argsort(-np.abs(values), axis=None, kind="stable")[:_MOST_CELLS]
    places = np.unravel_index(most, values.shape)
    texts = numbers(values[places])
    rows = [[one.steps[t], one.inputs[i], text] for t, i, text in zip(*places, texts)]
    return Table(["Step", "Input", "Integrated gradients"], rows)


def _heat(one: Attribution) -> Any:
    starts = steps.bins(len(one.steps), _MOST_COLUMNS)
    values = np.nan_to_num(np.add.reduceat(np.asarray(one.by_input), starts, axis=0)).T
    most = float(np.abs(values).max(initial=0)) or 1.0
    heat = go.Heatmap(
        z=values,
        zmin=-most,
        zmax=most,
        colorscale="RdBu",  # replaced below: plotly checks the names of colours, and these are the page's own
        showscale=False,
        hovertemplate="%{z:.4g}<extra></extra>",
    ).to_plotly_json()
    every = max(1, -(-len(one.inputs) // 14))
    rows = np.arange(0, len(one.inputs), every)
    ticks = {"tickvals": rows, "ticktext": [steps.safe(one.inputs[i], 18) for i in rows]}
    fig = steps.figure(
        [], steps.bin_names(one.steps, starts), y={"tickmode": "array", **ticks, "autorange": "reversed"}
    )
    layout = fig.to_plotly_json()["layout"]
    return {"data": [{**heat, "colorscale": DIVERGING}], "layout": {**layout, "hovermode": "closest"}}
