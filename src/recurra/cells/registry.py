"""The cells by name, and which options go with which."""

import dataclasses
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import nearest, one_of
from recurra.cells.cell import Cell
from recurra.cells.elman import Elman
from recurra.cells.gru import GRU
from recurra.cells.lstm import LSTM
from recurra.cells.min_gru import MinGRU
from recurra.cells.min_lstm import MinLSTM
from recurra.cells.options import LAYER_OPTIONS, NEED_RECURRENT_WEIGHTS, listed

CELLS: dict[str, type[Cell]] = {kind.name: kind for kind in (Elman, LSTM, GRU, MinGRU, MinLSTM)}

OPTIONS_OF: dict[str, tuple[str, ...]] = {
    name: (
        *kind.options(),
        *(o for o in LAYER_OPTIONS if kind.has_recurrent_weights or o not in NEED_RECURRENT_WEIGHTS),
    )
    for name, kind in CELLS.items()
}
"""The options that each cell goes with, their layers' last: the one table, by the cells' own fields."""


def cell(name: str, /, **options: Any) -> Cell:
    """The cell of that name; InputError names an unknown cell, an option it lacks, or a missing size."""
    kind = CELLS[one_of("cell", name, CELLS)]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for option in options:
        if option not in fields:
            raise InputError(f"{name} has no option {option!r}, {_where(option, name, list(fields))}")
    for field in fields.values():
        if field.default is dataclasses.MISSING and field.name not in options:
            raise InputError(f"{name} needs {field.name}")
    return kind(**options)


def _where(option: str, cell: str, fields: list[str]) -> str:
    """Why an option is none of the cell's fields."""
    if option in OPTIONS_OF[cell]:
        return "which is one of its layers in recurra.nn"
    owners = [name for name, options in OPTIONS_OF.items() if option in options]
    if owners:
        layers = " layers" if option in LAYER_OPTIONS else ""
        return f"which goes with {listed(owners)}{layers} only"
    return f"only {', '.join(fields)}{nearest(option, fields)}"
