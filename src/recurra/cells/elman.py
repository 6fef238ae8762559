"""The simple recurrent network, with tanh or ReLU.

    h = φ(W_ih x + b_ih + W_hh h′ + b_hh)

Options: layer normalisation, LN(W_ih x) + LN(W_hh h′) in place of the two products; zoneout of h.

J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211. ReLU: Q. V. Le, N. Jaitly,
G. E. Hinton, "A simple way to initialize recurrent networks of rectified linear units" (2015).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from recurra.cells.affine import affine
from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.maths import relu, zoneout


@dataclass(frozen=True)
class Elman(Cell):
    """Elman's cell; φ is ``nonlinearity``, "tanh" or "relu"."""

    nonlinearity: str = "tanh"
    layer_norm: bool = False
    zoneout: float = 0.0

    name: ClassVar[str] = "rnn"
    gates: ClassVar[tuple[str, ...]] = ("h",)
    states: ClassVar[tuple[str, ...]] = ("h",)

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        gains = {"ln_ih_weight": (self.hidden_size,), "ln_hh_weight": (self.hidden_size,)}
        return super().parameter_shapes() | (gains if self.layer_norm else {})

    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays, noise: Arrays) -> tuple[Arrays, Arrays]:
        h_prev, recurrent, keep_h = state["h"], noise["recurrent"], noise["keep_h"]
        ih = affine(p, "ih", x)
        hh = affine(p, "hh", recurrent * h_prev)
        a = ih.value + hh.value
        h = xp.tanh(a) if self.nonlinearity == "tanh" else relu(xp, a)

        saved = {"ih": ih, "hh": hh, "h": h, "recurrent": recurrent, "keep_h": keep_h}
        return {"h": zoneout(keep_h, h_prev, h)}, saved

    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        ih, hh, h, recurrent, keep_h = saved.values()

        d_h = (1 - keep_h) * d_state["h"]
        d_a = d_h * (1 - h**2 if self.nonlinearity == "tanh" else h > 0)
        d_x, d_p_ih = ih.backward(p, d_a)
        d_h_in, d_p_hh = hh.backward(p, d_a)

        d_h_prev = keep_h * d_state["h"] + recurrent * d_h_in
        return d_x, {"h": d_h_prev}, {**d_p_ih, **d_p_hh}
