"""Refusal, by name, of arguments that a layer or cell does not have."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from recurra._base.errors import InputError
from recurra.cells.options import listed


def refuse(kind: type, unknown: Mapping[str, Any], others: Sequence[type]) -> None:
    """Raise InputError for an option of ours that goes with ``others``, TypeError for any other argument.

    Options of ours are those that a constructor takes by name only. Returns where there is nothing unknown.
    """
    for name in unknown:
        owners = [other.__name__ for other in others if _has_option(other, name)]
        if owners:
            raise InputError(f"{kind.__name__} has no option {name!r}, which goes with {listed(owners)} only")
        raise TypeError(f"{kind.__name__}.__init__() got an unexpected keyword argument {name!r}")


def _has_option(kind: type, name: str) -> bool:
    argument = inspect.signature(kind).parameters.get(name)
    return argument is not None and argument.kind is argument.KEYWORD_ONLY
