"""Checks of single arguments, all with one wording: the argument, what was expected, what came."""

import difflib
import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from recurra._base.errors import InputError


def positive_int(name: str, value: Any) -> int:
    """Return ``value`` as an int; raise InputError unless it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise InputError(f"{name} must be a whole number of at least 1, got {value!r}")
    return int(value)


def positive_float(name: str, value: Any) -> float:
    """Return ``value`` as a float; raise InputError unless it is finite and above 0."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < float(value) < math.inf:
        raise InputError(f"{name} must be a finite number above 0, got {value!r}")
    return float(value)


def probability(name: str, value: Any) -> float:
    """Return ``value`` as a float; raise InputError unless it lies in [0, 1]."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
        raise InputError(f"{name} must be a number between 0 and 1, got {value!r}")
    return float(value)


def below_one(name: str, value: Any) -> float:
    """Return ``value`` as a float; raise InputError unless it lies in [0, 1), so that something is left."""
    if probability(name, value) == 1:
        raise InputError(f"{name} must be below 1, as 1 leaves nothing to learn from, got {value!r}")
    return float(value)


def flag(name: str, value: Any) -> bool:
    """Return ``value`` as a bool; raise InputError for anything but True and False."""
    if not isinstance(value, bool | np.bool):
        raise InputError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def one_of(name: str, value: Any, options: Iterable[str]) -> str:
    """Return ``value``; raise InputError, with the nearest option, unless it is one of ``options``."""
    options = list(options)
    if value not in options:
        raise InputError(
            f"{name} must be one of {', '.join(options)}, got {value!r}{nearest(value, options)}"
        )
    return value


def nearest(value: Any, options: Iterable[str]) -> str:
    """A hint such as ``; did you mean 'lstm'?``, or nothing where no option is close."""
    by_lower = {option.lower(): option for option in options}
    close = difflib.get_close_matches(str(value).lower(), by_lower, n=1, cutoff=0.5)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
