"""The simple recurrent network, with tanh or ReLU.

    h = φ(W_ih x + b_ih + W_hh h′ + b_hh)

J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211. ReLU: Q. V. Le, N. Jaitly,
G. E. Hinton, "A simple way to initialize recurrent networks of rectified linear units" (2015).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from recurra._base.validation import one_of
from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.maths import relu


@dataclass(frozen=True)
class Elman(Cell):
    """Elman's cell; φ is ``nonlinearity``, "tanh" or "relu"."""

    nonlinearity: str = "tanh"

    name: ClassVar[str] = "rnn"
    gates: ClassVar[tuple[str, ...]] = ("h",)
    states: ClassVar[tuple[str, ...]] = ("h",)

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("nonlinearity", self.nonlinearity, ["tanh", "relu"])

    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays) -> tuple[Arrays, Arrays]:
        h_prev = state["h"]
        a = x @ p["weight_ih"].T + p["bias_ih"] + h_prev @ p["weight_hh"].T + p["bias_hh"]
        h = xp.tanh(a) if self.nonlinearity == "tanh" else relu(xp, a)
        return {"h": h}, {"x": x, "h_prev": h_prev, "h": h}

    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        x, h_prev, h = saved["x"], saved["h_prev"], saved["h"]
        d_a = d_state["h"] * (1 - h**2 if self.nonlinearity == "tanh" else h > 0)

        d_p = {
            "weight_ih": d_a.T @ x,
            "weight_hh": d_a.T @ h_prev,
            "bias_ih": d_a.sum(0),
            "bias_hh": d_a.sum(0),
        }
        return d_a @ p["weight_ih"], {"h": d_a @ p["weight_hh"]}, d_p
