"""What a language model is fitted on: how DATA is read, and which part of it is held out for the test."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from recurra._base.errors import InputError
from recurra.cli.fit.parts import check_one_of, check_shares
from recurra.cli.option import flag, option

if TYPE_CHECKING:
    from recurra.data import Corpus, Music, Piece

_TEXTS, _MUSIC, _PARTS = "Texts", "Music", "Parts"
_TEST, _VALIDATION = 0.1, 0.05
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
            "The validation part as a share of what the test part leaves. Default: 0.05, one text or "
            "piece at least, if there is no file.",
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
            "The test part as a share of DATA, its end if it is a single text. Default: 0.1, one text or "
            "piece at least, if there is no file.",
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
        given = reading.texts(data)
        validation, test = (
            None if path is None else reading.texts(path) for path in (self.validation_file, self.test_file)
        )
        if test is None:
            given, test = self._hold_out(given, seed)
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
            training, parts["test"] = self._hold_out(training, seed)
        return {"X": training, **parts}

    def validation_share(self, given: dict[str, Any]) -> float | None:
        """What the estimator holds out of what `cut` has ``given``; None where that has a validation part."""
        if given["validation"] is not None:
            return None
        return _one_at_least(_VALIDATION, given["X"]) if self.validation is None else self.validation

    def _hold_out(self, whole: Any, seed: int) -> tuple[Any, Any]:
        from recurra.data import hold_out

        share = _one_at_least(_TEST, whole) if self.test is None else self.test
        return hold_out(whole, share, name="--test", seed=seed)


def _one_at_least(share: float, whole: "Corpus | list[Piece]") -> float:
    """``share``, or that of one text or piece where it is less; a single one is not held out."""
    return share if len(whole) == 1 or round(share * len(whole)) else 1 / len(whole)
