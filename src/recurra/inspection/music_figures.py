"""The pictures of models of music, but for piano rolls, from arrays to plotly figures."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from recurra.data import LOWEST_NOTE
from recurra.inspection.figures import figure, line
from recurra.inspection.symbols import note_name

_OCTAVE = 12
_STYLES = (("var(--last)", "dot"), ("var(--model)", "solid"))


def keys_figure(shares: Mapping[str, np.ndarray]) -> go.Figure:
    """The share of steps at which each key sounds (88,), of the data and of what was generated."""
    sounding = np.flatnonzero(np.any(list(shares.values()), axis=0))
    low, high = (sounding[0], sounding[-1]) if len(sounding) else (39, 51)
    keys = np.arange(max(low - 1, 0), min(high + 1, 87) + 1)
    pitches = keys + LOWEST_NOTE
    traces = []
    for (name, share), (colour, dash) in zip(shares.items(), _STYLES):
        curve = line(pitches, share[keys], name, colour, width=2, dash=dash)
        names = [note_name(pitch) for pitch in pitches]
        traces.append(
            curve.update(line_shape="hvh", customdata=names, hovertemplate="%{customdata}: %{y:.1%}")
        )
    octaves = pitches[pitches % _OCTAVE == 0].tolist()
    return figure(
        traces,
        x={"tickvals": octaves, "ticktext": [note_name(pitch) for pitch in octaves]},
        y={"tickformat": ".0%", "hoverformat": ".1%", "rangemode": "tozero"},
    )


def position_figure(beats: np.ndarray, nll: np.ndarray, mean: float) -> go.Figure:
    """The NLL of a step (B,) by the ``beats`` (B,) that came before it, and its mean over all steps."""
    ends = np.array([0.0, float(beats[-1])])
    return figure(
        [
            line(ends, np.full(2, mean), "mean of all steps", "var(--soft)", width=1.5, dash="dot"),
            line(beats, nll, "the model", "var(--model)", width=2),
        ],
        x={"title": "beats", "hoverformat": ".4~r"},
    )
