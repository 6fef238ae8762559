"""The state of a stream as bytes, which say whose it is."""

from collections.abc import Mapping

import numpy as np
import safetensors
import safetensors.numpy

from recurra._base.errors import InputError

_OWNER, _NETWORK = "fingerprint", "network."


def to_bytes(arrays: Mapping[str, np.ndarray], fingerprint: str) -> bytes:
    """``arrays`` by name, of a model with that ``fingerprint``, as a safetensors file."""
    owner = {_OWNER: np.frombuffer(bytes.fromhex(fingerprint), np.uint8)}
    return safetensors.numpy.save({name: np.asarray(a, order="C") for name, a in {**arrays, **owner}.items()})


def from_bytes(state: bytes, fingerprint: str) -> dict[str, np.ndarray]:
    """Undo `to_bytes`; raises InputError for anything else, and for a state of another model."""
    try:
        arrays = safetensors.numpy.load(state)
    except (safetensors.SafetensorError, TypeError, KeyError) as error:  # KeyError: NumPy has no such numbers
        raise InputError(f"state is none that a stream gave: {error}") from None
    owner = arrays.pop(_OWNER, np.empty(0, np.uint8)).tobytes().hex()
    if owner != fingerprint:
        raise InputError("state belongs to another model; give one that a stream of this model gave")
    return arrays


def pack_network(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The ``state`` of a network, by name, as it stands in the state of its stream."""
    return {f"{_NETWORK}{name}": array for name, array in state.items()}


def unpack_network(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Undo `pack_network`; what was never a network's keeps its name, so that the network can refuse it."""
    return {name.removeprefix(_NETWORK): array for name, array in arrays.items()}
