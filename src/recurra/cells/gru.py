"""The gated recurrent unit, with its reset gate after the recurrent product (as in PyTorch) or before it.

    r = σ(W_ir x + b_ir + W_hr h′ + b_hr)             how much of the past the candidate sees
    z = σ(W_iz x + b_iz + W_hz h′ + b_hz)             what to keep
    n = tanh(W_in x + b_in + r ⊙ (W_hn h′ + b_hn))    the candidate, reset after
    n = tanh(W_in x + b_in + W_hn (r ⊙ h′) + b_hn)    the candidate, reset before
    h = (1 − z) ⊙ n + z ⊙ h′

Options: layer normalisation of each product before its bias is added, LN(W_ih x) and LN(W_hh h′); reset
before, the rows of r and z and those of n are two products, each with its own statistics. Zoneout of h.

K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
translation", arXiv:1406.1078: reset after in its first version, before in its third (2014). Many textbooks
exchange z and 1 − z: the same function with the rows of z negated.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra.cells.affine import affine, join_rows
from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.maths import sigmoid, split, zoneout


@dataclass(frozen=True)
class GRU(Cell):
    """Gated recurrent unit; ``reset_after`` says where the reset gate acts."""

    reset_after: bool = True
    layer_norm: bool = False
    zoneout: float = 0.0

    name: ClassVar[str] = "gru"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    states: ClassVar[tuple[str, ...]] = ("h",)

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        gains = {"ln_ih_weight": (3 * self.hidden_size,), "ln_hh_weight": (3 * self.hidden_size,)}
        return super().parameter_shapes() | (gains if self.layer_norm else {})

    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays, noise: Arrays) -> tuple[Arrays, Arrays]:
        h_prev, recurrent, keep_h = state["h"], noise["recurrent"], noise["keep_h"]
        H = self.hidden_size
        h_in = recurrent * h_prev
        ih = affine(p, "ih", x)
        x_r, x_z, x_n = split(ih.value, 3)

        if self.reset_after:
            hh = affine(p, "hh", h_in)
            h_r, h_z, h_n = split(hh.value, 3)
            r, z = sigmoid(xp, x_r + h_r), sigmoid(xp, x_z + h_z)
            n = xp.tanh(x_n + r * h_n)
            products = {"hh": hh, "h_n": h_n}
        else:
            hh_rz = affine(p, "hh", h_in, slice(0, 2 * H))
            h_r, h_z = split(hh_rz.value, 2)
            r, z = sigmoid(xp, x_r + h_r), sigmoid(xp, x_z + h_z)
            hh_n = affine(p, "hh", r * h_in, slice(2 * H, 3 * H))
            n = xp.tanh(x_n + hh_n.value)
            products = {"hh_rz": hh_rz, "hh_n": hh_n, "h_in": h_in}
        h = (1 - z) * n + z * h_prev

        saved = {"ih": ih, "h_prev": h_prev, "r": r, "z": z, "n": n, "recurrent": recurrent, "keep_h": keep_h}
        return {"h": zoneout(keep_h, h_prev, h)}, saved | products

    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        ih, h_prev, r, z, n, recurrent, keep_h, *products = saved.values()

        d_h = (1 - keep_h) * d_state["h"]
        d_a_n = d_h * (1 - z) * (1 - n**2)
        d_a_z = d_h * (h_prev - n) * z * (1 - z)
        if self.reset_after:
            hh, h_n = products
            d_a_r = d_a_n * h_n * r * (1 - r)
            d_h_in, d_p_hh = hh.backward(p, np.concatenate([d_a_r, d_a_z, d_a_n * r], axis=-1))
        else:
            hh_rz, hh_n, h_in = products
            d_reset, d_p_n = hh_n.backward(p, d_a_n)  # the gradient of r ⊙ h′
            d_a_r = d_reset * h_in * r * (1 - r)
            d_h_in, d_p_rz = hh_rz.backward(p, np.concatenate([d_a_r, d_a_z], axis=-1))
            d_h_in, d_p_hh = d_h_in + d_reset * r, join_rows(d_p_rz, d_p_n)
        d_x, d_p_ih = ih.backward(p, np.concatenate([d_a_r, d_a_z, d_a_n], axis=-1))

        d_h_prev = keep_h * d_state["h"] + d_h * z + recurrent * d_h_in
        return d_x, {"h": d_h_prev}, d_p_ih | d_p_hh
