"""Long short-term memory, with a forget gate.

    i = σ(W_ii x + b_ii + W_hi h′ + b_hi)        what to write
    f = σ(W_if x + b_if + W_hf h′ + b_hf)        what to keep
    g = tanh(W_ig x + b_ig + W_hg h′ + b_hg)     the candidate
    o = σ(W_io x + b_io + W_ho h′ + b_ho)        what to show
    c = f ⊙ c′ + i ⊙ g
    h = o ⊙ tanh c

Options: peepholes add w_ci ⊙ c′, w_cf ⊙ c′ and w_co ⊙ c inside the gates i, f and o; a projection makes
h = W_hr (o ⊙ tanh c); layer normalisation has LN(W_ih x) + LN(W_hh h′) in place of the two products, and
LN(c) + b_c inside the last tanh only; zoneout of h and c, where the last tanh and o see the new c.

S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735-1780.
Forget gate: F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000)
2451-2471. Its bias starts at 1: R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of
recurrent network architectures" (2015). Peepholes: F. A. Gers, J. Schmidhuber, "Recurrent nets that time and
count" (2000). Projection: H. Sak, A. Senior, F. Beaufays, arXiv:1402.1128 (2014).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra.cells.affine import affine
from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.maths import sigmoid, split, zoneout
from recurra.cells.norm import layer_norm


@dataclass(frozen=True)
class LSTM(Cell):
    """Long short-term memory: output ``h``, memory ``c``."""

    peephole: bool = False
    proj_size: int = 0
    layer_norm: bool = False
    zoneout: float = 0.0

    name: ClassVar[str] = "lstm"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    states: ClassVar[tuple[str, ...]] = ("h", "c")
    initial_biases: ClassVar[dict[str, float]] = {"f": 1.0}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.proj_size >= self.hidden_size:
            raise InputError(
                f"proj_size must be smaller than hidden_size {self.hidden_size}, got {self.proj_size}"
            )

    @property
    def output_size(self) -> int:
        return self.proj_size or self.hidden_size

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        H = self.hidden_size
        shapes = super().parameter_shapes()
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, H)
        if self.peephole:
            shapes |= {"weight_ci": (H,), "weight_cf": (H,), "weight_co": (H,)}
        if self.layer_norm:
            shapes |= {"ln_ih_weight": (4 * H,), "ln_hh_weight": (4 * H,)}
            shapes |= {"ln_c_weight": (H,), "ln_c_bias": (H,)}
        return shapes

    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays, noise: Arrays) -> tuple[Arrays, Arrays]:
        h_prev, c_prev = state["h"], state["c"]
        recurrent, keep_h, keep_c = noise["recurrent"], noise["keep_h"], noise["keep_c"]
        ih = affine(p, "ih", x)
        hh = affine(p, "hh", recurrent * h_prev)
        a_i, a_f, a_g, a_o = split(ih.value + hh.value, 4)

        if self.peephole:
            a_i, a_f = a_i + p["weight_ci"] * c_prev, a_f + p["weight_cf"] * c_prev
        i, f, g = sigmoid(xp, a_i), sigmoid(xp, a_f), xp.tanh(a_g)
        c = f * c_prev + i * g

        if self.peephole:
            a_o = a_o + p["weight_co"] * c
        o = sigmoid(xp, a_o)
        norm = layer_norm(c, p["ln_c_weight"]) if self.layer_norm else None
        tanh_c = xp.tanh(norm.value + p["ln_c_bias"] if norm else c)
        m = o * tanh_c
        h = m @ p["weight_hr"].T if self.proj_size else m

        saved = {"ih": ih, "hh": hh, "c_prev": c_prev, "i": i, "f": f, "g": g, "o": o}
        saved |= {"c": c, "norm": norm, "tanh_c": tanh_c}
        saved |= {"recurrent": recurrent, "keep_h": keep_h, "keep_c": keep_c}
        return {"h": zoneout(keep_h, h_prev, h), "c": zoneout(keep_c, c_prev, c)}, saved

    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        ih, hh, c_prev, i, f, g, o, c, norm, tanh_c, recurrent, keep_h, keep_c = saved.values()
        d_p = {}

        d_h = d_m = (1 - keep_h) * d_state["h"]
        if self.proj_size:
            d_m, d_p["weight_hr"] = d_h @ p["weight_hr"], d_h.T @ (o * tanh_c)
        d_seen = d_m * o * (1 - tanh_c**2)  # the gradient of what the last tanh sees
        if norm:
            d_p["ln_c_bias"] = d_seen.sum(0)
            d_seen, d_p["ln_c_weight"] = norm.backward(p["ln_c_weight"], d_seen)
        d_a_o = d_m * tanh_c * o * (1 - o)

        d_c = (1 - keep_c) * d_state["c"] + d_seen
        if self.peephole:
            d_c = d_c + d_a_o * p["weight_co"]
        d_a_i = d_c * g * i * (1 - i)
        d_a_f = d_c * c_prev * f * (1 - f)
        d_a_g = d_c * i * (1 - g**2)
        d_c_prev = keep_c * d_state["c"] + d_c * f
        if self.peephole:
            d_c_prev = d_c_prev + d_a_i * p["weight_ci"] + d_a_f * p["weight_cf"]
            d_p["weight_ci"], d_p["weight_cf"] = (d_a_i * c_prev).sum(0), (d_a_f * c_prev).sum(0)
            d_p["weight_co"] = (d_a_o * c).sum(0)

        d_a = np.concatenate([d_a_i, d_a_f, d_a_g, d_a_o], axis=-1)
        d_x, d_p_ih = ih.backward(p, d_a)
        d_h_in, d_p_hh = hh.backward(p, d_a)
        d_h_prev = keep_h * d_state["h"] + recurrent * d_h_in
        return d_x, {"h": d_h_prev, "c": d_c_prev}, d_p | d_p_ih | d_p_hh
