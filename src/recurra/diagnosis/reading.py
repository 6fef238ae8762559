"""What a path holds, told by its name alone."""

import zipfile
from pathlib import Path
from typing import Any

from recurra._base.errors import InputError
from recurra.data import read_audio, read_clip, read_conllu, read_corpus, read_music, read_table
from recurra.data.labelled import Labelled
from recurra.data.rows import read_rows
from recurra.data.sequences import Sequences

_MUSIC = (".mat", ".npz", ".json", ".mid", ".midi")
_MIDI = (".mid", ".midi")
_SOUND = (".wav", ".flac")


def read(path: Path) -> Any:
    """What `recurra.data` reads from ``path``: a table, texts a line each, words with tags, clips or music.

    A folder or an archive holds music where it has a MIDI file, else clips. Raises InputError for what can't
    be read.
    """
    suffix = path.suffix.lower()
    if path.is_dir() or suffix == ".zip":
        return read_music(path) if _has_midi(path) else read_audio(path)
    if suffix in _MUSIC:
        return read_music(path)
    if suffix in _SOUND:
        clip = read_clip(path)
        return Labelled(Sequences("audio", [clip]), None, None, [clip.name])
    if suffix == ".conllu":
        return read_conllu(path)
    if suffix == ".txt":
        return read_corpus(path, lines=True)
    if suffix == ".jsonl" or (suffix == ".tsv" and _has_tab(path)):
        return _rows(path)
    return read_table(path)


def _has_midi(path: Path) -> bool:
    if path.is_dir():
        return any(file.suffix.lower() in _MIDI for file in path.rglob("*"))
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.lower().endswith(_MIDI) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False  # whoever reads it says what is wrong


def _has_tab(path: Path) -> bool:
    """Whether the first line has one: its commas are then part of what it says."""
    try:
        with path.open("rb") as file:
            return b"\t" in file.readline()
    except OSError:
        return False


def _rows(path: Path) -> Any:
    """The rows of JSON lines, or of values between tabs, as a table."""
    import polars as pl

    rows = read_rows(path)
    try:
        return pl.DataFrame(dict(zip(rows.names, rows.columns)), strict=False)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise InputError(f"{path} is not a table that can be read: {str(error).splitlines()[0]}") from error
