"""The pictures of models of labelled sequences, from arrays to plotly figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra.evaluation import Reliability
from recurra.inspection.figures import figure, line

_MOST_BINS = 40
_SCORE_COLOURS = ("var(--model)", "var(--last)", "var(--seasonal)")
_PART_STYLES = {
    "training": ("var(--soft)", "solid"),
    "validation": ("var(--last)", "dot"),
    "test": ("var(--model)", "solid"),
}


def reliability_figure(reliability: Reliability) -> go.Figure:
    """Accuracy by confidence, with two standard errors, over the number of predictions in each bin."""
    filled = reliability.count > 0
    confidence, accuracy, number = (
        values[filled] for values in (reliability.confidence, reliability.accuracy, reliability.count)
    )
    error = 2 * np.sqrt(accuracy * (1 - accuracy) / number)
    low = min(0.5, float(confidence.min()))
    ends = np.array([low, 1.0])
    curve = line(confidence, accuracy, "the model", "var(--model)", width=2)
    curve.update(
        mode="lines+markers",
        error_y={
            "symmetric": False,
            "array": np.minimum(error, 1 - accuracy),
            "arrayminus": np.minimum(error, accuracy),
            "color": "var(--model)",
            "thickness": 1,
            "width": 3,
        },
    )
    bars = go.Bar(
        x=confidence,
        y=number,
        width=0.05 * (1 - low) + 0.01,
        name="predictions",
        marker={"color": "var(--soft)"},
        yaxis="y2",
        showlegend=False,
    )
    small = {"domain": [0.0, 0.2], "anchor": "x", "nticks": 3, "gridcolor": "var(--rule)", "automargin": True}
    return figure(
        [line(ends, ends, "as it should be", "var(--soft)", width=1.5, dash="dot"), curve, bars],
        x={"tickformat": ".0%", "hoverformat": ".1%", "anchor": "y2", "range": [low - 0.03, 1.03]},
        y={"tickformat": ".0%", "hoverformat": ".1%", "domain": [0.28, 1.0]},
        yaxis2=small,
    )


def distribution_figure(by_part: Mapping[str, np.ndarray]) -> go.Figure:
    """How the values (n,) of each part are distributed, in the same at most 40 bins."""
    together = np.concatenate(list(by_part.values()))
    low, high = float(together.min()), float(together.max())
    if together.dtype.kind in "iu":
        width = max(1, -(-int(high - low + 1) // _MOST_BINS))
        edges = np.arange(low, high + width + 1, width) - 0.5
    else:
        edges = np.linspace(low, high if high > low else low + 1, _MOST_BINS + 1)
    traces: list[Any] = []
    for name, values in by_part.items():
        colour, dash = _PART_STYLES[name]
        counts, _ = np.histogram(values, edges)
        shares = np.append(counts, counts[-1]) / len(values)
        steps = line(edges, shares, name, colour, width=2, dash=dash)
        traces.append(steps.update(line_shape="hv"))
    return figure(
        traces,
        x={"hoverformat": ",.4~r"},
        y={"tickformat": ".0%", "hoverformat": ".1%", "rangemode": "tozero"},
    )


def against_figure(actual: np.ndarray, point: np.ndarray, interval: np.ndarray | None) -> go.Figure:
    """Predicted by actual values, both (n,), with the interval (n, 2) of each prediction."""
    spans: dict[str, Any] = {}
    if interval is not None:
        spans["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": np.maximum(interval[:, 1] - point, 0),
            "arrayminus": np.maximum(point - interval[:, 0], 0),
            "color": "var(--model-band)",
            "thickness": 1.5,
            "width": 0,
        }
    ends = np.array([min(actual.min(), point.min()), max(actual.max(), point.max())])
    points = go.Scatter(
        x=actual,
        y=point,
        mode="markers",
        name="predicted",
        marker={"color": "var(--model)", "size": 6, "opacity": 0.8},
        **spans,
    )
    return figure(
        [line(ends, ends, "as it should be", "var(--soft)", width=1.5, dash="dot"), points],
        x={"title": "actual"},
        y={"title": "predicted"},
        hovermode="closest",
    )


def scores_figure(groups: Sequence[str], by_score: Mapping[str, Sequence[float]], what: str) -> go.Figure:
    """Bars of the scores of each of some groups, (B,) by the name of the score; ``what`` the groups are by.

    NaN has no bar. Names and groups are never texts of the data.
    """
    bars = [
        go.Bar(
            x=list(groups),
            y=list(values),
            name=name,
            marker={"color": colour},
        )
        for (name, values), colour in zip(by_score.items(), _SCORE_COLOURS)
    ]
    return figure(
        bars,
        bargap=0.25,
        x={"type": "category", "title": what},
        y={"rangemode": "tozero", "hoverformat": ".1f"},
    )
