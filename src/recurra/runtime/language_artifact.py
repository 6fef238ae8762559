"""The artifact of a language model, of texts or of music."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra.artifact import Artifact
from recurra.runtime.network import Network, network_spec
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
    spec = network_spec(parts)
    network = Network(spec, tensors)
    width = [] if network.input_size is None else [network.input_size]
    return Artifact(
        task=task,
        spec=spec,
        preprocessing=dict(preprocessing),
        tensors=dict(tensors),
        inputs=[{"name": "sequence", "shape": ["N", "T", *width], "dtype": "float32" if width else "int64"}],
        outputs=[{"name": "logits", "shape": ["N", "T", network.output_size], "dtype": "float32"}],
        history=history,
        card={},
    )
