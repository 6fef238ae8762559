"""What a model file holds, in memory."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.artifact import canonical

DTYPES = ("float32", "float64")
MAX_AXES = 8


@dataclass(frozen=True, eq=False)
class Artifact:
    """One trained model: what it is, its numbers, and where it comes from.

    Everything given is copied: the dictionaries to plain JSON values, the tensors to read-only arrays of
    float32 or float64. Raises InputError, naming the place, for values that a model file cannot hold.
    """

    task: str  # "forecast"
    spec: dict[str, Any]  # layers, sizes, conventions
    preprocessing: dict[str, Any]  # from the user's data to the network's inputs, and back
    tensors: dict[str, np.ndarray]
    inputs: list[dict[str, Any]]  # {"name": "context", "shape": ["N", 104, 1], "dtype": "float32"}
    outputs: list[dict[str, Any]]  # likewise
    history: dict[str, Any]  # losses and metrics by epoch
    card: dict[str, Any]  # data, metrics, baselines, seed, versions, date

    def __post_init__(self) -> None:
        object.__setattr__(self, "task", _section("task", self.task, str))
        for name in ("spec", "preprocessing", "history", "card"):
            object.__setattr__(self, name, _section(name, getattr(self, name), dict))
        for name in ("inputs", "outputs"):
            object.__setattr__(self, name, _signature(name, getattr(self, name)))
        object.__setattr__(self, "tensors", _tensors(self.tensors))

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of specification, preprocessing and tensors; not of card and history."""
        contents = {
            "spec": self.spec,
            "preprocessing": self.preprocessing,
            "tensors": {
                name: {
                    "dtype": tensor.dtype.name,
                    "shape": list(tensor.shape),
                    "sha256": hashlib.sha256(_little_endian(tensor).data).hexdigest(),
                }
                for name, tensor in self.tensors.items()
            },
        }
        return hashlib.sha256(canonical.dumps(contents).encode()).hexdigest()


def _section(name: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise InputError(f"{name} must be a {kind.__name__}, got {type(value).__name__}")
    try:
        return canonical.plain(value, name, depth=1)  # inside the description
    except ValueError as error:
        raise InputError(str(error)) from None


def _signature(name: str, entries: Any) -> list[dict[str, Any]]:
    """Check the named inputs or outputs: each with a name, a dtype and a shape of sizes and axis letters."""
    entries = _section(name, entries, list)
    for i, entry in enumerate(entries):
        shape = entry.get("shape") if isinstance(entry, dict) else None
        if (
            not isinstance(entry, dict)
            or set(entry) != {"name", "shape", "dtype"}
            or not isinstance(entry["name"], str)
            or not isinstance(entry["dtype"], str)
            or not isinstance(shape, list)
            or not all(isinstance(size, str) or (type(size) is int and size >= 0) for size in shape)
        ):
            raise InputError(f"{name}[{i}] must have a name, a shape of sizes and axis letters, and a dtype")
    return entries


def _little_endian(tensor: np.ndarray) -> np.ndarray:
    return tensor.astype(tensor.dtype.newbyteorder("<"), copy=False)


def _tensors(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    copies = {}
    for name, tensor in tensors.items():
        array = np.array(tensor, order="C")
        if not isinstance(name, str) or name in ("", "__metadata__"):
            raise InputError(f"tensors must have text as names, and not __metadata__, got {name!r}")
        if array.dtype.name not in DTYPES:
            raise InputError(f"tensor {name} must be float32 or float64, got {array.dtype.name}")
        if array.ndim > MAX_AXES:
            raise InputError(f"tensor {name} must have at most {MAX_AXES} axes, got {array.ndim}")
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        array.flags.writeable = False
        copies[name] = array
    return copies
