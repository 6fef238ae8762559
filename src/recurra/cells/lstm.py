"""Long short-term memory, with a forget gate.

    i = σ(W_ii x + b_ii + W_hi h′ + b_hi)        what to write
    f = σ(W_if x + b_if + W_hf h′ + b_hf)        what to keep
    g = tanh(W_ig x + b_ig + W_hg h′ + b_hg)     the candidate
    o = σ(W_io x + b_io + W_ho h′ + b_ho)        what to show
    c = f ⊙ c′ + i ⊙ g
    h = o ⊙ tanh c

S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735-1780.
Forget gate: F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000)
2451-2471. Its bias starts at 1: R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of
recurrent network architectures" (2015).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.maths import sigmoid, split


@dataclass(frozen=True)
class LSTM(Cell):
    """Long short-term memory: output ``h``, memory ``c``."""

    name: ClassVar[str] = "lstm"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    states: ClassVar[tuple[str, ...]] = ("h", "c")
    initial_biases: ClassVar[dict[str, float]] = {"f": 1.0}

    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays) -> tuple[Arrays, Arrays]:
        h_prev, c_prev = state["h"], state["c"]
        a = x @ p["weight_ih"].T + p["bias_ih"] + h_prev @ p["weight_hh"].T + p["bias_hh"]
        a_i, a_f, a_g, a_o = split(a, 4)

        i, f, g, o = sigmoid(xp, a_i), sigmoid(xp, a_f), xp.tanh(a_g), sigmoid(xp, a_o)
        c = f * c_prev + i * g
        tanh_c = xp.tanh(c)
        h = o * tanh_c

        saved = {"x": x, "h_prev": h_prev, "c_prev": c_prev, "i": i, "f": f, "g": g, "o": o, "tanh_c": tanh_c}
        return {"h": h, "c": c}, saved

    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        x, h_prev, c_prev, i, f, g, o, tanh_c = saved.values()

        d_h = d_state["h"]
        d_c = d_state["c"] + d_h * o * (1 - tanh_c**2)
        d_a_i = d_c * g * i * (1 - i)
        d_a_f = d_c * c_prev * f * (1 - f)
        d_a_g = d_c * i * (1 - g**2)
        d_a_o = d_h * tanh_c * o * (1 - o)
        d_a = np.concatenate([d_a_i, d_a_f, d_a_g, d_a_o], axis=-1)

        d_p = {
            "weight_ih": d_a.T @ x,
            "weight_hh": d_a.T @ h_prev,
            "bias_ih": d_a.sum(0),
            "bias_hh": d_a.sum(0),
        }
        return d_a @ p["weight_ih"], {"h": d_a @ p["weight_hh"], "c": d_c * f}, d_p
