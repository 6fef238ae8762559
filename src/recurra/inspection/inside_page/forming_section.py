"""The section about the prediction as it forms: what the model would say if its input ended earlier."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra._base.wording import count
from recurra.inspection import figures
from recurra.inspection.inside.formed import LOG_PROBABILITY, Forming
from recurra.inspection.inside_page import steps
from recurra.inspection.inside_page.gates_section import COLOURS, DASHES
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import numbers

PROBABILITY = "probability"

_MOST_CURVES = 6
_MOST_DOTS = 60
_MOST_PIECES = 120  # steps that are shown one by one with what is said after each
_MOST_FLIPS = 60  # marked in the picture
_MOST_NAMED = 5
_LONGEST = 32  # letters of what is said


@dataclass(frozen=True)
class Piece:
    """A step, what is said after it, and whether that is another than before."""

    text: str
    said: str
    flip: bool


def forming_section(found: Forming, task: str, T: int | None = None) -> Section:
    """Curves, the steps one by one, and a table; ``T`` is how many steps the input has."""
    some = not found.likeliest and T is not None and len(found.steps) < T
    content = {
        "language": bool(found.likeliest),
        "music": task == "music",
        "pieces": [] if some else _pieces(found),
        "some": f"{len(found.steps):,} of {T:,} beginnings of the input" if some else "",
        "change": _change(found, task),
        "final": found.final,
        "unit": found.unit,
        "table": forming_table(found),
    }
    picture = surprise(found) if found.likeliest else curves(found)
    return Section(
        "forming", "The prediction as it forms", "forming.html", content, {"forming-figure": picture}
    )


def curves(found: Forming) -> Any:
    """The values (n, K) after each step: of at most six labels, those that are the highest somewhere."""
    starts = steps.bins(len(found.steps))
    values = steps.means(np.asarray(found.values, np.float64), starts)
    percent = found.unit == PROBABILITY
    if percent or found.unit == LOG_PROBABILITY:
        highest = np.sort(np.argsort(-values.max(axis=0), kind="stable")[:_MOST_CURVES])
        traces = [
            _line(values[:, k], found.labels[k], i, "%{y:.1%}" if percent else "%{y:.4g}")
            for i, k in enumerate(highest.tolist())
        ]
    else:
        traces = _bands(found.labels, values)
    y: dict[str, Any] = {"tickformat": ".0%", "range": [-0.02, 1.02]} if percent else {}
    figure = steps.figure(traces, steps.bin_names(found.steps, starts), y=y, showlegend=len(found.labels) > 1)
    if len(starts) == len(found.steps):
        for flip in found.flips[:_MOST_FLIPS]:
            figure.add_vline(x=flip, line={"color": "var(--last)", "width": 1, "dash": "dot"})
    return figure


def _line(values: np.ndarray, label: str, i: int, shown: str) -> go.Scatter:
    colour, dash = COLOURS[i % len(COLOURS)], DASHES[i // len(COLOURS) % len(DASHES)]
    x = np.arange(len(values))
    own = figures.line(x, values, steps.safe(label), colour, width=2.2, dash=dash, hovertemplate=shown)
    if 1 < len(x) <= _MOST_DOTS:
        own.mode = "lines+markers"
    return own


def _bands(labels: Sequence[str], values: np.ndarray) -> list[Any]:
    """Quantiles (n, K), three by three: a band between the outer ones, and the median within."""
    x, traces = np.arange(len(values)), []
    for i, start in enumerate(range(0, len(labels), 3)):
        low, median, high = (values[:, k] for k in range(start, start + 3))
        names = [steps.safe(label) for label in labels[start : start + 3]]
        band = go.Scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([low, high[::-1]]),
            fill="toself",
            fillcolor=("var(--model-band)", "var(--last-band)")[i % 2],
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
        )
        edges = [
            figures.line(x, values, name, COLOURS[i], width=0.6, hovertemplate="%{y:.4g}", showlegend=False)
            for values, name in ((low, names[0]), (high, names[2]))
        ]
        traces += [band, *edges, _line(median, labels[start + 1], i, "%{y:.4g}")]
    return traces


def surprise(found: Forming) -> Any:
    """Of a language model: how surprising each symbol was, in nats."""
    starts = steps.bins(len(found.steps))
    y = -steps.means(np.asarray(found.values)[:, 0], starts)
    bars = go.Bar(
        x=np.arange(len(y)), y=y, marker={"color": "var(--model)"}, name="surprise", hovertemplate="%{y:.3f}"
    )
    return steps.figure([bars], steps.bin_names(found.steps, starts), bargap=0.1, y={"rangemode": "tozero"})


def forming_table(found: Forming) -> tuple[Table, str]:
    """The values, what is said, and of a language model what it held for likely."""
    rows, note = steps.table_rows(len(found.steps))
    values = np.asarray(found.values)[rows]
    own = {"scale": 100.0, "suffix": " %"} if found.unit == PROBABILITY else {}
    shown = np.argsort(-values.max(axis=0), kind="stable")[: 3 * _MOST_CURVES]
    shown = np.sort(shown) if len(found.labels) > 3 * _MOST_CURVES else np.arange(len(found.labels))
    columns = [numbers(values[:, k], **own) for k in shown]
    heads = ["After", *(found.labels[k] for k in shown)]
    if found.said:
        heads, columns = [*heads, "It says"], [*columns, [_cut(found.said[t]) for t in rows]]
    if found.likeliest:
        heads.append("Held for likely before")
        columns.append([_likely(found.likeliest[t], 5) for t in rows])
    cells = [[found.steps[t], *row] for t, *row in zip(rows, *columns)]
    return Table(heads, cells), note


def _pieces(found: Forming) -> list[Piece]:
    if found.unit == LOG_PROBABILITY and found.said and not steps.are_words(found.steps):
        grown = [t for t, text in enumerate(found.said) if text != (found.said[t - 1] if t else "")]
        return [Piece(found.steps[t], _cut(found.said[t]), t in found.flips) for t in grown[:_MOST_PIECES]]
    if not steps.are_words(found.steps) or len(found.steps) > _MOST_PIECES:
        return []
    if found.likeliest:
        said = [_likely(own, 1) for own in found.likeliest]
        surprising = np.asarray(found.values)[:, 0] < np.log(0.05)
        flips: Sequence[int] = np.flatnonzero(surprising).tolist()
    else:
        said, flips = [_said(found, t) for t in range(len(found.steps))], found.flips
    return [Piece(text, own, t in flips) for t, (text, own) in enumerate(zip(found.steps, said))]


def _said(found: Forming, t: int) -> str:
    if found.unit != PROBABILITY:
        return _cut(found.said[t])
    return f"{_cut(found.said[t])} {100 * found.values[t, found.labels.index(found.said[t])]:.0f} %"


def _likely(own: Sequence[tuple[str, float]], most: int) -> str:
    return ", ".join(f"{symbol} {100 * p:.0f} %" for symbol, p in own[:most])


def _change(found: Forming, task: str) -> str:
    """Where it changes its mind, as a sentence."""
    if not found.flips:
        return "It never changes its mind." if found.unit == PROBABILITY else ""
    where = steps.listed(found.steps, found.flips[:_MOST_NAMED])
    if len(found.flips) > _MOST_NAMED:
        where += f", and {count(len(found.flips) - _MOST_NAMED, 'more time')}"
    if task == "tag":
        return f"Once it has read on, it tags these otherwise: {where}."
    if found.unit == PROBABILITY:
        return f"It changes its mind after {where}."
    return f"What it says so far does not only grow, but is another after {where}."


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
