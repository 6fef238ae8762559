"""What a language model is fitted on: how DATA is read, and which part of it is held out for the test."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cli.fit.parts import check_one_of, check_shares
from recurra.cli.option import flag, option

if TYPE_CHECKING:
    from recurra.data import Corpus, Music, Piece

_TEXTS, _MUSIC, _PARTS = "Texts", "Music", "Parts"
_TEST = 0.1
_NO_TEXT = (".mat", ".npz", ".mid", ".midi", ".zip")


@dataclass(frozen=True, kw_only=True)
class LanguageReading:
    """Of texts, or of music."""

    lines: Annotated[
        bool,
        option(
            "", "Each line of DATA is a text of its own, such as a name, which ends there.", _TEXTS, "--lines"
        ),
    ] = False
    text: Annotated[
        str | None,
        option(
            "COL",
            "The column of texts, one in each row, where DATA is a table (CSV, TSV, JSONL or Parquet): its "
            "name, or its number counted from 1. Default: text.",
            _TEXTS,
        ),
    ] = None
    music: Annotated[
        bool,
        option(
            "",
            "DATA is music: MIDI, also in a folder or a zip, or piano rolls (.mat, .npz or .json).",
            _MUSIC,
            "--music",
        ),
    ] = False
    steps_per_beat: Annotated[
        float | None,
        option("X", "How finely time is cut: 2 for eighth notes, 4 for sixteenths. Default: 2.", _MUSIC),
    ] = None

    def check(self, data: Path) -> None:
        """Raise InputError for options that do not go together, or with ``data``."""
        if self.music:
            for name in ("lines", "text"):
                if getattr(self, name):
                    raise InputError(f"{flag(name)} means nothing beside --music; leave one of them out")
        elif self.steps_per_beat is not None:
            raise InputError("--steps-per-beat needs --music, as texts have no beats")
        elif data.is_dir() or data.suffix.lower() in _NO_TEXT:
            raise InputError(f"{data} is no text; give --music if it holds music")

    def texts(self, path: Path) -> "Corpus":
        """The documents of a file; raises InputError where it can't be read."""
        from recurra.data import read_corpus

        return read_corpus(path, lines=self.lines, text=self.text)

    def pieces(self, path: Path) -> "Music":
        """The music of a file or a folder; raises InputError where it can't be read."""
        from recurra.data import read_music

        grid = {} if self.steps_per_beat is None else {"steps_per_beat": self.steps_per_beat}
        return read_music(path, **grid)


@dataclass(frozen=True, kw_only=True)
class LanguageParts:
    """A part is a file, one that DATA itself has, as music may, or a share of DATA.

    Shares of texts and pieces are drawn at random and whole; those of a single text are its end.
    """

    validation_file: Annotated[
        Path | None, option("FILE", "The validation part, which chooses the best epoch.", _PARTS)
    ] = None
    validation: Annotated[
        float | None,
        option(
            "X",
            "The validation part as a share of what the test part leaves. Default: 0.05, if there is no "
            "file.",
            _PARTS,
        ),
    ] = None
    test_file: Annotated[
        Path | None, option("FILE", "The test part, which is scored, unseen until the end.", _PARTS)
    ] = None
    test: Annotated[
        float | None,
        option(
            "X",
            "The test part as a share of DATA, its end if it is a single text. Default: 0.1, if there is no "
            "file.",
            _PARTS,
        ),
    ] = None

    def check(self) -> None:
        """Raise InputError for options that exclude one another, and shares that are none."""
        for name in ("validation", "test"):
            check_one_of(self, name, f"{name}_file")
            share = getattr(self, name)
            check_shares(self, {} if share is None else {name: share})

    def cut(self, data: Path, reading: LanguageReading, seed: int) -> dict[str, Any]:
        """The estimator's ``X``, ``validation`` (None for it to hold out a share) and ``test``.

        Raises InputError where a file can't be read, or a part is empty.
        """
        return self._music(data, reading, seed) if reading.music else self._texts(data, reading, seed)

    def _texts(self, data: Path, reading: LanguageReading, seed: int) -> dict[str, Any]:
        from recurra.data import hold_out

        given = reading.texts(data)
        validation, test = (
            None if path is None else reading.texts(path) for path in (self.validation_file, self.test_file)
        )
        if test is None:
            given, test = hold_out(given, self._test, name="--test", seed=seed)
        return {"X": given, "validation": validation, "test": test}

    def _music(self, data: Path, reading: LanguageReading, seed: int) -> dict[str, Any]:
        given = reading.pieces(data)
        parts: dict[str, Any] = {"validation": given.validation, "test": given.test}
        for name, part in parts.items():
            file = getattr(self, f"{name}_file")
            asked = [each for each in (name, f"{name}_file") if getattr(self, each) is not None]
            if part is not None and asked:
                raise InputError(
                    f"{flag(asked[0])} means nothing for {data}, which has a {name} part of its own; "
                    "leave it out"
                )
            if file is not None:
                music = reading.pieces(file)
                parts[name] = getattr(music, name) or music.training
        training = given.training
        if parts["test"] is None:
            training, parts["test"] = _hold_out(training, self._test, seed)
        return {"X": training, **parts}

    @property
    def _test(self) -> float:
        return _TEST if self.test is None else self.test


def _hold_out(pieces: "Sequence[Piece]", share: float, seed: int) -> "tuple[list[Piece], list[Piece]]":
    """What a ``share``, rounded, leaves of ``pieces``, and what it takes of them, both in their order."""
    held = round(share * len(pieces))
    if not 0 < held < len(pieces):
        raise InputError(
            f"--test {share:g} of {len(pieces)} pieces leaves {len(pieces) - held} of them to train on and "
            f"{held} to score; give more pieces, another share, or --test-file"
        )
    drawn = set(np.random.default_rng(seed).permutation(len(pieces))[:held].tolist())
    return (
        [piece for i, piece in enumerate(pieces) if i not in drawn],
        [piece for i, piece in enumerate(pieces) if i in drawn],
    )
