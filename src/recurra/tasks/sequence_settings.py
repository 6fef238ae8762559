"""The arguments of a network of labelled sequences, checked, with the defaults of their kind."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from recurra._base.validation import below_one, flag, one_of, positive_int, probability
from recurra.tasks.layers import LAYERS
from recurra.tasks.sequence_defaults import SequenceDefaults
from recurra.tasks.sequence_network import POOLS, NetworkSettings
from recurra.tasks.training_settings import filled_in


def network_settings(
    arguments: Mapping[str, Any], defaults: SequenceDefaults, *, pools: bool
) -> NetworkSettings:
    """The network's, whose steps become one row if it ``pools``; InputError for an argument that is none."""
    chosen = dataclasses.asdict(defaults) | filled_in(arguments, defaults)
    return NetworkSettings(
        embedding_size=positive_int("embedding_size", chosen["embedding_size"]),
        hidden_size=positive_int("hidden_size", chosen["hidden_size"]),
        num_layers=positive_int("num_layers", chosen["num_layers"]),
        dropout=below_one("dropout", chosen["dropout"]),
        word_dropout=probability("word_dropout", chosen["word_dropout"]),
        weight_dropout=below_one("weight_dropout", chosen["weight_dropout"]),
        cell=one_of("cell", chosen["cell"], LAYERS),
        bidirectional=flag("bidirectional", chosen["bidirectional"]),
        pool=one_of("pool", chosen["pool"], POOLS) if pools else None,
        crf=flag("crf", chosen.get("crf", False)),
    )
