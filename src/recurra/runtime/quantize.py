"""Models whose recurrent layers have weights of fewer bits, so that a step of a stream has less to read."""

import copy
import hashlib
from typing import Any, Protocol, TypeVar

from recurra._base.errors import InputError
from recurra.runtime.network import Network


class _Model(Protocol):
    network: Network
    fingerprint: str


_M = TypeVar("_M", bound=_Model)


def quantize(model: _M, weights: str) -> _M:
    """The loaded ``model`` with the weights of its recurrent layers rounded to "int8" or "bfloat16".

    A new model of the same kind, in which whole sequences and streams still give the same bits; whole
    sequences take longer than before, since all goes step by step. ``network.quantization_error`` of it is
    the largest difference of any output of a recurrent layer from the layer's before, over 1000 steps of
    standard normal inputs; what that means for predictions is for data to say. Its fingerprint is another, so
    that a stream of one model does not go on from the other's state.

    Raises InputError for anything but a loaded model, for one without recurrent layers or rounded before, and
    for layers that are bidirectional or not plain.
    """
    network: Any = getattr(model, "network", None)
    if not isinstance(network, Network):
        raise InputError(
            f"model must be one that recurra.load gives, got {type(model).__name__}; "
            "a layer of recurra.nn has stream(weights=…)"
        )
    if network.quantization_error is not None:
        raise InputError("model has rounded weights already; quantize it as it was loaded")
    quantized = copy.copy(model)
    quantized.network = network.quantized(weights)
    if quantized.network.quantization_error is None:
        raise InputError("model must have a recurrent layer whose weights can be rounded, got none")
    quantized.fingerprint = hashlib.sha256(f"{model.fingerprint} {weights}".encode()).hexdigest()
    return quantized
