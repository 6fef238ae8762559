"""The recurrent matrices of a model, as its file keeps them: what a state is multiplied by at every step."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_NAME = re.compile(r"(.*)weight_hh(_l\d+(?:_reverse)?)$")
_GATES = {1: ("h",), 3: ("r", "z", "n"), 4: ("i", "f", "g", "o")}


@dataclass(frozen=True)
class RecurrentMatrix:
    """The rows of W_hh of one gate; where the state is projected, times the projection.

    Attributes:
        name: of the tensor, such as ``encoder.weight_hh_l0``.
        gate: its letter in the equations: i, f, g, o of an LSTM, r, z, n of a GRU, h of an Elman network.
        eigenvalues: (H,) complex, the largest first.
        norm: its largest singular value.
    """

    name: str
    gate: str
    eigenvalues: np.ndarray
    norm: float

    @property
    def radius(self) -> float:
        """The spectral radius: the largest absolute eigenvalue."""
        return float(np.abs(self.eigenvalues[0]))


def recurrent_matrices(tensors: Mapping[str, np.ndarray]) -> tuple[RecurrentMatrix, ...]:
    """Of every recurrent layer among ``tensors``, by name; none where a cell has no W_hh, as minGRU."""
    found = []
    for name in sorted(tensors):
        if match := _NAME.match(name):
            within, suffix = match.groups()
            weight = np.asarray(tensors[name], np.float64)
            projection = tensors.get(f"{within}weight_hr{suffix}")
            H = weight.shape[1] if projection is None else projection.shape[1]
            for gate, rows in zip(_GATES[len(weight) // H], weight.reshape(-1, H, weight.shape[1])):
                square = rows if projection is None else rows @ np.asarray(projection, np.float64)
                values = np.linalg.eigvals(square)
                order = np.argsort(-np.abs(values), kind="stable")
                largest = np.linalg.eigvalsh(square.T @ square)[
                    -1
                ]  # a fifth of the time of all singular values
                found.append(RecurrentMatrix(name, gate, values[order], float(np.sqrt(max(largest, 0.0)))))
    return tuple(found)
