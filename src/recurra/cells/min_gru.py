"""The minimal gated recurrent unit: a GRU whose gate and candidate do not see the past.

    z = σ(W_iz x + b_iz)          what to write
    n = W_in x + b_in             the candidate
    h = (1 − z) ⊙ h′ + z ⊙ n

L. Feng, F. Tung, M. O. Ahmed, Y. Bengio, H. Hajimirsadeghi, "Were RNNs all we needed?", arXiv:2410.01201
(2024), section 3.1. As there, z is the share of the new: the GRU's is that of the old.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra.cells.affine import affine
from recurra.cells.cell import Array, Arrays
from recurra.cells.linear_recurrence import LinearRecurrence
from recurra.cells.maths import sigmoid, split


@dataclass(frozen=True)
class MinGRU(LinearRecurrence):
    """Minimal gated recurrent unit."""

    name: ClassVar[str] = "min_gru"
    gates: ClassVar[tuple[str, ...]] = ("z", "n")

    def coefficients(self, xp: Any, p: Arrays, x: Array) -> tuple[Array, Array, Arrays]:
        ih = affine(p, "ih", x)
        a_z, n = split(ih.value, 2)
        z = sigmoid(xp, a_z)
        return 1 - z, z * n, {"ih": ih, "z": z, "n": n}

    def coefficients_backward(self, p: Arrays, saved: Arrays, d_a: Array, d_b: Array) -> tuple[Array, Arrays]:
        z, n = saved["z"], saved["n"]
        d_a_z = (d_b * n - d_a) * z * (1 - z)
        return saved["ih"].backward(p, np.concatenate([d_a_z, d_b * z], axis=-1))
