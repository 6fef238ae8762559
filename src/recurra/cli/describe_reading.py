"""How recurra describe reads DATA: its options, which are those of recurra fit, and what they ask for."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from recurra._base.errors import InputError
from recurra.cli.option import flag, option

_TABLES, _TEXTS, _CLIPS, _WORDS = "Tables", "Texts and pairs", "Audio clips", "Words"
_NAMES = "COL"
_FITTING = {
    "label_pattern": set(),
    "audio": {"text", "label", "group", "no_header"},
    "tag": {"token"},
    "source": {"target", "no_header"},
    "text": {"label", "group", "no_header"},
    "series": {"time", "label", "target", "column"},
    "no way": {"target", "time", "column"},
}
"""By the option that says what DATA are, in the order in which they are asked: what goes with it."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Of anything that Recurra reads."""

    target: Annotated[
        str | None,
        option(_NAMES, "The column to be learnt, of which others may give something away.", _TABLES),
    ] = None
    time: Annotated[
        str | None, option(_NAMES, "The column of times. Default: the only one with dates, if any.", _TABLES)
    ] = None
    series: Annotated[
        str | None, option(_NAMES, "The column that says which series a row belongs to.", _TABLES)
    ] = None
    column: Annotated[
        list[str] | None,
        option(_NAMES, "A column to look at. May be repeated. Default: all.", _TABLES),
    ] = None
    text: Annotated[
        str | None,
        option(_NAMES, "The column of texts: its name, or its number counted from 1.", _TEXTS),
    ] = None
    label: Annotated[
        str | None, option(_NAMES, "The column of labels, of texts, clips or series.", _TEXTS)
    ] = None
    group: Annotated[
        str | None, option(_NAMES, "The column of what must stay in one part, such as an author.", _TEXTS)
    ] = None
    source: Annotated[
        str | None,
        option(_NAMES, "The column of sources, where --target is that of the texts they become.", _TEXTS),
    ] = None
    no_header: Annotated[
        bool, option("", "The first line of DATA is a row, and names no columns.", _TEXTS, "--no-header")
    ] = False
    audio: Annotated[
        str | None,
        option(_NAMES, "The column of the clips' file names; --text is then what is said in them.", _CLIPS),
    ] = None
    label_pattern: Annotated[
        str | None,
        option("REGEX", "The names of clips hold the label as `(?P<label>…)`, as in recurra fit.", _CLIPS),
    ] = None
    tag: Annotated[
        str | None,
        option(
            "TAG", "What to learn of words: upos and others of a .conllu, else a column's number.", _WORDS
        ),
    ] = None
    token: Annotated[int | None, option("N", "The column of words, counted from 1. Default: 1.", _WORDS)] = (
        None
    )

    def check(self, targets: Path | None) -> str:
        """Which option says what DATA are, "no way" if none; InputError for what does not go with it."""
        given = [field.name for field in fields(self) if getattr(self, field.name) not in (None, False)]
        if targets is not None:
            if given:
                raise InputError(f"{flag(given[0])} is for one file, got TARGETS, too; leave one of them out")
            return "targets"
        way = next((way for way in _FITTING if way in given), "no way")
        for name in given:
            if name != way and name not in _FITTING[way]:
                beside = "DATA as they are" if way == "no way" else flag(way)
                raise InputError(f"{flag(name)} means nothing beside {beside}; {_fix(name, way)}")
        return way

    def reader(self, way: str, targets: Path | None) -> Callable[[Path], Any]:
        """What reads DATA, and a second file like them: a path or what `recurra.data` makes of it."""
        from recurra import data

        columns = {"label": self.label, "group": self.group, "header": not self.no_header}
        match way:
            case "targets":
                return lambda path: data.read_pairs(path, targets)
            case "label_pattern":
                return lambda path: data.read_audio(path, label_pattern=self.label_pattern)
            case "audio" if self.text is not None:
                if self.label is not None:
                    raise InputError("--label means nothing beside --text and --audio; leave one of them out")
                del columns["label"]
                return lambda path: data.read_transcripts(
                    path, audio=self._named("audio"), text=self.text, **columns
                )
            case "audio":
                return lambda path: data.read_audio_table(path, audio=self._named("audio"), **columns)
            case "tag":
                return self._words
            case "source":
                if self.target is None:
                    raise InputError("--source needs --target, the column of the texts that sources become")
                header = not self.no_header
                return lambda path: data.read_pairs(
                    path, source=self.source, target=self.target, header=header
                )
            case "text":
                return lambda path: data.read_texts(path, text=self.text, **columns)
        return lambda path: path

    def roles(self, way: str) -> dict[str, Any]:
        """The arguments of `recurra.diagnosis.describe` that go with what was read."""
        if way == "audio":
            return {"spoken": self.text is not None}
        if way not in ("series", "no way"):
            return {}
        if self.label is not None and self.target is not None:
            raise InputError("--label and --target exclude one another; give one of them")
        if way == "series" and self.time is None:
            raise InputError(
                f"--time must name the column that orders the rows of each --series {self.series}"
            )
        target = self.target if self.label is None else self.label
        return {"target": target, "time": self.time, "series": self.series, "columns": self.column or None}

    def _words(self, path: Path) -> Any:
        from recurra.data import read_conllu, read_tagged

        tag = self._named("tag")
        if path.suffix.lower() == ".conllu":
            if self.token is not None:
                raise InputError("--token means nothing beside a .conllu file; leave one of them out")
            return read_conllu(path, tag=tag)
        if not (tag.isascii() and tag.isdigit()):
            raise InputError(
                f"--tag must be the number of a column, such as 2, unless the file is a .conllu, got {tag!r}"
            )
        separator = "tab" if path.suffix.lower() == ".tsv" else "whitespace"
        token = 1 if self.token is None else self.token
        return read_tagged(path, token=token, tag=int(tag), separator=separator)

    def _named(self, option: str) -> str:
        """The value of an option that was given."""
        return str(getattr(self, option))


def _fix(name: str, way: str) -> str:
    """What to do about an option that means nothing beside a way to read."""
    if way != "no way":
        return "leave one of them out"
    needs = {
        "label": "--text, --audio or --series",
        "group": "--text or --audio",
        "no_header": "--text, --audio or --source",
        "token": "--tag",
    }
    return f"give {needs[name]}, too"
