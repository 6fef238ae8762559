"""Music: how many keys sound at once, which ones, how long, and how much of it is silence."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recurra._base.wording import count
from recurra.data import LOWEST_NOTE, Piece, held
from recurra.diagnosis.finding import WARNING, Finding
from recurra.diagnosis.words import some

_MOST_AT_ONCE = 12


@dataclass(frozen=True, eq=False)
class Notes:
    """What pieces are made of.

    Attributes:
        keys: (88,) the share of steps at which each key sounds.
        at_once: the share of steps by how many keys sound, from 0; the last is for 12 and more.
        mean_at_once: of keys that sound at a step.
        mean_duration: of a note, in steps; NaN where there is none.
        lowest, highest: keys that sound, as MIDI notes; None where none does.
        silent: the names of pieces without a note.
        steps_per_beat: that the pieces have.
    """

    keys: np.ndarray = field(metadata={"picture": True})
    at_once: tuple[float, ...]
    mean_at_once: float
    mean_duration: float
    lowest: int | None
    highest: int | None
    silent: tuple[str, ...]
    steps_per_beat: tuple[float, ...]


def read_notes(pieces: Sequence[Piece]) -> Notes:
    """What ``pieces`` are made of."""
    steps = sum(map(len, pieces))
    keys = np.sum([piece.roll.sum(axis=0) for piece in pieces], axis=0)
    at_once = np.concatenate([piece.roll.sum(axis=1) for piece in pieces])
    lasting = np.concatenate([stops - starts for starts, stops, _ in (held(piece.roll) for piece in pieces)])
    sounding = np.flatnonzero(keys)
    return Notes(
        keys=keys / steps,
        at_once=tuple(
            (np.bincount(np.minimum(at_once, _MOST_AT_ONCE), minlength=_MOST_AT_ONCE + 1) / steps).tolist()
        ),
        mean_at_once=float(at_once.mean()),
        mean_duration=float(lasting.mean()) if len(lasting) else float("nan"),
        lowest=int(sounding[0]) + LOWEST_NOTE if len(sounding) else None,
        highest=int(sounding[-1]) + LOWEST_NOTE if len(sounding) else None,
        silent=tuple(piece.name for piece in pieces if not piece.roll.any()),
        steps_per_beat=tuple(sorted({piece.steps_per_beat for piece in pieces})),
    )


def note_findings(found: Notes) -> list[Finding]:
    """What is to be said of them."""
    findings = []
    if found.silent:
        findings.append(
            Finding(
                WARNING,
                f"{count(len(found.silent), 'piece')} {'has' if len(found.silent) == 1 else 'have'} no note: "
                f"{some(found.silent)}.",
                "Leave them out, or read them again: the notes may lie on channels that are for drums.",
            )
        )
    if len(found.steps_per_beat) > 1:
        rates = ", ".join(f"{rate:g}" for rate in found.steps_per_beat)
        findings.append(
            Finding(
                WARNING,
                f"Pieces have different grids: {rates} steps a beat.",
                "Read all of them with one, by steps_per_beat.",
            )
        )
    return findings
