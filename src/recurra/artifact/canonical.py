"""Canonical JSON: one text for one value, and a reader that takes nothing that the writer would not write.

Keys sorted, no spaces, numbers in their shortest round-trip form, UTF-8 without escapes for printable
characters. NaN, infinities, integers beyond 64 bits, repeated keys, lone surrogates and nesting deeper
than ``MAX_DEPTH`` are refused on both sides.
"""

import json
import math
import numbers
from typing import Any

MAX_DEPTH = 32
_INT64 = 2**63


def plain(value: Any, name: str, *, depth: int = 0) -> Any:
    """A copy of ``value`` made of dict, list, str, bool, int, float and None only.

    Tuples become lists and NumPy scalars Python numbers. Raises ValueError, naming the place below
    ``name`` (such as ``card.metrics.mae``), for anything that JSON cannot hold. ``depth`` counts the
    lists and dicts around the value.
    """
    if depth >= MAX_DEPTH and isinstance(value, (list, tuple, dict)):
        raise ValueError(f"{name} is nested deeper than {MAX_DEPTH} levels")
    match value:
        case None | bool():
            return value
        case str():
            if not _encodable(value):
                raise ValueError(f"{name} must be text that UTF-8 can hold, got {value!r}")
            return str(value)
        case numbers.Integral():
            if not -_INT64 <= int(value) < _INT64:
                raise ValueError(f"{name} must fit in 64 bits, got {value!r}")
            return int(value)
        case numbers.Real():
            if not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, got {value!r}")
            return float(value)
        case list() | tuple():
            return [plain(item, f"{name}[{i}]", depth=depth + 1) for i, item in enumerate(value)]
        case dict():
            for key in value:
                if not isinstance(key, str) or not _encodable(key):
                    raise ValueError(f"{name} must have text as keys, got {key!r}")
            return {key: plain(item, f"{name}.{key}", depth=depth + 1) for key, item in value.items()}
    raise ValueError(f"{name} must be text, a number, a list, a dict or None, got {type(value).__name__}")


def dumps(value: Any) -> str:
    """The canonical text of a value that ``plain`` returned."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str | bytes) -> Any:
    """The value of a JSON text, in any layout; raises ValueError, with a short reason, unless it is sound."""
    try:
        value = json.loads(
            text if isinstance(text, str) else text.decode(),
            object_pairs_hook=_without_repeats,
            parse_int=_int64,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg} at character {error.pos}") from None
    _check(value)
    return value


def _check(value: Any) -> None:
    """Raise ValueError for nesting deeper than MAX_DEPTH or lone surrogates, without recursion."""
    level = [value]
    for depth in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and not _encodable(item):
                raise ValueError("it holds a lone surrogate, which is no text")
        if depth == MAX_DEPTH and any(isinstance(item, (dict, list)) for item in level):
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        level = below


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("it holds a repeated key")
    return value


def _int64(digits: str) -> int:
    if len(digits) > 20 or not -_INT64 <= int(digits) < _INT64:
        raise ValueError("it holds a number beyond 64 bits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("it holds a number that is not finite")
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}, which is no JSON number")
