"""Spans of time as people write them."""

import math
import re

from recurra._base.errors import InputError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")


def seconds(name: str, text: str) -> float:
    """``10m``, ``90s``, ``1.5h`` or ``90`` in seconds; InputError, naming the option, for anything else."""
    match = _SPAN.fullmatch(text.strip())
    span = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < span < math.inf:
        raise InputError(f"{name} must be a time above 0 such as 90s, 10m or 1h, got {text!r}")
    return span
