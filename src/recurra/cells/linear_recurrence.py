"""Cells whose gates do not see h′, so that a step is linear in it:

    h = a ⊙ h′ + b,    a and b from x alone

All steps' a and b can be computed at once, and the recurrence scanned over time in parallel; here it is
stepped. Such a cell has no ``weight_hh`` and one bias.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from recurra.cells.cell import Array, Arrays, Cell


@dataclass(frozen=True)
class LinearRecurrence(Cell):
    """See `MinGRU` and `MinLSTM`."""

    states: ClassVar[tuple[str, ...]] = ("h",)
    has_recurrent_weights: ClassVar[bool] = False

    @abstractmethod
    def coefficients(self, xp: Any, p: Arrays, x: Array) -> tuple[Array, Array, Arrays]:
        """a and b (…, H) for x (…, I), and what `coefficients_backward` needs. ``p`` holds the bias."""

    @abstractmethod
    def coefficients_backward(self, p: Arrays, saved: Arrays, d_a: Array, d_b: Array) -> tuple[Array, Arrays]:
        """Gradients of x (N, I) and of the parameters, from those of a and b (N, H); NumPy only."""

    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays, noise: Arrays) -> tuple[Arrays, Arrays]:  # noqa: ARG002
        a, b, saved = self.coefficients(xp, p, x)
        return {"h": a * state["h"] + b}, {"h_prev": state["h"], "a": a, **saved}

    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        d_h = d_state["h"]
        d_x, d_p = self.coefficients_backward(p, saved, d_h * saved["h_prev"], d_h)
        return d_x, {"h": d_h * saved["a"]}, d_p
