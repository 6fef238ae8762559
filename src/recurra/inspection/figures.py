"""The pictures of a forecaster, from arrays to plotly figures.

Colours are names of the page's own (``var(--model)``), which the page's script resolves, so that one figure
serves light and dark. Texts are fixed: names from the data stand in the page around a picture, never in it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.errors import MissingExtraError
from recurra.data import Split

try:
    import plotly.graph_objects as go
except ImportError as error:
    raise MissingExtraError.of("plotly", "report") from error

MOST_POINTS = 4000
SERIES_STYLES = {
    "last value": ("var(--last)", "dot"),
    "seasonal naive": ("var(--seasonal)", "dash"),
    "ETS": ("var(--ets)", "longdash"),
}
_NUMBER = ",.6~r"
_FONT = 13


def figure(traces: list[Any], *, times: np.ndarray | None = None, **layout: Any) -> go.Figure:
    """A figure in the page's style; the x axis shows dates if ``times`` are any.

    ``x`` and ``y`` are layouts of the axes, whose titles are plain texts.
    """
    dates = times is not None and times.dtype.kind == "M"
    axis = {"zeroline": False, "automargin": True, "gridcolor": "var(--rule)", "linecolor": "var(--rule)"}
    x = {**axis, "showgrid": False, "type": "date" if dates else "linear", **layout.pop("x", {})}
    y = {**axis, "hoverformat": _NUMBER, "nticks": 6, **layout.pop("y", {})}
    return go.Figure(
        data=traces,
        layout={
            "template": "none",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": "var(--soft)", "size": _FONT},
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": "var(--panel)",
                "bordercolor": "var(--rule)",
                "font": {"color": "var(--ink)"},
            },
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemwidth": 40},
            "xaxis": _titled(x),
            "yaxis": _titled(y),
            **layout,
        },
    )


def _titled(axis: dict[str, Any]) -> dict[str, Any]:
    # As large as the numbers; plotly's own are a fifth larger.
    return {**axis, "title": {"text": axis["title"], "font": {"size": _FONT}}} if "title" in axis else axis


def axis_values(times: np.ndarray) -> np.ndarray:
    """Times as numbers, as plotly takes them: milliseconds since 1970, or the integers themselves."""
    times = np.asarray(times)
    if times.dtype.kind == "M":
        return times.astype("datetime64[us]").astype(np.int64) / 1000
    return times.astype(np.float64)


def series_figure(times: np.ndarray, values: np.ndarray, observed: np.ndarray, split: Split) -> go.Figure:
    """The whole target (T,) over the parts it was split into; a rug marks what was not ``observed``."""
    x = axis_values(times)
    seen = np.where(observed, values, np.nan)
    shown = _extremes(seen)
    traces: list[Any] = [line(x[shown], seen[shown], "observed", "var(--ink)", width=1.3)]
    missing = np.flatnonzero(~observed)
    if len(missing):
        low, high = np.nanmin(seen), np.nanmax(seen)
        rug = missing[every(len(missing))]
        marker = {"symbol": "line-ns-open", "size": 9, "color": "var(--last)", "line": {"width": 1}}
        traces.append(
            go.Scatter(
                x=x[rug],
                y=np.full(len(rug), low - 0.06 * (high - low or 1.0)),
                mode="markers",
                name="missing, imputed",
                marker=marker,
                hoverinfo="x+name",
            )
        )
    half = (x[1] - x[0]) / 2 if len(x) > 1 else 0.5
    fig = figure(traces, times=times, x={"range": [x[0] - half, x[-1] + half]})
    for name, part in (("validation", split.validation), ("test", split.test)):
        fig.add_shape(
            type="rect",
            name=name,
            showlegend=True,
            x0=x[part.start] - half,
            x1=x[part.stop - 1] + half,
            y0=0,
            y1=1,
            yref="paper",
            layer="below",
            line_width=0,
            fillcolor=f"var(--{name}-band)",
        )
    return fig


def learning_figure(epochs: np.ndarray, training: np.ndarray, validation: np.ndarray, best: int) -> go.Figure:
    """Losses by epoch (E,), and the epoch whose weights were kept."""
    return figure(
        [
            line(epochs, training, "training", "var(--soft)", width=1.6),
            line(epochs, validation, "validation", "var(--model)", width=2),
            go.Scatter(
                x=[epochs[best]],
                y=[validation[best]],
                mode="markers",
                name="kept",
                marker={"color": "var(--model)", "size": 10, "line": {"color": "var(--paper)", "width": 2}},
            ),
        ],
        x={"tickformat": "d", **({"dtick": 1} if len(epochs) < 10 else {})},
    )


def stretches_figure(times: np.ndarray, actual: np.ndarray, quantiles: np.ndarray) -> go.Figure:
    """Forecasts (W, horizon, 3) that do not overlap, with the actual values (W, horizon)."""
    if times.shape[1] == 1:  # forecasts of one step follow one another as one curve
        times, actual, quantiles = times.T, actual.T, quantiles.swapaxes(0, 1)
    x = axis_values(times)
    low, middle, high = np.moveaxis(quantiles, -1, 0)
    gap = np.full((len(x), 1), np.nan)
    # A band a window: joined bands would slope from the end of one forecast to the start of the next.
    band_x = np.concatenate([x, x[:, ::-1], gap], axis=1).ravel()
    band_y = np.concatenate([low, high[:, ::-1], gap], axis=1).ravel()
    broken_x, broken_y = (np.concatenate([part, gap], axis=1).ravel() for part in (x, middle))
    return figure(
        [
            _band(band_x, band_y),
            line(broken_x, broken_y, "forecast", "var(--model)", width=1.8),
            line(x.ravel(), actual.ravel(), "actual", "var(--ink)", width=1.3),
        ],
        times=times,
    )


def window_figure(
    context_times: np.ndarray,
    context: np.ndarray,
    times: np.ndarray,
    actual: np.ndarray,
    quantiles: np.ndarray,
    baselines: Mapping[str, np.ndarray],
) -> go.Figure:
    """One forecast (horizon, 3), what came before (C,), what happened and what baselines (horizon,) said."""
    x, earlier = axis_values(times), axis_values(context_times)
    low, middle, high = quantiles.T
    before = np.concatenate([earlier, x])
    band, width = x, before[-1] - before[-2]
    if len(x) == 1:  # a single step has no width of its own
        band, low, high = np.asarray([x[0] - width / 4, x[0] + width / 4]), low.repeat(2), high.repeat(2)
    traces: list[Any] = [
        _band(np.concatenate([band, band[::-1]]), np.concatenate([low, high[::-1]])),
        line(before, np.concatenate([context, actual]), "actual", "var(--ink)", width=1.6),
        line(x, middle, "forecast", "var(--model)", width=2.2),
    ]
    traces += [baseline_line(x, points, name, visible="legendonly") for name, points in baselines.items()]
    return figure(traces, times=times)


def error_figure(error_by_step: Mapping[str, np.ndarray], model: str) -> go.Figure:
    """Mean absolute error (horizon,) of the model and of each baseline, step by step."""
    steps = np.arange(1, len(error_by_step[model]) + 1)
    traces = [
        line(steps, errors, name, "var(--model)", width=2.6)
        if name == model
        else baseline_line(steps, errors, name)
        for name, errors in error_by_step.items()
    ]
    ticks = {"tickformat": "d", "dtick": 1} if len(steps) < 10 else {"tickformat": "d"}
    return figure(traces, x=ticks, y={"rangemode": "tozero"})


def histogram_figure(residuals: np.ndarray) -> go.Figure:
    """How residuals (n,) are distributed, in at most 60 bars."""
    bins = np.histogram_bin_edges(residuals, bins="fd") if np.ptp(residuals) else np.asarray([])
    counts, edges = np.histogram(residuals, bins=min(max(len(bins) - 1, 12), 60))
    centres = (edges[1:] + edges[:-1]) / 2
    bars = go.Bar(x=centres, y=counts / len(residuals), marker={"color": "var(--model)"}, name="share")
    fig = figure([bars], bargap=0.06, showlegend=False, y={"tickformat": ".0%", "hoverformat": ".1%"})
    fig.update_xaxes(hoverformat=_NUMBER)
    fig.add_vline(x=0, line={"color": "var(--ink)", "width": 1})
    return fig


def residual_figure(times: np.ndarray, residuals: np.ndarray) -> go.Figure:
    """The middle and the inner 80 % of each forecast's residuals (W, horizon), by its first time (W,)."""
    rows = every(len(times))
    rows = rows[~np.isnan(residuals[rows]).all(axis=1)]
    x = axis_values(times[rows])
    low, middle, high = np.nanquantile(residuals[rows], [0.1, 0.5, 0.9], axis=1)
    fig = figure(
        [
            _band(np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]]), "inner 80 %"),
            line(x, middle, "median", "var(--model)", width=1.6),
        ],
        times=times,
    )
    fig.add_hline(y=0, line={"color": "var(--ink)", "width": 1})
    return fig


def baseline_line(x: np.ndarray, y: np.ndarray, name: str, **options: Any) -> go.Scatter:
    """A baseline's curve, always in the same colour and dashes."""
    colour, dash = SERIES_STYLES.get(name, ("var(--soft)", "dashdot"))
    return line(x, y, name, colour, width=1.8, dash=dash, **options)


def line(
    x: np.ndarray, y: np.ndarray, name: str, colour: str, *, width: float, dash: str = "solid", **options: Any
) -> go.Scatter:
    """A curve that breaks where there is no number; a single point is a dot."""
    line = {"color": colour, "width": width, "dash": dash}
    mode = "lines" if len(x) > 1 else "markers"
    return go.Scatter(
        x=x,
        y=y,
        mode=mode,
        name=name,
        line=line,
        marker={"color": colour, "size": 8},
        connectgaps=False,
        **options,
    )


def _band(x: np.ndarray, y: np.ndarray, name: str = "10–90 % interval") -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        fill="toself",
        fillcolor="var(--model-band)",
        line={"width": 0},
        mode="lines",
        name=name,
        hoverinfo="skip",
    )


def every(amount: int, most: int = MOST_POINTS) -> np.ndarray:
    """At most ``most`` evenly spaced places of ``amount``."""
    return np.unique(np.linspace(0, amount - 1, min(amount, most)).round().astype(np.int64))


def _extremes(values: np.ndarray) -> np.ndarray:
    """The places to draw of a long curve: the lowest and highest of each stretch, so that no peak is lost."""
    if len(values) <= MOST_POINTS:
        return np.arange(len(values))
    width = -(-len(values) // (MOST_POINTS // 2))
    starts = np.arange(0, len(values), width)
    padded = np.pad(values, (0, len(starts) * width - len(values)), constant_values=np.nan).reshape(-1, width)
    gap = np.isnan(padded)
    lows = starts + np.argmin(np.where(gap, np.inf, padded), axis=1)
    highs = starts + np.argmax(np.where(gap, -np.inf, padded), axis=1)
    return np.unique(np.concatenate([[0, len(values) - 1], lows, highs]))
