"""Eigenvalues in the complex plane, with the unit circle: what grows lies outside, what fades inside."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra.inspection import figures
from recurra.inspection.tables import Table
from recurra.inspection.wording import number, numbers

_MOST_ROWS = 12


def spectrum_choice(eigenvalues: np.ndarray, *, singular: np.ndarray | None = None) -> dict[str, Any]:
    """For the page's script: a picture, and rows of the largest."""
    picture = spectrum_figure(eigenvalues).to_plotly_json()
    largest = eigenvalues[np.argsort(-np.abs(eigenvalues), kind="stable")][:_MOST_ROWS]
    columns = [numbers(part) for part in (np.abs(largest), np.real(largest), np.imag(largest))]
    rows = [[str(i), *row] for i, row in enumerate(zip(*columns), 1)]
    if singular is not None:
        own = numbers(np.sort(singular)[::-1][: len(rows)])
        rows = [[*row, text] for row, text in zip(rows, own)]
    return {"data": picture["data"], "layout": picture["layout"], "rows": rows}


def spectrum_figure(eigenvalues: np.ndarray) -> go.Figure:
    """Eigenvalues (S,) complex as points."""
    angle = np.linspace(0, 2 * np.pi, 181)
    circle = figures.line(
        np.cos(angle), np.sin(angle), "unit circle", "var(--soft)", width=1.2, dash="dot", hoverinfo="skip"
    )
    outside = np.abs(eigenvalues) > 1
    points = [
        go.Scatter(
            x=np.real(eigenvalues[own]),
            y=np.imag(eigenvalues[own]),
            mode="markers",
            name=name,
            marker={"color": colour, "size": 7, "symbol": symbol, "opacity": 0.8},
            hovertemplate="%{x:.3f} + %{y:.3f}i<extra></extra>",
        )
        for name, colour, symbol, own in (
            ("inside", "var(--model)", "circle", ~outside),
            ("outside", "var(--last)", "diamond", outside),
        )
        if own.any()
    ]
    reach = 1.12 * max(1.0, float(np.abs(eigenvalues).max(initial=0)))
    return figures.figure(
        [circle, *points],
        hovermode="closest",
        x={"range": [-reach, reach], "showgrid": True, "nticks": 5, "constrain": "domain"},
        y={"range": [-reach, reach], "nticks": 5, "scaleanchor": "x", "constrain": "domain"},
    )


def spectrum_table(rows: Sequence[tuple[str, str, float, np.ndarray]]) -> Table:
    """The radius and the largest singular value of each: where it is from, radius, singular values."""
    found = [
        [layer, step, number(radius), number(float(np.max(singular)))]
        for layer, step, radius, singular in rows
    ]
    return Table(["Layer", "Step", "Largest |eigenvalue|", "Largest singular value"], found)
