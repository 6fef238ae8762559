"""The products W v + b of a cell, or LN(W v) + b where it normalises its layers, forward and backward."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recurra.cells.norm import Normalised, layer_norm

Array: TypeAlias = Any

ALL_ROWS = slice(None)


@dataclass(frozen=True)
class Affine:
    """One product, and what its derivative needs."""

    value: Array
    """W v + b or LN(W v) + b, (N, K)"""
    v: Array
    norm: Normalised | None
    which: str
    rows: slice

    def backward(self, p: Mapping[str, Array], d_value: Array) -> tuple[Array, dict[str, Array]]:
        """Gradients of v, and of weight, bias and gain by name, summed over rows; NumPy only."""
        weight, bias, gain = _names(self.which)
        d_p = {bias: d_value.sum(0)}
        d_product = d_value
        if self.norm:
            d_product, d_p[gain] = self.norm.backward(p[gain][self.rows], d_value)
        d_p[weight] = d_product.T @ self.v
        return d_product @ p[weight][self.rows], d_p


def affine(p: Mapping[str, Array], which: str, v: Array, rows: slice = ALL_ROWS) -> Affine:
    """The product of v (N, ·) with ``weight_ih`` or ``weight_hh`` (``which``: "ih" or "hh"), or some rows.

    It is normalised where there is a gain ``ln_ih_weight`` or ``ln_hh_weight``.
    """
    weight, bias, gain = _names(which)
    product = v @ p[weight][rows].T
    norm = layer_norm(product, p[gain][rows]) if gain in p else None
    return Affine((norm.value if norm else product) + p[bias][rows], v, norm, which, rows)


def join_rows(upper: dict[str, Array], lower: dict[str, Array]) -> dict[str, Array]:
    """Gradients of a whole product from those of its upper and lower rows."""
    return {name: np.concatenate([upper[name], lower[name]]) for name in upper}


def _names(which: str) -> tuple[str, str, str]:
    return f"weight_{which}", f"bias_{which}", f"ln_{which}_weight"
