"""The one console: results go to standard output, progress and errors to standard error."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # tabs do no harm

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(text: str = "", style: str = "") -> None:
    """Print a line; a long one wraps between words."""
    out.print(_text(text, style))


def write(piece: str) -> None:
    """Print a piece of a text at once, as it is; a terminal gets no characters that could steer it."""
    out.file.write(_STEERING.sub("\N{REPLACEMENT CHARACTER}", piece) if out.is_terminal else piece)
    out.file.flush()


def say_files(files: Mapping[str, Path], seconds: float) -> None:
    """Print where files lie, each path in one piece however narrow the terminal is, and what time it took."""
    for label, path in files.items():
        out.print(Text.assemble((f"{label:<10}", "dim"), _text(str(path))), soft_wrap=True)
    out.print(Text.assemble((f"{'Took':<10}", "dim"), f"{seconds:.0f} s"))


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """Print a table whose first column names the rows and whose others are numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for place, name in enumerate(columns):
        table.add_column(_text(name), justify="right" if place else "left")
    for row in rows:
        table.add_row(*(_text(cell) if isinstance(cell, str) else cell for cell in row))
    out.print(table)


def say_json(values: dict[str, Any]) -> None:
    """Print one JSON object on one line; a number that is not finite becomes null."""
    out.file.write(json.dumps(_plain(values), allow_nan=False) + "\n")


def note(lines: Sequence[str]) -> None:
    """Print what people should know beside a result, on standard error."""
    for line in lines:
        err.print(_text(line))


def fail(message: str) -> None:
    """Print an error as one line."""
    err.print(Text.assemble(("error: ", "bold red"), _text(" ".join(message.split()))), soft_wrap=True)


def _text(text: str, style: str = "") -> Text:
    """Text as it is, save for control characters, with which a name from the data could steer a terminal."""
    return Text(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text), style)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
