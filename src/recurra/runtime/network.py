"""A network at work: the parts that a specification lists, one after the other, with their tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import check_lengths
from recurra.runtime import schema
from recurra.runtime.parts import Part, Pool, Recurrent, part_from_dict


class Network:
    """Parts in a row, from sequences (N, T, I) to rows (N, O), or sequences (N, T, O) if nothing pools them.

    Computes in float32. A row gives the same bits whatever else is in the batch, and however it is padded.
    Raises InputError where specification and tensors do not fit together.
    """

    def __init__(self, spec: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
        schema.check_fields(dict(spec), {"layers": schema.DICTS}, "spec")
        # Before anything walks them: a description may claim more layers than there are tensors to fill them.
        for i, layer in enumerate(spec["layers"]):
            if isinstance(layers := layer.get("num_layers"), int) and layers > len(tensors):
                raise InputError(f"spec.layers[{i}].num_layers is {layers}, with only {len(tensors)} tensors")
        parts = [part_from_dict(layer, f"spec.layers[{i}]") for i, layer in enumerate(spec["layers"])]
        self.input_size, self.output_size = _widths(parts)
        self.pools = any(isinstance(part, Pool) for part in parts)
        _check_tensors(parts, tensors)
        self._runs = [(part.beside, part.bind(tensors)) for part in parts]

    def __call__(self, x: np.ndarray, lengths: np.ndarray | None = None, *, threads: int = 1) -> np.ndarray:
        """The output (N, O) or (N, T, O), float32, for x (N, T, I).

        ``lengths`` (N,), any order, zero allowed; None for T in every row. Raises InputError for any other
        shape or dtype.
        """
        if x.ndim != 3 or x.shape[2] != self.input_size or x.dtype != np.float32:
            raise InputError(
                f"x must be float32 of shape (N, T, {self.input_size}), got {x.dtype} of shape {x.shape}"
            )
        N, T, _ = x.shape
        lengths = check_lengths(lengths, T, N)
        inputs = x = x.transpose(1, 0, 2)
        for beside, run in self._runs:
            x = x + run(inputs, lengths, threads) if beside else run(x, lengths, threads)
        return x if self.pools else x.transpose(1, 0, 2)


def network_spec(parts: Sequence[Part]) -> dict[str, Any]:
    """The specification of a network of ``parts``, as it stands in the model file."""
    return {"layers": [part.to_dict() for part in parts]}


def _widths(parts: Sequence[Part]) -> tuple[int, int]:
    """Inputs and outputs of the parts in a row; InputError where one does not fit the next."""
    if not parts or not isinstance(parts[0], Recurrent):
        raise InputError("spec.layers must begin with a recurrent layer")
    first = width = parts[0].stack.cell.input_size
    pooled = False
    for part in parts:
        if pooled and isinstance(part, (Pool, Recurrent)):
            raise InputError("spec.layers must not have a recurrent layer or a second pool after a pool")
        if part.beside and not pooled:
            raise InputError("spec.layers must pool the sequence before a part that stands beside the others")
        pooled = pooled or isinstance(part, Pool)
        width = part.output_size(width)
    return first, width


def _check_tensors(parts: Sequence[Part], tensors: Mapping[str, np.ndarray]) -> None:
    """Raise InputError unless the tensors are exactly the parts', float32, each with its shape."""
    shapes: dict[str, tuple[int, ...]] = {}
    for part in parts:
        if shared := shapes.keys() & part.shapes().keys():
            raise InputError(f"spec.layers must have different names, got {min(shared)!r} twice")
        shapes |= part.shapes()
    for name, shape in shapes.items():
        if name not in tensors:
            raise InputError(f"tensor {name!r} is missing")
        got = tensors[name]
        if got.shape != shape or got.dtype != np.float32:
            raise InputError(f"tensor {name!r} must be float32 {shape}, got {got.dtype} {got.shape}")
    if unknown := tensors.keys() - shapes.keys():
        raise InputError(f"tensor {min(unknown)!r} belongs to no layer")
