"""Layer normalisation, forward and backward: J. L. Ba, J. R. Kiros, G. E. Hinton, arXiv:1607.06450 (2016).

    LN(v) = gain ⊙ (v − mean v) / √(var v + 1e-5)

Mean and (biased) variance are over the last axis.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

Array: TypeAlias = Any

EPSILON = 1e-5


@dataclass(frozen=True)
class Normalised:
    """A normalised array, and what its derivative needs."""

    value: Array
    """LN(v), (N, K)"""
    standard: Array
    """(v − mean v) / deviation, (N, K)"""
    deviation: Array
    """√(var v + 1e-5), (N, 1)"""

    def backward(self, gain: Array, d_value: Array) -> tuple[Array, Array]:
        """Gradients of v (N, K) and of the gain (K,), summed over rows; NumPy only."""
        d_standard = d_value * gain
        mean = d_standard.mean(-1, keepdims=True)
        slope = (d_standard * self.standard).mean(-1, keepdims=True)
        return (d_standard - mean - slope * self.standard) / self.deviation, (d_value * self.standard).sum(0)


def layer_norm(v: Array, gain: Array) -> Normalised:
    """LN(v) for v (N, K) and gain (K,)."""
    centred = v - v.mean(-1, keepdims=True)
    deviation = ((centred**2).mean(-1, keepdims=True) + EPSILON) ** 0.5
    standard = centred / deviation
    return Normalised(gain * standard, standard, deviation)
