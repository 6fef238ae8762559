"""Minimal long short-term memory: an LSTM whose gates do not see the past and share between them.

    i = σ(W_ii x + b_ii)          what to write
    f = σ(W_if x + b_if)          what to keep
    n = W_in x + b_in             the candidate
    h = f / (f + i) ⊙ h′ + i / (f + i) ⊙ n

L. Feng, F. Tung, M. O. Ahmed, Y. Bengio, H. Hajimirsadeghi, "Were RNNs all we needed?", arXiv:2410.01201
(2024), section 3.2. Its forget bias starts at 1, as the LSTM's does.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recurra.cells.affine import affine
from recurra.cells.cell import Array, Arrays
from recurra.cells.linear_recurrence import LinearRecurrence
from recurra.cells.maths import sigmoid, softplus, split


@dataclass(frozen=True)
class MinLSTM(LinearRecurrence):
    """Minimal long short-term memory."""

    name: ClassVar[str] = "min_lstm"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "n")
    initial_biases: ClassVar[dict[str, float]] = {"f": 1.0}

    def coefficients(self, xp: Any, p: Arrays, x: Array) -> tuple[Array, Array, Arrays]:
        ih = affine(p, "ih", x)
        a_i, a_f, n = split(ih.value, 3)
        # f / (f + i) = σ(log f − log i), where two closed gates do not make 0 / 0; log σ(a) = −softplus(−a).
        keep = sigmoid(xp, softplus(xp, -a_i) - softplus(xp, -a_f))
        i, f = sigmoid(xp, a_i), sigmoid(xp, a_f)
        return keep, (1 - keep) * n, {"ih": ih, "i": i, "f": f, "n": n, "keep": keep}

    def coefficients_backward(self, p: Arrays, saved: Arrays, d_a: Array, d_b: Array) -> tuple[Array, Arrays]:
        i, f, n, keep = saved["i"], saved["f"], saved["n"], saved["keep"]
        d_ratio = (d_a - d_b * n) * keep * (1 - keep)  # of log f − log i
        d_n = d_b * (1 - keep)
        return saved["ih"].backward(p, np.concatenate([-d_ratio * (1 - i), d_ratio * (1 - f), d_n], axis=-1))
