"""The arguments of a language model, checked, with the defaults of what it is of."""

import math
import numbers
from collections.abc import Mapping
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import below_one, flag, one_of, positive_int
from recurra.tasks.language_defaults import LanguageDefaults
from recurra.tasks.language_network import LanguageSettings
from recurra.tasks.layers import LAYERS
from recurra.tasks.training_settings import filled_in

_TEXT_ONLY = (
    "level",
    "max_vocabulary",
    "min_count",
    "vectors",
    "embedding_size",
    "tied",
    "embedding_dropout",
)


def language_settings(arguments: Mapping[str, Any], defaults: LanguageDefaults) -> LanguageSettings:
    """The network's; raises InputError for an argument that is none, or does not go with another."""
    chosen = filled_in(arguments, defaults)
    tied = flag("tied", chosen["tied"])
    hidden, embedding = (positive_int(name, chosen[name]) for name in ("hidden_size", "embedding_size"))
    if tied and arguments["embedding_size"] is None:
        embedding = hidden
    if tied and arguments["tied"] is None and embedding != hidden:
        tied = False
    if tied and embedding != hidden:
        raise InputError(
            f"embedding_size must be hidden_size, {hidden}, where one table is tied to both ends, "
            f"got {embedding}; give tied=False"
        )
    return LanguageSettings(
        embedding_size=embedding,
        cell=one_of("cell", chosen["cell"], LAYERS),
        hidden_size=hidden,
        num_layers=positive_int("num_layers", chosen["num_layers"]),
        tied=tied,
        **{
            name: below_one(name, chosen[name])
            for name in ("input_dropout", "dropout", "embedding_dropout", "weight_dropout")
        },
        **{name: _penalty(name, chosen[name]) for name in ("activation_penalty", "change_penalty")},
    )


def check_music(arguments: Mapping[str, Any]) -> None:
    """Raise InputError for an argument that was given and means nothing for music."""
    for name in _TEXT_ONLY:
        if arguments[name] is not None:
            raise InputError(f"{name} is for texts, got {arguments[name]!r} with music; leave it out")


def _penalty(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) < math.inf:
        raise InputError(f"{name} must be a finite number of at least 0, got {value!r}")
    return float(value)
