"""Pieces as a model of music learns them: keys, each step after the one before."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from recurra._base.errors import InputError
from recurra.data import KEYS, Piece, Sequences, as_pieces, hold_out
from recurra.evaluation import MusicEvaluation, fit_music_baselines
from recurra.runtime.music import MusicModel, steps_before
from recurra.tasks.language_settings import check_music


@dataclass(frozen=True)
class MusicMaterial:
    """The grid of a training part; `recurra.tasks.text_material.TextMaterial` is its like for texts.

    Attributes:
        steps_per_beat, beats_per_minute: of the first piece; all must be on one grid.
    """

    model_class: ClassVar = MusicModel
    symbols: ClassVar = None
    keys: ClassVar = KEYS
    vectors: ClassVar = None
    notes: ClassVar = ()

    steps_per_beat: float
    beats_per_minute: float

    @classmethod
    def of(cls, training: list[Piece], arguments: Mapping[str, Any]) -> Self:
        """Of a training part; raises InputError for arguments for texts, and pieces that do not do."""
        check_music(arguments)
        first = training[0]
        for piece in training:
            if piece.steps_per_beat != first.steps_per_beat:
                raise InputError(
                    f"all pieces must have as many steps a beat, got {first.steps_per_beat:g} in "
                    f"{first.name} and {piece.steps_per_beat:g} in {piece.name}; read them with the same "
                    "steps_per_beat"
                )
        found = cls(first.steps_per_beat, first.beats_per_minute)
        found.check(training, "training")
        return found

    @staticmethod
    def read(X: Any, name: str, like: list[Piece] | None = None) -> list[Piece]:
        """A part as pieces on the grid of those of ``like``; raises InputError for what is none."""
        return as_pieces(X, name=name, like=None if like is None else like[0])

    @staticmethod
    def hold_out(training: list[Piece], share: float, seed: int) -> tuple[list[Piece], list[Piece]]:
        """The training part without its validation part, and that: whole pieces, drawn by the seed."""
        return hold_out(training, share, name="validation_share", seed=seed)

    def check(self, part: list[Piece], name: str) -> None:
        """Raise InputError for a part in which there is nothing to score, as first steps are not scored."""
        if all(len(piece) < 2 for piece in part):
            raise InputError(f"the {name} part has no piece with a second step; give longer pieces")

    def steps(self, part: list[Piece]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Inputs and targets (T_d, 88) float32 of each piece."""
        rolls = [piece.roll.astype(np.float32) for piece in part]
        return [steps_before(roll) for roll in rolls], rolls

    def preprocessing(self) -> dict[str, Any]:
        """What the model file says of the grid."""
        return {"steps_per_beat": self.steps_per_beat, "beats_per_minute": self.beats_per_minute}

    def part_notes(self, parts: Mapping[str, list[Piece] | None]) -> tuple[str, ...]:
        """What was done to any piece, with how many it was done to where these are several."""
        notes = Counter(note for part in parts.values() for piece in part or () for note in piece.notes)
        return tuple(note if n == 1 else f"{note} ({n} pieces)" for note, n in notes.items())

    def evaluate(self, model: MusicModel, parts: Mapping[str, list[Piece]]) -> MusicEvaluation:
        """Score the model on the test part, beside what the training part says of each key."""
        rolls = Sequences("series", [piece.roll for piece in parts["training"]])
        return model.evaluate(parts["test"], baselines=fit_music_baselines(rolls))
