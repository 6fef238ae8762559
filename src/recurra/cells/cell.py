"""What every cell is: a frozen specification together with the equations of one step.

Axis letters: ``N`` rows, ``I`` input, ``H`` hidden, ``G`` gates. Parameters carry PyTorch's names, shapes
and gate order. An *array namespace* ``xp`` is ``numpy`` or ``torch``, of which the equations use ``tanh``,
``where``, ``zeros_like``, ``stack`` and ``concatenate``: they are written once, and this package never
imports PyTorch.
"""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.cells.initialisers import orthogonal, xavier_uniform

Array: TypeAlias = Any
"""An array of the namespace in use."""

Arrays: TypeAlias = dict[str, Array]
"""Arrays by name: parameters, states, or what a step keeps for its backward."""


@dataclass(frozen=True)
class Cell(ABC):
    """A recurrent cell; see `Elman`, `LSTM` and `GRU`. Raises InputError where a size is not at least 1."""

    input_size: int
    hidden_size: int
    bias: bool = True

    name: ClassVar[str]
    gates: ClassVar[tuple[str, ...]]
    """The gates in the order of their ``H`` rows in each weight."""
    states: ClassVar[tuple[str, ...]]
    """What is carried from step to step; ``h`` is also the output."""
    initial_biases: ClassVar[dict[str, float]] = {}
    """Gates whose biases start at ``b_ih + b_hh`` other than 0."""

    def __post_init__(self) -> None:
        for size in ("input_size", "hidden_size"):
            # A plain int: JSON takes no NumPy integer.
            object.__setattr__(self, size, positive_int(size, getattr(self, size)))
        if not isinstance(self.bias, bool):
            raise InputError(f"bias must be True or False, got {self.bias!r}")

    @property
    def output_size(self) -> int:
        """Width of the output of a step."""
        return self.hidden_size

    def state_sizes(self) -> dict[str, int]:
        """Width of each state."""
        return dict.fromkeys(self.states, self.hidden_size)

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter, in PyTorch's order: weights (G·H, ·), biases (G·H,)."""
        rows = len(self.gates) * self.hidden_size
        shapes = {"weight_ih": (rows, self.input_size), "weight_hh": (rows, self.hidden_size)}
        return shapes | ({"bias_ih": (rows,), "bias_hh": (rows,)} if self.bias else {})

    def initialise(self, rng: np.random.Generator, dtype: Any = np.float32) -> Arrays:
        """Fresh parameters, gate by gate: Xavier W_ih, orthogonal W_hh, biases 0 or as `initial_biases`."""
        I, H = self.input_size, self.hidden_size  # noqa: E741
        p = {
            "weight_ih": np.concatenate([xavier_uniform(rng, H, I) for _ in self.gates]),
            "weight_hh": np.concatenate([orthogonal(rng, H) for _ in self.gates]),
            "bias_ih": np.repeat([self.initial_biases.get(gate, 0.0) for gate in self.gates], H),
            "bias_hh": np.zeros(len(self.gates) * H),
        }
        return {name: p[name].astype(dtype) for name in self.parameter_shapes()}

    def with_zero_biases(self, xp: Any, p: Arrays) -> Arrays:
        """The parameters, with zeros for biases that the cell does not have, so that no equation asks."""
        if self.bias:
            return p
        zeros = xp.zeros_like(p["weight_ih"][:, 0])
        return {**p, "bias_ih": zeros, "bias_hh": zeros}

    @abstractmethod
    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays) -> tuple[Arrays, Arrays]:
        """One step for x (N, I) and each state (N, H): the new states, and what `step_backward` needs.

        ``p`` holds both biases. Nothing is changed in place.
        """

    @abstractmethod
    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        """Gradients of x (N, I), of the states before the step, and of the parameters, summed over rows.

        ``d_state`` is the gradient of every state after the step; NumPy only.
        """

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `recurra.cells.cell` turns into an equal cell."""
        return {"cell": self.name, **dataclasses.asdict(self)}
