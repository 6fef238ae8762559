"""How the sequences are read from DATA: the options of it, and the reader that they ask for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from recurra._base.errors import InputError
from recurra.cli.option import flag, option

if TYPE_CHECKING:
    from recurra.data import Source

_TEXTS, _SERIES, _CLIPS, _WORDS = "Texts", "Series, a row for each step", "Audio clips", "Words"
_NAMES = "COL"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Of sequences with one label each."""

    label: Annotated[
        str | None,
        option(_NAMES, "The column of labels: its name, or its number counted from 1.", "Columns"),
    ] = None
    group: Annotated[
        str | None,
        option(_NAMES, "The column of what must stay in one part, such as an author.", "Columns"),
    ] = None
    no_header: Annotated[
        bool,
        option("", "The first line of DATA is a row, and names no columns.", "Columns", "--no-header"),
    ] = False
    text: Annotated[str | None, option(_NAMES, "The column of texts.", _TEXTS)] = None
    series: Annotated[
        str | None, option(_NAMES, "The column that says which series a row belongs to.", _SERIES)
    ] = None
    time: Annotated[
        str | None, option(_NAMES, "The column of times or step numbers, which order a series.", _SERIES)
    ] = None
    column: Annotated[
        list[str] | None,
        option(_NAMES, "A column of values. May be repeated. Default: all others.", _SERIES),
    ] = None
    label_pattern: Annotated[
        str | None,
        option(
            "REGEX",
            "DATA is a folder or a zip of WAV or FLAC files whose names hold the label as `(?P<label>…)`, "
            "and what must stay in one part, such as the speaker, as `(?P<group>…)`.",
            _CLIPS,
        ),
    ] = None
    audio: Annotated[
        str | None,
        option(
            _NAMES, "DATA is a table, and this its column of file names, as seen from its folder.", _CLIPS
        ),
    ] = None

    def source(self, data: Path, *, numeric: bool) -> "Source":
        """The reader for ``data``, labels as numbers where asked; InputError where options do not fit."""
        table = {
            "text": ("group", "no_header"),
            "series": ("time", "column", "no_header"),
            "audio": ("group", "no_header"),
        }
        given = _given(self)
        if "label_pattern" in given:
            _refuse(given, {"label_pattern"}, "--label-pattern")
            return _source("audio", {"label_pattern": self.label_pattern, "numeric": numeric})
        if data.is_dir() or data.suffix.lower() == ".zip":
            raise InputError(
                f"{data} is a {'folder' if data.is_dir() else 'zip archive'}; say how its files are "
                "labelled, such as --label-pattern '^(?P<label>[^_]+)_'"
            )
        way = next((way for way in ("series", "audio") if way in given), "text")
        if way == "text" and "time" in given:
            raise InputError("--time needs --series, the column that says which series a row belongs to")
        if self.label is None:
            raise InputError("--label must name the column of labels, by its name or its number from 1")
        _refuse(given, {way, "label", *table[way]}, flag(way))
        columns = {"label": self.label, "header": not self.no_header, "numeric": numeric}
        match way:
            case "series":
                columns |= {"series": self.series, **_steps(self.series, self.time)}
                return _source("long", {**columns, "columns": _values(data, columns, self.column)})
            case "audio":
                return _source("audio table", {**columns, "audio": self.audio, "group": self.group})
            case _:
                return _source("texts", {**columns, "text": self.text, "group": self.group})


@dataclass(frozen=True, kw_only=True)
class TagReading:
    """Of sequences with a label a step."""

    tag: Annotated[
        str | None,
        option(
            "TAG",
            "What to learn. In a .conllu file upos, xpos, feats, deprel, or a key of the columns FEATS and "
            "MISC; in any other file of words the number of the column, counted from 1.",
            _WORDS,
        ),
    ] = None
    token: Annotated[
        int | None,
        option(
            "N",
            "The column of words, counted from 1, in a file with a word on each line and an empty line "
            "between sentences; columns lie between tabs in a .tsv, else between white space. Default: 1.",
            _WORDS,
        ),
    ] = None
    series: Annotated[
        str | None, option(_NAMES, "The column that says which series a row belongs to.", _SERIES)
    ] = None
    time: Annotated[
        str | None, option(_NAMES, "The column of times or step numbers, which order a series.", _SERIES)
    ] = None
    label: Annotated[str | None, option(_NAMES, "The column of labels, one a step.", _SERIES)] = None
    column: Annotated[
        list[str] | None,
        option(_NAMES, "A column of values. May be repeated. Default: all others.", _SERIES),
    ] = None
    no_header: Annotated[
        bool, option("", "The first line of DATA is a row, and names no columns.", _SERIES, "--no-header")
    ] = False

    def source(self, data: Path) -> "Source":
        """The reader for ``data``; InputError where options do not fit."""
        given = _given(self)
        if "series" in given:
            _refuse(given, {"series", "time", "label", "column", "no_header"}, "--series")
            if self.label is None:
                raise InputError("--label must name the column of labels, by its name or its number from 1")
            columns = {
                "series": self.series,
                **_steps(self.series, self.time),
                "label": self.label,
                "header": not self.no_header,
                "step_labels": True,
            }
            return _source("long", {**columns, "columns": _values(data, columns, self.column)})
        if self.tag is None:
            raise InputError(
                "--tag must say what to learn, such as upos in a .conllu file or 2, a column's number, in "
                "another; for numbers measured over time give --series, --time and --label"
            )
        if data.suffix.lower() == ".conllu":
            _refuse(given, {"tag"}, "a .conllu file")
            return _source("conllu", {"tag": self.tag})
        _refuse(given, {"tag", "token"}, "--tag")
        if not (self.tag.isascii() and self.tag.isdigit()):
            raise InputError(
                "--tag must be the number of a column, such as 2, unless the file is a .conllu, "
                f"got {self.tag!r}"
            )
        separator = "tab" if data.suffix.lower() == ".tsv" else "whitespace"
        token = 1 if self.token is None else self.token
        if token == int(self.tag):
            raise InputError(f"--token and --tag must be different columns, got {token} for both")
        return _source("tagged", {"token": token, "tag": int(self.tag), "separator": separator})


def _source(reader: str, options: Mapping[str, Any]) -> "Source":
    from recurra.data import Source

    return Source(reader, {name: value for name, value in options.items() if value is not None})


def _given(reading: Reading | TagReading) -> set[str]:
    """The names of the options that were given."""
    return {field.name for field in fields(reading) if getattr(reading, field.name) not in (None, False)}


def _refuse(given: Iterable[str], fitting: set[str], way: str) -> None:
    """Raise InputError for an option that is ``given`` and means nothing beside ``way``."""
    if others := sorted(set(given) - fitting):
        raise InputError(f"{flag(others[0])} means nothing beside {way}; leave one of them out")


def _steps(series: str | None, time: str | None) -> dict[str, str]:
    if time is None:
        raise InputError(f"--time must name the column that orders the rows of each --series {series}")
    return {"time": time}


def _values(data: Path, columns: Mapping[str, Any], asked: list[str] | None) -> list[str]:
    """The names of the columns of values, so that the model reads these from files without labels, too."""
    from recurra.data.rows import read_rows

    rows = read_rows(data, header=columns["header"])
    if asked:
        return [rows.find(name, "--column") for name in asked]
    taken = {rows.find(columns[role], flag(role)) for role in ("series", "time", "label")}
    return [name for name in rows.names if name not in taken]
