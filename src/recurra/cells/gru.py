"""The gated recurrent unit, with the reset gate after the recurrent product (PyTorch, cuDNN, Keras).

    r = σ(W_ir x + b_ir + W_hr h′ + b_hr)             how much of the past the candidate sees
    z = σ(W_iz x + b_iz + W_hz h′ + b_hz)             what to keep
    n = tanh(W_in x + b_in + r ⊙ (W_hn h′ + b_hn))    the candidate
    h = (1 − z) ⊙ n + z ⊙ h′

K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
translation", arXiv:1406.1078, first version (2014). Many textbooks exchange z and 1 − z: the same function
with the rows of z negated.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.maths import sigmoid, split


@dataclass(frozen=True)
class GRU(Cell):
    """Gated recurrent unit, reset after."""

    name: ClassVar[str] = "gru"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    states: ClassVar[tuple[str, ...]] = ("h",)

    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays) -> tuple[Arrays, Arrays]:
        h_prev = state["h"]
        x_r, x_z, x_n = split(x @ p["weight_ih"].T + p["bias_ih"], 3)
        h_r, h_z, h_n = split(h_prev @ p["weight_hh"].T + p["bias_hh"], 3)

        r, z = sigmoid(xp, x_r + h_r), sigmoid(xp, x_z + h_z)
        n = xp.tanh(x_n + r * h_n)
        h = (1 - z) * n + z * h_prev

        return {"h": h}, {"x": x, "h_prev": h_prev, "r": r, "z": z, "n": n, "h_n": h_n}

    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        x, h_prev, r, z, n, h_n = saved.values()

        d_h = d_state["h"]
        d_a_n = d_h * (1 - z) * (1 - n**2)
        d_a_z = d_h * (h_prev - n) * z * (1 - z)
        d_a_r = d_a_n * h_n * r * (1 - r)
        d_a_x = np.concatenate([d_a_r, d_a_z, d_a_n], axis=-1)
        d_a_h = np.concatenate([d_a_r, d_a_z, d_a_n * r], axis=-1)

        d_p = {
            "weight_ih": d_a_x.T @ x,
            "weight_hh": d_a_h.T @ h_prev,
            "bias_ih": d_a_x.sum(0),
            "bias_hh": d_a_h.sum(0),
        }
        return d_a_x @ p["weight_ih"], {"h": d_h * z + d_a_h @ p["weight_hh"]}, d_p
