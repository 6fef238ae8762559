"""The closed list of parts: a model file can name nothing else."""

from typing import Any

from recurra._base.validation import one_of
from recurra.runtime.network_parts.attention_pool import AttentionPool
from recurra.runtime.network_parts.autoregression import Autoregression
from recurra.runtime.network_parts.bag import Bag
from recurra.runtime.network_parts.crf import Crf
from recurra.runtime.network_parts.embedding import Embedding
from recurra.runtime.network_parts.linear import Linear, Tied
from recurra.runtime.network_parts.part import Part
from recurra.runtime.network_parts.pool import Pool
from recurra.runtime.network_parts.recurrent import Recurrent
from recurra.runtime.network_parts.words import Words

PARTS: dict[str, type[Part]] = {
    part.type: part
    for part in (Embedding, Words, Recurrent, Pool, AttentionPool, Linear, Tied, Autoregression, Bag, Crf)
}


def part_from_dict(fields: dict[str, Any], name: str) -> Part:
    """The part that ``to_dict`` described; raises InputError, naming the place below ``name``."""
    kind = PARTS[one_of(f"{name}.type", fields.get("type"), PARTS)]
    return kind.from_dict({field: value for field, value in fields.items() if field != "type"}, name)
