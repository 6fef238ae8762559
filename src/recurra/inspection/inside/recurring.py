"""The recurrent layers that read a model's input, in float64, and what enters them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.inspection.inside.one_network import refuse_ensemble
from recurra.runtime import Network, Recurrent
from recurra.runtime.encoder_decoder import EncoderDecoderSpec
from recurra.runtime.network_parts import part_from_dict
from recurra.runtime.translation import TranslationModel

Tensors = Mapping[str, np.ndarray]


class Recurring(NamedTuple):
    """A stack over one input."""

    name: str
    """What the names of its tensors begin with, such as ``encoder``."""
    prefix: str
    """What the names of its layers begin with for people."""
    stack: Stack
    parameters: dict[str, np.ndarray]
    vectors: np.ndarray
    """(T, I) float64: the numbers of each step, or what its symbol or word is embedded as."""


def recurring(model: Any, x: np.ndarray) -> Recurring:
    """The layers of a loaded model that read x, an input as its network reads it.

    Raises InputError for what is no model, for an ensemble, and for one whose weights are rounded.
    """
    network = getattr(model, "network", None)
    if isinstance(network, Network):
        refuse_ensemble(model)
        if network.quantization_error is not None:
            raise InputError("model has rounded weights, which have no gradients; give it as it was loaded")
        parts = [part_from_dict(layer, "spec.layers") for layer in model.spec["layers"]]
        rows = x[:, None]
        vectors = parts[0].bind(model.tensors)(rows, np.array([len(x)])) if parts[0].takes_ids else rows
        part = next(part for part in parts if isinstance(part, Recurrent))
        return _of(part.name, "", part.stack, model.tensors, vectors[:, 0])
    if not isinstance(model, TranslationModel):
        raise InputError(f"model must be one that recurra.load gives, got {type(model).__name__}")
    spec = EncoderDecoderSpec.from_dict(model.spec, most_layers=len(model.tensors))
    side = "decoder" if spec.shared else "encoder"
    vectors = x if spec.encoder.embedding is None else model.tensors[f"{side}.embedding.weight"][x]
    return _of("encoder.layer", "encoder ", spec.encoder.layer, model.tensors, vectors)


def _of(name: str, prefix: str, stack: Stack, tensors: Tensors, vectors: np.ndarray) -> Recurring:
    parameters = {own: tensors[f"{name}.{own}"].astype(np.float64) for own in stack.parameter_shapes()}
    return Recurring(name, prefix, stack, parameters, vectors.astype(np.float64))
