"""Whether the tensors of a model file are those that its specification asks for."""

from collections.abc import Mapping

import numpy as np

from recurra._base.errors import InputError


def check_tensors(shapes: Mapping[str, tuple[int, ...]], tensors: Mapping[str, np.ndarray]) -> None:
    """Raise InputError unless the ``tensors`` are exactly those of ``shapes``, all float32."""
    for name, shape in shapes.items():
        if name not in tensors:
            raise InputError(f"tensor {name!r} is missing")
        got = tensors[name]
        if got.shape != shape or got.dtype != np.float32:
            raise InputError(f"tensor {name!r} must be float32 {shape}, got {got.dtype} {got.shape}")
    if unknown := tensors.keys() - shapes.keys():
        raise InputError(f"tensor {min(unknown)!r} belongs to no layer")
