"""The pictures of a description, from arrays to plotly figures."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra.diagnosis import Column, Distribution, Fit, Lengths, Vocabulary
from recurra.inspection.figures import axis_values, every, figure, line

_CURVES = {
    "Normal": ("var(--last)", "dash"),
    "log-normal": ("var(--seasonal)", "dashdot"),
    "Pareto": ("var(--ets)", "dot"),
}
_POINTS = 200


def distribution_figure(found: Distribution) -> go.Figure:
    """The histogram with the fitted curves; below it the Q-Q plots as it is and with a power."""
    low, high = float(found.edges[0]), float(found.edges[-1])
    widths = np.diff(found.edges)
    bars = go.Bar(
        x=(found.edges[1:] + found.edges[:-1]) / 2,
        y=found.counts / found.count,
        width=widths,
        name="share of values",
        marker={"color": "var(--model-band)", "line": {"color": "var(--model)", "width": 1}},
    )
    traces: list[Any] = [bars]
    x = np.linspace(low, high, _POINTS)
    tallest = float(found.counts.max()) / found.count
    for fit in found.fits:
        colour, dash = _CURVES[fit.name]
        shares = _density(fit, x) * float(widths[0])
        # A fit that does not fit can be as high as it likes: the picture is for the values.
        shares = np.where(shares <= 1.5 * tallest, shares, np.nan)
        traces.append(line(x, shares, fit.name, colour, width=2, dash=dash))
    if found.normal is None:
        return figure(traces, y=_SHARES, bargap=0)
    traces += _quantiles(found.normal, "2")
    titles = [_title("Q-Q plot", 0, 0.4)]
    axes: dict[str, Any] = {
        "xaxis2": _axis(domain=[0, 0.46], anchor="y2"),
        "yaxis2": _axis(domain=[0, 0.38], anchor="x2"),
    }
    if found.power is not None:
        traces += _quantiles(found.power.quantiles, "3")
        titles.append(_title(f"with {found.power.kind}", 0.54, 0.4))
        axes["xaxis3"] = _axis(domain=[0.54, 1], anchor="y3")
        axes["yaxis3"] = _axis(domain=[0, 0.38], anchor="x3", nticks=5)
    return figure(
        traces,
        x={"domain": [0, 1], "anchor": "y", "hoverformat": ",.4~r"},
        y={**_SHARES, "domain": [0.52, 1]},
        bargap=0,
        hovermode="closest",
        annotations=titles,
        **axes,
    )


def course_figure(column: Column, times: np.ndarray | None) -> go.Figure:
    """A column over time, its autocorrelation by lag and its periodogram by period."""
    x = axis_values(column.trace_rows + 1 if times is None else times[column.trace_rows])
    traces: list[Any] = [line(x, column.trace, "values", "var(--ink)", width=1.2)]
    found = column.seasonality
    dates = times is not None and times.dtype.kind == "M"
    if found is None:
        return figure(traces, times=times, showlegend=False)
    band = np.full(2, found.band)
    ends = np.array([found.lags[0], found.lags[-1]])
    correlation = line(found.lags, found.autocorrelation, "autocorrelation", "var(--model)", width=1.6)
    traces += [
        correlation.update(fill="tozeroy", fillcolor="var(--model-band)", xaxis="x2", yaxis="y2"),
        *(
            line(
                ends, sign * band, "noise stays within", "var(--soft)", width=1, dash="dot", hoverinfo="skip"
            ).update(xaxis="x2", yaxis="y2")
            for sign in (1, -1)
        ),
        line(found.periods, found.power, "power", "var(--model)", width=1.6).update(xaxis="x3", yaxis="y3"),
    ]
    marks = [
        {
            "type": "line",
            "xref": f"x{axis}",
            "yref": f"y{axis} domain",
            "x0": season.period,
            "x1": season.period,
            "y0": 0,
            "y1": 1,
            "line": {"color": "var(--last)", "width": 1.2, "dash": "dot"},
        }
        for season in found.seasons
        for axis in (2, 3)
        if axis == 3 or season.period <= found.lags[-1]
    ]
    return figure(
        traces,
        x={"domain": [0, 1], "anchor": "y", "type": "date" if dates else "linear"},
        y={"domain": [0.77, 0.95]},
        hovermode="closest",
        showlegend=False,
        shapes=marks,
        annotations=[
            _title("In the order of time", 0, 0.955),
            _title("Autocorrelation, by lag in steps", 0, 0.64),
            _title("Periodogram, by period in steps", 0, 0.28),
        ],
        xaxis2=_axis(domain=[0, 1], anchor="y2", showgrid=False),
        yaxis2=_axis(domain=[0.38, 0.62], anchor="x2", nticks=5),
        xaxis3=_axis(domain=[0, 1], anchor="y3", type="log", dtick=1, showgrid=False, hoverformat=",.4~r"),
        yaxis3=_axis(
            domain=[0, 0.25], anchor="x3", type="log", dtick=2, exponentformat="power", hoverformat=".2~r"
        ),
    )


def length_figure(found: Lengths) -> go.Figure:
    """How lengths are distributed, as shares."""
    return _bars((found.edges[1:] + found.edges[:-1]) / 2, found.counts / found.count, np.diff(found.edges))


def loudness_figure(levels: np.ndarray) -> go.Figure:
    """How loud clips are, in decibels of full scale, as shares."""
    low, high = float(levels.min()), float(levels.max())
    edges = np.linspace(low, high if high > low else low + 1, 41)
    counts, _ = np.histogram(levels, edges)
    return _bars((edges[1:] + edges[:-1]) / 2, counts / len(levels), np.diff(edges))


def rank_figure(found: Vocabulary) -> go.Figure:
    """How often a symbol comes by its rank, both on logarithmic axes: a straight line is Zipf's law."""
    curve = line(found.ranks, found.frequencies, "comes", "var(--model)", width=2).update(
        mode="lines+markers"
    )
    return figure(
        [curve.update(marker_size=4)],
        x={"type": "log", "title": "rank", "hoverformat": ",.4~r"},
        y={"type": "log", "exponentformat": "power"},
    )


_SHARES = {"tickformat": ".0%", "hoverformat": ".1%", "rangemode": "tozero"}


def _bars(x: np.ndarray, shares: np.ndarray, widths: np.ndarray) -> go.Figure:
    bars = go.Bar(x=x, y=shares, width=widths * 0.94, marker={"color": "var(--model)"}, name="share")
    return figure([bars], y=_SHARES, showlegend=False, x={"hoverformat": ",.4~r"})


def _quantiles(found: Any, axis: str) -> list[Any]:
    """The points of a Q-Q plot and the straight line that they should lie on."""
    ends = np.array([found.theory[0], found.theory[-1]])
    straight = line(
        ends, found.intercept + found.slope * ends, "Normal", "var(--last)", width=1.5, dash="dash"
    )
    rows = every(len(found.theory))
    points = go.Scatter(
        x=found.theory[rows],
        y=found.values[rows],
        mode="markers",
        name="values",
        marker={"color": "var(--model)", "size": 4},
        showlegend=False,
    )
    placed = [straight.update(showlegend=False), points]
    return [trace.update(xaxis=f"x{axis}", yaxis=f"y{axis}") for trace in placed]


def _density(fit: Fit, x: np.ndarray) -> np.ndarray:
    """The density of a fitted distribution at ``x`` (P,)."""
    first, second = fit.parameters.values()
    with np.errstate(all="ignore"):
        if fit.name == "Pareto":
            return np.where(x >= first, second * (first / x) ** second / x, np.nan)
        place = (np.log(x / first) if fit.name == "log-normal" else x - first) / second
        density = np.exp(-(place**2) / 2) / (second * np.sqrt(2 * np.pi))
        return density / x if fit.name == "log-normal" else density


def _title(text: str, x: float, y: float) -> dict[str, Any]:
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": "var(--soft)", "size": 13},
    }


def _axis(**options: Any) -> dict[str, Any]:
    """An axis beside the first, in the page's style."""
    style = {"zeroline": False, "automargin": True, "gridcolor": "var(--rule)", "linecolor": "var(--rule)"}
    return {**style, **options}
