"""Music as a picture: keys over time, what was given in one colour and what a model wrote in another."""

import numpy as np
import plotly.graph_objects as go

from recurra.data import LOWEST_NOTE, Piece, held
from recurra.inspection.figures import figure
from recurra.inspection.symbols import note_name

_OCTAVE = 12
_MOST_TICKS = 16


def piano_roll_figure(piece: Piece, prompt: Piece | None = None) -> go.Figure:
    """The notes of ``piece``, after those of the ``prompt`` that it goes on from, if any; along beats."""
    parts = [(piece, "generated" if piece.generated else "notes", "var(--model)")]
    if prompt is not None:
        parts.insert(0, (prompt, "prompt", "var(--last)"))
    traces, begin = [], 0.0
    for part, name, colour in parts:
        traces.append(_notes(part, begin, name, colour))
        begin += len(part) / part.steps_per_beat
    pitches = np.concatenate([trace.y for trace in traces])
    low, high = (pitches.min(), pitches.max()) if len(pitches) else (60, 60)
    octaves = np.arange((low - 3) // _OCTAVE, (high + 3) // _OCTAVE + 1) * _OCTAVE
    drawn = figure(
        traces,
        hovermode="closest",
        barmode="overlay",
        showlegend=prompt is not None,
        x={
            "title": "beats",
            "range": [0, begin],
            "showgrid": True,
            "dtick": _bars(begin),
        },
        y={
            "title": "key",
            "range": [min(low, octaves[0]) - 1.5, max(high, octaves[-1]) + 1.5],
            "tickvals": octaves.tolist(),
            "ticktext": [note_name(pitch) for pitch in octaves.tolist()],
        },
    )
    if prompt is not None:
        drawn.add_vline(
            x=len(prompt) / prompt.steps_per_beat, line={"color": "var(--ink)", "width": 1, "dash": "dot"}
        )
    return drawn


def _notes(piece: Piece, begin: float, name: str, colour: str) -> go.Bar:
    """A bar for each note, from ``begin``, in beats; its height is its MIDI note."""
    starts, stops, keys = held(piece.roll)
    starts, stops = begin + starts / piece.steps_per_beat, begin + stops / piece.steps_per_beat
    pitches = keys + LOWEST_NOTE
    return go.Bar(
        x=stops - starts,
        base=starts,
        y=pitches,
        width=0.86,
        orientation="h",
        name=name,
        marker={"color": colour, "line": {"width": 0}},
        customdata=[
            f"{note_name(pitch)}, beats {start:g} to {stop:g}"
            for pitch, start, stop in zip(pitches, starts, stops)
        ],
        hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
    )


def _bars(beats: float) -> int:
    """Beats from tick to tick: one bar of four, or so many that there are not too many ticks."""
    bars = 1
    while beats / (4 * bars) > _MOST_TICKS:
        bars *= 2
    return 4 * bars
