"""The options of the cells: what each means, what it may be, and values worth trying.

A cell has the options that are fields of its class, beyond its sizes and ``bias``; which cell has which is
`recurra.cells.registry.OPTIONS_OF`, and nothing else in the package lists it.
"""

import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import one_of, probability


@dataclass(frozen=True)
class Option:
    """One option of some cells."""

    meaning: str
    check: Callable[[str, Any], Any]
    """check(name, value) returns the value as a plain one, or raises InputError."""
    trials: tuple[Any, ...]
    """Values that every test of a cell goes through, its default first."""
    always_written: bool = False
    """Whether a file says it even where it has its default; the rest are left out there."""


def boolean(name: str, value: Any) -> bool:
    """Return ``value``; raise InputError unless it is True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be True or False, got {value!r}")
    return value


def _nonlinearity(name: str, value: Any) -> str:
    return one_of(name, value, ["tanh", "relu"])


def _size_or_none(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 0:
        raise InputError(f"{name} must be a whole number of at least 0 (none), got {value!r}")
    return int(value)


OPTIONS = {
    "nonlinearity": Option("the φ of the equation", _nonlinearity, ("tanh", "relu"), always_written=True),
    "peephole": Option("the gates also see the memory c", boolean, (False, True)),
    "proj_size": Option("width to which the output is projected, 0 for none", _size_or_none, (0, 2)),
    "reset_after": Option("the reset gate acts after the recurrent product", boolean, (True, False)),
    "layer_norm": Option("each product is normalised over its rows", boolean, (False, True)),
    "zoneout": Option("probability that a unit keeps its old value", probability, (0.0, 0.3)),
}

LAYER_OPTIONS = {
    "recurrent_dropout": "probability that a unit of the h′ in W_hh h′ is dropped, for a whole sequence",
    "weight_dropout": "probability that a weight of W_hh is dropped, for a whole batch",
    "learn_initial_state": "the state in which a sequence starts is a parameter",
}
"""What the layers of `recurra.nn` add. None of it is part of a cell's specification: equations take the
masks as noise, and the state as an argument."""

NEED_RECURRENT_WEIGHTS = {"recurrent_dropout", "weight_dropout"}
"""Those of `LAYER_OPTIONS` that only a cell with W_hh has."""


def listed(names: Sequence[str]) -> str:
    """The names as in a sentence: a, b and c."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
