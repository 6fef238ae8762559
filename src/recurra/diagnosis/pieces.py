"""Describe music: pieces, in parts where the file has some."""

import numpy as np

from recurra._base.wording import count
from recurra.data import Music
from recurra.diagnosis.description import Description
from recurra.diagnosis.finding import WARNING, Finding, by_importance
from recurra.diagnosis.lengths import length_findings, measure
from recurra.diagnosis.music import note_findings, read_notes
from recurra.diagnosis.repeats import find_repeats, repeat_findings

_FEW = 20


def describe_music(data: Music, *, source: str = "the data") -> Description:
    """Describe pieces, and what the training part shares with the parts that are held out, if any."""
    parts = {"training": data.training, "validation": data.validation, "test": data.test}
    there = {name: pieces for name, pieces in parts.items() if pieces}
    lengths = {
        "steps" if len(there) == 1 else f"{name} steps": measure(
            np.array([len(piece) for piece in own]), "step"
        )
        for name, own in there.items()
    }
    held_out = [piece for name, own in there.items() if name != "training" for piece in own]
    keys = [piece.roll.tobytes() for piece in data.training]
    repeats = find_repeats(
        keys,
        "piece",
        names=[piece.name for piece in data.training],
        other=[piece.roll.tobytes() for piece in held_out] if held_out else None,
    )
    notes = read_notes([piece for own in there.values() for piece in own])
    findings = [*note_findings(notes), *repeat_findings(repeats, second="the parts that are held out")]
    if len(data.training) < _FEW:
        advice = "Collect more: a model of so few learns them by heart."
        findings.append(
            Finding(WARNING, f"There are {count(len(data.training), 'piece')} to learn from.", advice)
        )
    findings += length_findings(next(iter(lengths.values())), "pieces")
    own_notes = dict.fromkeys(note for own in there.values() for piece in own for note in piece.notes)
    size: dict[str, int | float] = {f"{name} pieces": len(own) for name, own in there.items()}
    size["steps"] = sum(int(found.total) for found in lengths.values())
    return Description(
        source=source,
        kind="music",
        size=size,
        findings=by_importance(findings),
        notes=tuple(own_notes)[:10],
        lengths=lengths,
        repeats=repeats,
        music=notes,
    )
