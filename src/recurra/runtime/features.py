"""From a user's sequences to a network's inputs: the kinds there are, and how they stand in a model file."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.data import AudioFeatures, SeriesFeatures, TextFeatures, TextWords, WordFeatures, pad
from recurra.runtime.network_parts.spelling import END

Features: TypeAlias = TextFeatures | TextWords | WordFeatures | SeriesFeatures | AudioFeatures
"""Called with the items of N sequences they give N inputs of networks: (T_i,), (T_i, 1 + C_i), (T_i, I)."""

KINDS: dict[str, type[Features]] = {
    "text": TextFeatures,
    "words of text": TextWords,
    "tokens": WordFeatures,
    "series": SeriesFeatures,
    "audio": AudioFeatures,
}
"""By what a model file calls them."""


def features_from_dict(fields: Any) -> Features:
    """The features that `features_to_dict` described; raises InputError for anything else."""
    if not isinstance(fields, dict):
        raise InputError(f"features must be a dict, got {fields!r}")
    kind = one_of("features.kind", fields.get("kind"), KINDS)
    return KINDS[kind].from_dict({name: value for name, value in fields.items() if name != "kind"})


def features_to_dict(features: Features) -> dict[str, Any]:
    """The features as they stand in a model file."""
    return {"kind": _name_of(features), **features.to_dict()}


def kind_of(features: Features) -> str:
    """The kind of sequences that the features read."""
    return "text" if isinstance(features, TextWords) else _name_of(features)


def _name_of(features: Features) -> str:
    return next(name for name, known in KINDS.items() if isinstance(features, known))


def first_part(features: Features) -> dict[str, Any]:
    """What the description of a network that reads the features begins with."""
    match features:
        case TextFeatures():
            return {"type": "embedding", "count": features.size}
        case WordFeatures() | TextWords():
            return {"type": "words", "words": features.word_count, "characters": features.character_count}
        case _:
            return {"type": "recurrent", "input_size": features.size}


def pad_inputs(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of a network as one array (N, T, …), and their lengths (N,) int64.

    Zeros stand past the end of a sequence, and `END` past the end of a word, whose characters may be more
    than those of another sequence's longest word.
    """
    if arrays[0].ndim == 2 and arrays[0].dtype == np.int64:
        width = max(array.shape[1] for array in arrays)
        arrays = [
            np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=END) for array in arrays
        ]
    return pad(list(arrays))
