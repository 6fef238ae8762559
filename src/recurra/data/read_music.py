"""Music from files: piano rolls as MATLAB, NumPy or JSON store them, and MIDI."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

import numpy as np

from recurra._base.errors import InputError
from recurra.data.archive import Kind, read_members
from recurra.data.matlab import find_cells
from recurra.data.midi import LARGEST_MIDI, read_midi
from recurra.data.piano_roll import KEYS, LOWEST_NOTE, MOST_STEPS, Piece, check_steps_per_beat
from recurra.data.text_file import check_file

_LARGEST_FILE = 64 * 2**20  # bytes of .mat and .json
_MOST_PIECES, _MOST_TOGETHER = 65_535, 2**23  # pieces; steps of all of them: 704 MiB
_MIDI = Kind((".mid", ".midi"), "MIDI files", "MIDI", LARGEST_MIDI, 2**30, 100)
_ARRAYS = Kind(
    suffixes=(".npy",),
    files="arrays",
    content="an array",
    largest_file=MOST_STEPS * KEYS * 8 + 4096,
    largest_total=2 * 2**30,
    highest_ratio=1032,  # as high as deflate can come, and silence does
)
_PARTS = {"train": "training", "valid": "validation", "test": "test"}
_PART = re.compile(r"(train|valid|test)(ing|ation|data)?([_ .-]?\d+)?", re.IGNORECASE)
_REST = -1

_Found = Iterator[tuple[str | None, Piece]]
"""The part that a piece is named to belong to, if any, and the piece."""


@dataclass(frozen=True, eq=False)
class Music:
    """Pieces as a file gave them.

    Attributes:
        training: all pieces, where there are no parts.
        validation, test: None where there is no such part.
    """

    training: list[Piece]
    validation: list[Piece] | None = None
    test: list[Piece] | None = None


def read_music(path: str | Path, *, steps_per_beat: float = 2.0) -> Music:
    """Read pieces, in parts where the file has some.

    Args:
        path: one of

            - .mid or .midi, or a folder or .zip archive of such files, of which those in folders called
              ``train``, ``valid`` and ``test`` are those parts;
            - .mat, version 5 to 7, with a cell array of rolls for each part, called ``traindata``,
              ``validdata`` and ``testdata``, or with a single cell array;
            - .npz with an array for each piece; where they are called ``train_0``, ``valid_0``, ``test_0``
              and so on they belong to those parts;
            - .json with an object of the lists ``train``, ``valid`` and ``test``, or a single list, of
              pieces; a piece is a list of steps, a step a list of MIDI notes from 21 to 108, −1 for a rest.

            A roll is an array (T, 88) of zeros and ones. Parts can also be called ``training``,
            ``validation`` and so on, with a number after any of these names.
        steps_per_beat: how MIDI is cut into steps, and how steps from other files are meant.

    Raises InputError, with the place, where the file cannot be read, is larger than any music, holds
    anything else than pieces, or some pieces are in parts and others are not; MissingExtraError for MIDI
    without mido.
    """
    path, rate = Path(path), check_steps_per_beat(steps_per_beat)
    readers = {".mat": _from_mat, ".npz": _from_npz, ".json": _from_json, ".zip": _from_many}
    suffix = path.suffix.lower()
    if path.is_dir():
        found = _from_many(path, rate)
    elif suffix in readers:
        check_file(path)
        found = readers[suffix](path, rate)
    elif suffix in _MIDI.suffixes:
        found = iter([(None, read_midi(path, steps_per_beat=rate))])
    else:
        check_file(path)
        raise InputError(
            f"{path} is not known as music by its name; give a .mat, .npz, .json, .mid or .midi file, or a "
            "folder or .zip archive of MIDI files"
        )
    return _in_parts(found, path)


def _in_parts(found: _Found, path: Path) -> Music:
    """The pieces sorted into parts."""
    parts: dict[str | None, list[Piece]] = {}
    pieces = steps = 0
    for part, piece in found:
        parts.setdefault(part, []).append(piece)
        pieces, steps = pieces + 1, steps + len(piece)
        if pieces > _MOST_PIECES or steps > _MOST_TOGETHER:
            raise InputError(
                f"{path} has more than {_MOST_PIECES:,} pieces or {_MOST_TOGETHER:,} steps; split it up"
            )
    if not parts:
        raise InputError(f"{path} has no pieces")
    if None in parts and len(parts) > 1:
        raise InputError(
            f"{path} has pieces that belong to no part, such as {parts[None][0].name}, beside a part for "
            f"{' and '.join(str(part) for part in parts if part)}; name all of them train, valid or test"
        )
    if None not in parts and "training" not in parts:
        raise InputError(f"{path} has a part for {' and '.join(map(str, parts))}, but none for training")
    return Music(parts.get("training") or parts[None], parts.get("validation"), parts.get("test"))


def _from_many(path: Path, rate: float) -> _Found:
    for name, file in read_members(path, _MIDI):
        folders = PurePosixPath(name).parts[:-1]
        part = next((part for part in map(_part, folders) if part), None)
        yield part, read_midi(file, steps_per_beat=rate, name=name)


def _from_mat(path: Path, rate: float) -> _Found:
    cells = find_cells(_content(path), str(path))
    named = {name: array for name, array in cells.items() if _part(name)}
    if not named and len(cells) != 1:
        found = f"it has {len(cells)}: {', '.join(cells)}" if cells else "it has none"
        raise InputError(
            f"{path} must have cell arrays called traindata, validdata and testdata, or a single one; {found}"
        )
    for name, array in (named or cells).items():
        for i, roll in enumerate(array.matrices()):
            yield _part(name), Piece(roll, f"{path}: {name}{{{i + 1}}}", rate)


def _from_npz(path: Path, rate: float) -> _Found:
    for file, content in read_members(path, _ARRAYS):
        name = f"{path}: {file.removesuffix('.npy')}"
        try:
            roll = np.lib.format.read_array(cast(BinaryIO, content), allow_pickle=False)
        except (ValueError, EOFError, OSError, MemoryError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{name} cannot be read as an array: {reason}") from error
        yield _part(file.removesuffix(".npy")), Piece(roll, name, rate)


def _from_json(path: Path, rate: float) -> _Found:
    content = _content(path)
    try:
        read = json.loads(content)
    except ValueError as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error
    except RecursionError as error:
        raise InputError(f"{path} cannot be read as JSON: lists stand in one another too deeply") from error
    parts = read if isinstance(read, dict) else {"": read}
    for name, pieces in parts.items():
        part = _part(name)
        if name and part is None:
            raise InputError(f"{path} must have no other parts than train, valid and test, got {name!r}")
        if not isinstance(pieces, list):
            raise InputError(
                f"{path} must have a list of pieces{' for ' + name if name else ''}, got {_shown(pieces)}"
            )
        for i, piece in enumerate(pieces):
            place = f"{path}: {name}[{i}]"
            yield part, Piece(_roll(piece, place), place, rate)


def _roll(steps: Any, name: str) -> np.ndarray:
    """A roll (T, 88) from lists of MIDI notes; raises InputError for anything else."""
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        got = _shown(steps)
        raise InputError(f"{name} must be a list of at most {MOST_STEPS:,} steps, got {got}")
    roll = np.zeros((len(steps), KEYS), bool)
    for step, (row, notes) in enumerate(zip(roll, steps)):
        if not isinstance(notes, list):
            raise InputError(f"{name}[{step}] must be a list of MIDI notes, got {_shown(notes)}")
        for note in notes:
            if note == _REST and not isinstance(note, bool):
                continue
            whole = isinstance(note, int | float) and not isinstance(note, bool) and note == note // 1
            if not whole or not 0 <= note - LOWEST_NOTE < KEYS:
                raise InputError(
                    f"{name}[{step}] must have whole numbers from {LOWEST_NOTE} to "
                    f"{LOWEST_NOTE + KEYS - 1}, or {_REST} for a rest, got {_shown(note)}"
                )
            row[int(note) - LOWEST_NOTE] = True
    return roll


def _part(name: str) -> str | None:
    """The part that a variable, an array or a folder of that ``name`` belongs to."""
    match = _PART.fullmatch(name)
    return _PARTS[match[1].lower()] if match else None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > _LARGEST_FILE:
        raise InputError(f"{path} has more than {_LARGEST_FILE:,} bytes; split it up")
    return content


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    if isinstance(value, dict):
        return "an object"
    return repr(value) if len(repr(value)) < 40 else f"{repr(value)[:40]}…"
