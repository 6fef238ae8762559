"""The artifact of a network that reads sequences, step by step."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra.artifact import Artifact
from recurra.runtime.network import Network, network_spec
from recurra.runtime.network_parts import Part


def network_artifact(
    task: str,
    parts: Sequence[Part],
    tensors: Mapping[str, np.ndarray],
    preprocessing: Mapping[str, Any],
    *,
    output: str,
    history: dict[str, Any],
    card: dict[str, Any],
) -> Artifact:
    """The artifact of a network of ``parts``, whose output bears that name.

    Raises InputError for tensors that are not the parts'.
    """
    spec = network_spec(parts)
    network = Network(spec, tensors)
    step = [] if network.input_size is None else [network.input_size]
    steps = [] if network.pools else ["T"]
    return Artifact(
        task=task,
        spec=spec,
        preprocessing=dict(preprocessing),
        tensors=dict(tensors),
        inputs=[{"name": "sequence", "shape": ["N", "T", *step], "dtype": "float32" if step else "int64"}],
        outputs=[{"name": output, "shape": ["N", *steps, network.output_size], "dtype": "float32"}],
        history=history,
        card=card,
    )
