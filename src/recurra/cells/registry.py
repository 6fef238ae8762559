"""The cells by name."""

import dataclasses
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import nearest, one_of
from recurra.cells.cell import Cell
from recurra.cells.elman import Elman
from recurra.cells.gru import GRU
from recurra.cells.lstm import LSTM

CELLS: dict[str, type[Cell]] = {kind.name: kind for kind in (Elman, LSTM, GRU)}


def cell(name: str, **options: Any) -> Cell:
    """The cell of that name; InputError names an unknown cell, an option it lacks, or a missing size."""
    kind = CELLS[one_of("cell", name, CELLS)]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for option in options:
        if option not in fields:
            raise InputError(
                f"{name} has no option {option!r}, only {', '.join(fields)}{nearest(option, fields)}"
            )
    for field in fields.values():
        if field.default is dataclasses.MISSING and field.name not in options:
            raise InputError(f"{name} needs {field.name}")
    return kind(**options)
