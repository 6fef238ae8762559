"""The transform of a target, as a model file has it."""

from typing import Any

from recurra._base.validation import one_of
from recurra.data import TRANSFORMS, TargetTransform
from recurra.runtime import schema

_FIELDS = {
    "name": schema.TEXT,
    "exponent": schema.NUMBER,
    "centre": schema.NUMBER,
    "unit": schema.POSITIVE,
    "largest": schema.POSITIVE,
}


def read_transform(fields: Any, place: str) -> TargetTransform:
    """Undo `TargetTransform.to_dict`; raises InputError, naming ``place``, for what is not of its making."""
    schema.check_fields(fields, _FIELDS, place)
    one_of(f"{place}.name", fields["name"], TRANSFORMS)
    return TargetTransform.from_dict(fields)
