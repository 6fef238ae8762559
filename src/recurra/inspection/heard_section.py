"""The section about what a transcriber hears, step by step: the probabilities of symbols below the sound."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.wording import count
from recurra.data import Labelled
from recurra.evaluation import TranscriptionEvaluation
from recurra.inspection import pictures
from recurra.inspection.section import Section
from recurra.inspection.showing import Shown, best_to_worst, cut, show
from recurra.inspection.symbols import visible
from recurra.inspection.tables import Table
from recurra.inspection.wording import numbers
from recurra.runtime.transcript import BLANK, Transcription
from recurra.runtime.transcription import TranscriptionModel

_EACH = 2
_BEAM, _N_BEST = 8, 3
_MOST_TRACKS, _LEAST = 16, 0.05  # symbols that are drawn, and how probable they are somewhere
_MOST_STEPS = 400  # of a track: more are narrower than a pixel
_MOST_TICKS = 6


@dataclass(frozen=True)
class Track:
    """How probable a symbol is at each step, as an SVG path."""

    label: str
    path: str
    blank: bool


@dataclass(frozen=True)
class Heard:
    """One sequence, and what is heard in it.

    Attributes:
        name: where it comes from.
        facts: names and texts.
        shown: the sequence.
        tracks: of the symbols in the order in which they come, the blank at the end.
        ticks: places along time, as shares of it, and what they are called.
        every: from tick to tick, as a share.
        left_out: what is not drawn.
        texts: the best by a beam.
        symbols: what is written, with where each begins.
    """

    name: str
    facts: Sequence[tuple[str, str]]
    shown: Shown
    tracks: Sequence[Track]
    ticks: Sequence[tuple[float, str]]
    every: float
    left_out: str
    texts: Table
    symbols: Table


def heard_section(
    model: TranscriptionModel, evaluation: TranscriptionEvaluation, part: Labelled, errors: np.ndarray
) -> Section:
    """Some sequences of the ``part`` that was scored, by the ``errors`` (N,) of their transcripts."""
    lengths = np.array([len(text) for text in evaluation.references])
    groups = []
    for name, rows in best_to_worst(np.lexsort((-lengths, errors)), _EACH):
        own = part.take(rows)
        greedy = model.transcribe(own)
        best = model.transcribe(own, beam=_BEAM, n_best=_N_BEST)
        groups.append(
            (
                name,
                [
                    _heard(model, evaluation, part, int(row), float(errors[row]), *found)
                    for row, *found in zip(rows, greedy, best)
                ],
            )
        )
    content = {"groups": groups, "beam": _BEAM, "audio": model.kind == "audio"}
    return Section("heard", "What it hears, and when", "heard.html", content)


def _heard(
    model: TranscriptionModel,
    evaluation: TranscriptionEvaluation,
    part: Labelled,
    row: int,
    error: float,
    greedy: Transcription,
    best: Transcription,
) -> Heard:
    said = evaluation.references[row]
    item = part.sequences.items[row]
    end = len(item.samples) / item.rate if model.kind == "audio" else float(max(len(item) - 1, 1))
    tracks, left_out = _tracks(model, greedy, end)
    ticks, every = _ticks(end, " s" if model.kind == "audio" else "")
    texts = zip(
        (cut(one.text) for one in best.transcripts),
        ("right" if one.text == said else "" for one in best.transcripts),
        numbers(one.log_probability for one in best.transcripts),
    )
    return Heard(
        part.names[row],
        [
            ("said", cut(said)),
            ("heard", cut(evaluation.hypotheses[row])),
            ("character errors", f"{100 * error:.1f} %" if math.isfinite(error) else "nothing was said"),
        ],
        show(model, part, row),
        tracks,
        ticks,
        every,
        left_out,
        Table([f"By a beam of {_BEAM}", "", "ln p"], [list(one) for one in texts]),
        _symbols(model, greedy),
    )


def _tracks(model: TranscriptionModel, found: Transcription, end: float) -> tuple[list[Track], str]:
    """Of the symbols that are probable somewhere between 0 and ``end``, and how many are not drawn."""
    p, T = found.probabilities, len(found.times)
    step = float(found.times[1] - found.times[0]) if T > 1 else end
    edges = np.clip(found.times[0] + step * (np.arange(T + 1) - 0.5), 0, end) / end
    starts = np.unique(np.linspace(0, T - 1, min(T, _MOST_STEPS)).round().astype(np.int64))
    p, edges = np.maximum.reduceat(p, starts, axis=0), edges[[*starts, T]]
    most = p.max(axis=0)
    most[BLANK] = 0
    drawn = [i for i in np.argsort(-most, kind="stable")[:_MOST_TRACKS].tolist() if most[i] >= _LEAST]
    drawn.sort(key=lambda i: int((p[:, i] >= most[i] / 2).argmax()))
    tracks = [
        Track(
            "blank" if i == BLANK else visible(model.symbols.vocabulary[i]),
            pictures.steps(p[:, i], edges),
            i == BLANK,
        )
        for i in [*drawn, BLANK]
    ]
    others = model.symbols.size - len(tracks)
    left_out = f"{count(others, 'other symbol')} not drawn: less probable everywhere" if others else ""
    return tracks, left_out


def _ticks(end: float, unit: str) -> tuple[list[tuple[float, str]], float]:
    """Round places from 0 to ``end``, and their distance, as shares of it."""
    size = 10.0 ** math.floor(math.log10(end / _MOST_TICKS))
    every = next(size * k for k in (1, 2, 5, 10) if end / (size * k) <= _MOST_TICKS)
    places = np.arange(0, 0.85 * end, every)
    return [(float(place / end), f"{place:g}{unit}") for place in places], every / end


def _symbols(model: TranscriptionModel, found: Transcription) -> Table:
    """What is written greedily, with where it begins."""
    unit = " s" if model.kind == "audio" else ""
    ids = {symbol: i for i, symbol in enumerate(model.symbols.vocabulary)}
    best, rows = found.transcripts[0], []
    for symbol, time in zip(best.symbols, best.times):
        p = found.probabilities[np.abs(found.times - time).argmin(), ids[symbol]]
        rows.append([visible(symbol), f"{time:.2f}{unit}" if unit else f"{time:.0f}", f"{100 * p:.1f} %"])
    return Table(["Symbol", "Begins" if unit else "Begins at step", "Probability"], rows)
