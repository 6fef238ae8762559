"""The few functions that the equations share."""

from typing import Any


def sigmoid(xp: Any, a: Any) -> Any:
    """σ(a) = 1 / (1 + e⁻ᵃ), by tanh, which cannot overflow."""
    return 0.5 * (1.0 + xp.tanh(0.5 * a))


def relu(xp: Any, a: Any) -> Any:
    """max(a, 0); NaN stays NaN, and the derivative at 0 is 0."""
    return xp.where(a <= 0, 0.0, a)


def softplus(xp: Any, a: Any) -> Any:
    """log(1 + eᵃ), without overflow."""
    return xp.logaddexp(xp.zeros_like(a), a)


def zoneout(keep: Any, old: Any, new: Any) -> Any:
    """The old value for the share ``keep``, the new one for the rest (Krueger et al., arXiv:1606.01305)."""
    return keep * old + (1 - keep) * new


def split(a: Any, count: int) -> list[Any]:
    """The ``count`` equal parts of the last axis, in order."""
    width = a.shape[-1] // count
    return [a[..., k * width : (k + 1) * width] for k in range(count)]
