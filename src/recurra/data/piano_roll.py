"""Piano rolls: which of the 88 keys of a piano sound at each step of a regular grid of time."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_float

KEYS = 88
LOWEST_NOTE = 21
"""The MIDI note of the first key, A0; the last one, C8, is 108."""

MOST_STEPS = 2**18
"""Of a piece: more than a day of eighth notes at 100 beats a minute, 22 MiB."""

_FEWEST_A_BEAT, _MOST_A_BEAT = 0.5, 96  # what `midi_bytes` can tell apart, and hold in one pause
_SLOWEST, _FASTEST = 60e6 / 0xFFFFFF, 60e6  # microseconds a beat have 24 bits in MIDI


@dataclass(frozen=True, eq=False)
class Piece:
    """Music for the 88 keys of a piano.

    Attributes:
        roll: (T, 88) bool, at least one step: whether each key, from A0 to C8, sounds. Zeros and ones of
            other types are taken, too. A key that sounds at two steps in a row is held: a roll does not
            tell notes that are repeated from one that lasts.
        name: where it comes from, for messages: "tune.mid".
        steps_per_beat: 2 for eighth notes where a beat is a quarter; 0.5 to 96.
        beats_per_minute: the tempo, 3.6 to 60,000,000.
        generated: whether it is known that a model wrote it.
        notes: what was left out or changed, in sentences for people.

    Raises InputError for a roll of another shape or with other values, and rates that are out of range.
    """

    roll: np.ndarray = field(repr=False)
    name: str = "piece"
    steps_per_beat: float = 2.0
    beats_per_minute: float = 100.0
    generated: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "roll", _checked_roll(self.roll, self.name))
        object.__setattr__(self, "steps_per_beat", check_steps_per_beat(self.steps_per_beat))
        tempo = positive_float("beats_per_minute", self.beats_per_minute)
        if not _SLOWEST <= tempo <= _FASTEST:
            raise InputError(f"beats_per_minute must be a number from 3.6 to 60,000,000, got {tempo:g}")
        object.__setattr__(self, "beats_per_minute", tempo)

    def __len__(self) -> int:
        return len(self.roll)


def as_pieces(X: Any, *, name: str = "X", like: Piece | None = None) -> list[Piece]:
    """The items of ``X``, a list of pieces or of rolls (T_i, 88) of zeros and ones, as pieces.

    An array (N, T, 88) holds N rolls. Rolls have the grid and the tempo of ``like``, a training piece whose
    grid pieces must have, too; without it they have eighth notes at 100 beats a minute. Raises InputError,
    which names the item as ``X[3]``, for anything else.
    """
    single = isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype != object
    if isinstance(X, Piece) or (single and X.shape[1] == KEYS):
        raise InputError(f"{name} must be a list of pieces, got a single one; put it in a list: [{name}]")
    if single or not isinstance(X, list | tuple | np.ndarray):
        got = f"an array of shape {X.shape}" if single else type(X).__name__
        raise InputError(f"{name} must be a list of pieces or of piano rolls (T, {KEYS}), got {got}")
    items = list(np.atleast_1d(X)) if isinstance(X, np.ndarray) else X
    if not items:
        raise InputError(f"{name} has no pieces; give at least one")
    grid = {} if like is None else {key: getattr(like, key) for key in ("steps_per_beat", "beats_per_minute")}
    pieces = [
        item if isinstance(item, Piece) else Piece(item, f"{name}[{i}]", **grid)
        for i, item in enumerate(items)
    ]
    for i, piece in enumerate(pieces):
        if like is not None and piece.steps_per_beat != like.steps_per_beat:
            raise InputError(
                f"{name}[{i}] must have {like.steps_per_beat:g} steps a beat, as the training pieces do, got "
                f"{piece.steps_per_beat:g}; read it with steps_per_beat={like.steps_per_beat:g}"
            )
    return pieces


def held(roll: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first step, the step after the last one, and the key of each note of a ``roll`` (T, 88).

    Three int64 arrays (n,), by key, then by time.
    """
    edges = np.diff(roll.T.astype(np.int8), axis=1, prepend=0, append=0)
    keys, starts = np.nonzero(edges > 0)
    return starts, np.nonzero(edges < 0)[1], keys


def check_steps_per_beat(value: Any) -> float:
    """``value`` as a float; raises InputError unless it is from 0.5 to 96."""
    steps = positive_float("steps_per_beat", value)
    if not _FEWEST_A_BEAT <= steps <= _MOST_A_BEAT:
        raise InputError(
            f"steps_per_beat must be a number from {_FEWEST_A_BEAT} to {_MOST_A_BEAT}, got {value!r}"
        )
    return steps


def _checked_roll(roll: Any, name: str) -> np.ndarray:
    """``roll`` as contiguous bool; raises InputError, naming the piece, unless it is (T, 88) of 0 and 1."""
    try:
        array = np.asarray(roll)
    except ValueError as error:
        raise InputError(f"{name} must have rows of one length, {KEYS} keys") from error
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{name} must be a piano roll (T, {KEYS}) of zeros and ones, got dtype {array.dtype}"
        )
    if array.ndim != 2 or array.shape[1] != KEYS:
        raise InputError(
            f"{name} must have shape (T, {KEYS}), a column for each key from A0 to C8, got {array.shape}"
        )
    if not 0 < len(array) <= MOST_STEPS:
        fix = "cut it up" if len(array) else "leave it out"
        raise InputError(f"{name} must have 1 to {MOST_STEPS:,} steps, got {len(array):,}; {fix}")
    wrong = (array != 0) & (array != 1)
    if wrong.any():
        step, key = (int(place) for place in np.unravel_index(int(wrong.argmax()), wrong.shape))
        raise InputError(
            f"{name} must be of zeros and ones, got {array[step, key]} at step {step}, key {key}"
        )
    return np.ascontiguousarray(array, bool)
