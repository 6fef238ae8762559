"""The sections about a model of music: how it goes on, which keys sound, and how well it knows each step."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from recurra._base.wording import count
from recurra.data import Piece, held
from recurra.evaluation import MusicEvaluation
from recurra.inspection import sequence_figures
from recurra.inspection.data_section import spread
from recurra.inspection.music_figures import keys_figure, position_figure
from recurra.inspection.piano_roll import piano_roll_figure
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import number, numbers
from recurra.runtime.music import MusicModel

SEED = 1
"""Of what is generated for the page."""

_PROMPT, _WRITTEN = 32, 64  # steps
_PIECES, _STEPS = 8, 128  # of what is generated to count keys in
_MOST_POSITIONS, _IN_TABLE = 40, 10
_MOST_NOTES = 20


def continuation_section(model: MusicModel, by_name: Mapping[str, list[Piece] | None]) -> Section:
    """The beginning of a piece that training never saw, and what the model goes on with."""
    name = "validation" if by_name["test"] is None else "test"
    # Fitting refuses parts in which no piece has a second step.
    piece: Piece = max(by_name[name] or [], key=lambda each: min(len(each), _PROMPT + _WRITTEN))
    given = min(_PROMPT, max(len(piece) // 2, 1))
    prompt = _cut(model, piece, slice(0, given))
    (written,) = model.generate(prompt, length=_WRITTEN, seed=SEED)
    rest = _cut(model, piece, slice(given, given + _WRITTEN))
    drawn = {
        "continuation-figure": piano_roll_figure(written, prompt),
        "actual-figure": piano_roll_figure(rest, prompt),
    }
    content = {
        "piece": piece.name,
        "part": name,
        "prompt": count(given, "step"),
        "written": count(_WRITTEN, "step"),
        "seed": SEED,
    }
    return Section("continuation", "How it goes on", "continuation.html", content, drawn)


def _cut(model: MusicModel, piece: Piece, place: slice) -> Piece:
    grid = model.template
    return Piece(piece.roll[place], piece.name, grid.steps_per_beat, grid.beats_per_minute, piece.generated)


def keys_section(model: MusicModel, training: list[Piece]) -> Section:
    """How often each key sounds in the training part, and in music that the model writes from nothing."""
    written = model.generate(length=_STEPS, seed=SEED, samples=_PIECES)
    rolls = {
        "training part": [piece.roll for piece in training],
        "generated": [piece.roll for piece in written],
    }
    shares = {name: np.concatenate(own).mean(axis=0) for name, own in rolls.items()}
    facts = {name: _facts(own) for name, own in rolls.items()}
    rows = [[what, *(facts[name][what] for name in rolls)] for what in facts["generated"]]
    content = {
        "note": f"{count(_PIECES, 'piece')} of {_STEPS} steps, generated from nothing with seed {SEED} at "
        "temperature 1.",
        "table": Table(["", *rolls], rows),
    }
    return Section("keys", "Which keys sound", "keys.html", content, {"keys-figure": keys_figure(shares)})


def _facts(rolls: Sequence[np.ndarray]) -> dict[str, str]:
    """What is to be compared of music, in words."""
    at_once = np.concatenate([roll.sum(axis=1) for roll in rolls])
    lasting = np.concatenate([stops - starts for starts, stops, _ in map(held, rolls)])
    return {
        "Keys at once, mean": f"{at_once.mean():.2f}",
        "Steps without any": f"{100 * (at_once == 0).mean():.1f} %",
        "A key lasts, in steps, mean": f"{lasting.mean():.2f}" if len(lasting) else number(None),
        "Keys that ever sound": f"{np.any([roll.any(axis=0) for roll in rolls], axis=0).sum()}",
    }


def position_section(model: MusicModel, evaluation: MusicEvaluation) -> Section:
    """The NLL of a step by its place in the piece."""
    rows = evaluation.log_probabilities
    place = np.concatenate([np.arange(len(row)) for row in rows])
    # About as many steps in each group, so that those far from the beginning are no mere chance.
    edges = np.unique(np.quantile(place, np.linspace(0, 1, _MOST_POSITIONS + 1)[:-1]).astype(int))
    nll, of = -np.concatenate(rows), np.searchsorted(edges, place, side="right") - 1
    amount = np.bincount(of, minlength=len(edges))
    filled = np.flatnonzero(amount)
    mean = np.bincount(of, nll, minlength=len(edges))[filled] / amount[filled]
    beats = (edges[filled] + 1) / model.template.steps_per_beat
    shown = np.unique(np.linspace(0, len(filled) - 1, min(len(filled), _IN_TABLE)).round().astype(int))
    table = Table(
        ["From step", "Steps scored", "NLL a step"],
        [
            [f"{edges[filled[i]] + 2:,}", f"{amount[filled[i]]:,}", text]
            for i, text in zip(shown, numbers(mean[shown].tolist()))
        ],
    )
    content = {"table": table, "all": evaluation.metrics["nll"]}
    return Section(
        "position",
        "Along the piece",
        "position.html",
        content,
        {"position-figure": position_figure(beats, mean, evaluation.metrics["nll"])},
    )


def music_data_section(
    model: MusicModel, by_name: Mapping[str, list[Piece] | None], notes: tuple[str, ...]
) -> Section:
    """Parts, and how long pieces are."""
    parts = {name: part for name, part in by_name.items() if part is not None}
    lengths = {name: np.array([len(piece) for piece in part]) for name, part in parts.items()}
    rows = [
        [
            name,
            f"{len(part):,}",
            f"{lengths[name].sum():,}",
            f"{sum(len(held(piece.roll)[0]) for piece in part):,}",
        ]
        for name, part in parts.items()
    ]
    tempi = sorted({piece.beats_per_minute for piece in itertools.chain(*parts.values())})
    more = len(notes) - _MOST_NOTES
    content = {
        "parts": Table(["Part", "Pieces", "Steps", "Notes"], rows),
        "notes": [*notes[:_MOST_NOTES], *([f"{count(more, 'more note')}."] if more > 0 else [])],
        "steps_per_beat": f"{model.template.steps_per_beat:g}",
        "tempo": f"{tempi[0]:g}" if len(tempi) == 1 else f"{tempi[0]:g} to {tempi[-1]:g}",
        "lengths": spread(lengths),
    }
    drawn = {"length-figure": sequence_figures.distribution_figure(lengths)}
    return Section("data", "The data", "music_data.html", content, drawn)
