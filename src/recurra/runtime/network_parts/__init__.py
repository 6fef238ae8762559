"""The parts that a network may be made of, one a file."""

from recurra.runtime.network_parts.attention_pool import AttentionPool
from recurra.runtime.network_parts.autoregression import Autoregression
from recurra.runtime.network_parts.bag import Bag
from recurra.runtime.network_parts.chain import check_order, joined, shapes_of, widths_of
from recurra.runtime.network_parts.closed_list import PARTS, part_from_dict
from recurra.runtime.network_parts.crf import Crf, CrfScores
from recurra.runtime.network_parts.embedding import Embedding
from recurra.runtime.network_parts.ensemble import Ensemble
from recurra.runtime.network_parts.linear import Linear, Tied
from recurra.runtime.network_parts.part import Bound, Part, Step
from recurra.runtime.network_parts.pool import POOLS, Pool
from recurra.runtime.network_parts.recurrent import Recurrent
from recurra.runtime.network_parts.words import Words

__all__ = [
    "PARTS",
    "POOLS",
    "AttentionPool",
    "Autoregression",
    "Bag",
    "Bound",
    "Crf",
    "CrfScores",
    "Embedding",
    "Ensemble",
    "Linear",
    "Part",
    "Pool",
    "Recurrent",
    "Step",
    "Tied",
    "Words",
    "check_order",
    "joined",
    "part_from_dict",
    "shapes_of",
    "widths_of",
]
