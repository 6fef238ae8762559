"""The shape of a dictionary that came from a file: which fields it has, and what each must be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recurra._base.errors import InputError


@dataclass(frozen=True)
class Field:
    """What a field must be, in words and as a test; where it is ``optional``, it may be missing."""

    what: str
    holds: Callable[[Any], bool]
    optional: bool = False


def check_fields(fields: Any, schema: Mapping[str, Field], name: str) -> None:
    """Raise InputError, naming the place below ``name``, unless ``fields`` is exactly as ``schema`` says."""
    if not isinstance(fields, dict):
        raise InputError(f"{name} must be a dict, got {fields!r}")
    for field, expected in schema.items():
        if field not in fields:
            if expected.optional:
                continue
            raise InputError(f"{name} must have {field}, got only {', '.join(fields) or 'nothing'}")
        if not expected.holds(fields[field]):
            raise InputError(f"{name}.{field} must be {expected.what}, got {fields[field]!r}")
    for field in fields:
        if field not in schema:
            raise InputError(f"{name} must not have {field!r}")


def _number(value: Any) -> bool:
    return type(value) in (int, float)


def _all(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(holds, value))


def _classes(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < 2:
        return False
    kinds = {type(item) for item in value}
    return len(kinds) == 1 and kinds <= {str, int, float, bool} and len(set(value)) == len(value)


FLAG = Field("true or false", lambda value: isinstance(value, bool))
TEXT = Field("text", lambda value: isinstance(value, str))
TEXT_OR_NONE = Field("text or null", lambda value: value is None or isinstance(value, str))
TEXTS = Field("a list of texts", lambda value: _all(value, TEXT.holds))
SIZE = Field("a whole number of at least 1", lambda value: type(value) is int and value >= 1)
COUNT = Field("a whole number of at least 0", lambda value: type(value) is int and value >= 0)
NUMBER = Field("a number", _number)
NUMBERS = Field("a list of numbers", lambda value: _all(value, _number))
POSITIVE = Field("a number above 0", lambda value: _number(value) and value > 0)
POSITIVES = Field("a list of numbers above 0", lambda value: _all(value, POSITIVE.holds))
ERROR_OR_NONE = Field(
    "a number of at least 0, or null", lambda value: value is None or (_number(value) and value >= 0)
)
DICT = Field("a dict", lambda value: isinstance(value, dict))
DICT_OR_MISSING = Field("a dict", DICT.holds, optional=True)
DICT_OR_NONE = Field("a dict or null", lambda value: value is None or isinstance(value, dict))
SIZES = Field("a list of whole numbers of at least 1", lambda value: _all(value, SIZE.holds))
CLASSES = Field(
    "a list of at least two texts, numbers or truth values, all of one kind", lambda value: _classes(value)
)
COLUMN_OR_NONE = Field(
    "text, a whole number or null", lambda value: value is None or type(value) in (str, int)
)
DICTS = Field("a list of dicts", lambda value: _all(value, DICT.holds))
