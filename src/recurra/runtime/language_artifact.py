"""The artifact of a language model, of texts or of music."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra.artifact import Artifact
from recurra.runtime.network_artifact import network_artifact
from recurra.runtime.network_parts import Part


def language_artifact(
    task: str,
    parts: Sequence[Part],
    tensors: Mapping[str, np.ndarray],
    preprocessing: Mapping[str, Any],
    *,
    history: dict[str, Any],
) -> Artifact:
    """The artifact of a network from each step of a sequence to logits of the next, without a card."""
    return network_artifact(task, parts, tensors, preprocessing, output="logits", history=history, card={})
