"""The closed list of parts: a model file can name nothing else."""

from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.runtime import schema
from recurra.runtime.network_parts.attention_pool import AttentionPool
from recurra.runtime.network_parts.autoregression import Autoregression
from recurra.runtime.network_parts.bag import Bag
from recurra.runtime.network_parts.crf import Crf
from recurra.runtime.network_parts.embedding import Embedding
from recurra.runtime.network_parts.ensemble import Ensemble
from recurra.runtime.network_parts.linear import Linear, Tied
from recurra.runtime.network_parts.part import Part
from recurra.runtime.network_parts.pool import Pool
from recurra.runtime.network_parts.recurrent import Recurrent
from recurra.runtime.network_parts.words import Words

PARTS: dict[str, type[Part]] = {
    part.type: part
    for part in (
        Embedding,
        Words,
        Recurrent,
        Pool,
        AttentionPool,
        Linear,
        Tied,
        Autoregression,
        Bag,
        Crf,
        Ensemble,
    )
}


def part_from_dict(fields: dict[str, Any], name: str) -> Part:
    """The part that ``to_dict`` described; raises InputError, naming the place below ``name``."""
    kind = PARTS[one_of(f"{name}.type", fields.get("type"), PARTS)]
    own = {field: value for field, value in fields.items() if field != "type"}
    if kind is Ensemble:
        schema.check_fields(own, Ensemble.fields, name)
        own["layers"] = [_within(layer, f"{name}.layers[{i}]") for i, layer in enumerate(own["layers"])]
    return kind.from_dict(own, name)


def _within(fields: dict[str, Any], name: str) -> Part:
    if fields.get("type") == Ensemble.type:
        raise InputError(f"{name} must not be an ensemble within another")
    return part_from_dict(fields, name)
