"""Music from a trained model of piano rolls, and how probable it finds music: no PyTorch from here on."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.artifact import Artifact
from recurra.data import KEYS, MOST_STEPS, Piece, Sequences, as_pieces, read_music
from recurra.decoding import sample_keys
from recurra.evaluation import Baselines, MusicEvaluation, evaluate_music
from recurra.runtime import schema
from recurra.runtime.language import generator_of
from recurra.runtime.model import Model
from recurra.runtime.music_stream import MusicStream
from recurra.runtime.sequence_model import batches
from recurra.runtime.stepping import NetworkStream

LENGTH = 64
"""Steps of a generated piece, unless it is said."""


class MusicModel(Model):
    """A trained model of piano rolls: which of the 88 keys sound at each step."""

    task = "music"
    fields: ClassVar[Mapping[str, schema.Field]] = {
        "steps_per_beat": schema.POSITIVE,
        "beats_per_minute": schema.POSITIVE,
    }

    def _take(self, artifact: Artifact) -> None:
        fields = artifact.preprocessing
        schema.check_fields(fields, self.fields, "preprocessing")
        silence = np.zeros((1, KEYS), bool)
        self.template = Piece(silence, "generated", fields["steps_per_beat"], fields["beats_per_minute"])
        """The grid and the tempo of what it writes."""
        sizes = self.network.input_size, self.network.output_size
        if self.network.pools or sizes != (KEYS, KEYS):
            raise InputError(f"the network of a model of music must take and give {KEYS} keys at every step")
        NetworkStream(self.network)  # refuses layers that read from the end

    def generate(
        self,
        prompt: Any = None,
        *,
        length: int = LENGTH,
        temperature: float = 1.0,
        seed: int = 0,
        samples: int = 1,
    ) -> list[Piece]:
        """Pieces that go on from ``prompt``, without it; the same arguments give the same pieces.

        Raises InputError where `write` does, and for ``samples`` that are no number.
        """
        generator, count = generator_of(seed), positive_int("samples", samples)
        steps_of = self._steps(prompt, length, temperature)
        grid = dataclasses.replace(self._grid(prompt), generated=True, notes=())
        return [
            dataclasses.replace(grid, roll=np.stack(list(steps_of(generator))), name=f"generated {i}")
            for i in range(1, count + 1)
        ]

    def write(
        self,
        prompt: Any = None,
        *,
        length: int = LENGTH,
        temperature: float = 1.0,
        seed: int | np.random.Generator = 0,
    ) -> Iterator[np.ndarray]:
        """Steps (88,) bool that go on from ``prompt``, as they are drawn.

        Args:
            prompt: a `Piece` or a roll (T, 88); None for the beginning of a piece.
            length: steps to write, as many as a piece can have at most.
            temperature: of each key, see `recurra.decoding.sample_keys`.
            seed: of the random numbers, or the generator to take them from.

        Raises InputError for arguments out of range, and a prompt on another grid than the training pieces.
        """
        generator = generator_of(seed)
        return self._steps(prompt, length, temperature)(generator)

    def _steps(
        self, prompt: Any, length: int, temperature: float
    ) -> Callable[[np.random.Generator], Iterator[np.ndarray]]:
        """Draws the steps of any number of pieces, see `write`, that go on from ``prompt``, read once."""
        if positive_int("length", length) > MOST_STEPS:
            raise InputError(
                f"length must be at most {MOST_STEPS:,} steps, as many as a piece can have, got {length}"
            )
        begun = self.stream()
        begun.read(np.zeros((0, KEYS), bool) if prompt is None else self._grid(prompt).roll)
        sample_keys(begun.logits, temperature, np.random.default_rng(0))  # refuses a temperature before all
        state = begun.state()

        def steps(generator: np.random.Generator) -> Iterator[np.ndarray]:
            stream = self.stream(state)
            for _ in range(length):
                keys = sample_keys(stream.logits, temperature, generator)
                stream.step(keys)
                yield keys

        return steps

    def predict(self, X: Any) -> list[np.ndarray]:
        """The log-probability of each step, all keys together: arrays (T_i,) float64; ``X`` as for `read`."""
        pieces = self.read(X)
        found: list[np.ndarray] = [np.empty(0)] * len(pieces)
        for rows, x, lengths in batches([steps_before(piece.roll.astype(np.float32)) for piece in pieces]):
            for i, logits, length in zip(rows, self.network(x, lengths), lengths):
                found[i] = _log_likelihood(logits[:length], pieces[i].roll)
        return found

    def evaluate(self, X: Any, *, baselines: Baselines[list[np.ndarray]] | None = None) -> MusicEvaluation:
        """Score the model on pieces, ``X`` as for `read`, beside ``baselines`` that were fitted in training.

        Raises InputError for data that does not suit the model.
        """
        pieces, notes = self.read_noted(X)
        rolls = Sequences("series", [piece.roll for piece in pieces])
        found = evaluate_music(
            rolls,
            [own[1:] for own in self.predict(pieces)],
            baselines=None if baselines is None else baselines.on(rolls),
        )
        return dataclasses.replace(found, notes=(*notes, *found.notes))

    def stream(self, state: bytes | None = None) -> MusicStream:
        """A stream along one piece, see `MusicStream`."""
        return MusicStream(self, state)

    def read(self, X: Any) -> list[Piece]:
        """``X`` as pieces: pieces, rolls, or the `pathlib.Path` of what `recurra.data.read_music` reads.

        Of a file in parts, the test part. Rolls have the grid of the training pieces, which pieces must have,
        too. Raises InputError for anything else.
        """
        return self.read_noted(X)[0]

    def read_noted(self, X: Any) -> tuple[list[Piece], tuple[str, ...]]:
        """As `read`, with what people should know of how a file was read: its part, what was left out."""
        if not isinstance(X, Path):
            return as_pieces(X, like=self.template), ()
        music = read_music(X, steps_per_beat=self.template.steps_per_beat)
        pieces = music.training if music.test is None else music.test
        notes = [f"{piece.name}: {note}" for piece in pieces for note in piece.notes]
        if music.test is not None:
            notes.insert(0, f"Of the parts of {X.name}, only the test part is read.")
        elif music.validation is not None:
            notes.insert(
                0, f"Of the parts of {X.name}, only the training part is read, as there is no test part."
            )
        return pieces, tuple(notes)

    def _grid(self, prompt: Any) -> Piece:
        """The prompt as a piece; raises InputError where its steps are of another length than in training."""
        if prompt is None:
            return self.template
        piece = (
            prompt
            if isinstance(prompt, Piece)
            else dataclasses.replace(self.template, roll=prompt, name="prompt")
        )
        if piece.steps_per_beat != self.template.steps_per_beat:
            raise InputError(
                f"prompt must have {self.template.steps_per_beat:g} steps a beat, as the training pieces do, "
                f"got {piece.steps_per_beat:g}"
            )
        return piece


def steps_before(roll: np.ndarray) -> np.ndarray:
    """What a network reads (T, 88) to foretell a ``roll`` (T, 88): silence, then each step but the last."""
    return np.concatenate([np.zeros_like(roll[:1]), roll[:-1]])


def _log_likelihood(logits: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """ln of Π_k σ(z_k) where a key k sounds and 1 − σ(z_k) where it does not: (T,) float64 for (T, 88)."""
    scores = np.where(roll, logits, -logits).astype(np.float64)
    return -np.logaddexp(0.0, -scores).sum(axis=1)
