"""What every cell is: a frozen specification together with the equations of one step.

Axis letters: ``N`` rows, ``I`` input, ``H`` hidden, ``R`` output (``H``, or the width of a projection),
``G`` gates. Parameters carry PyTorch's names, shapes and gate order. An *array namespace* ``xp`` is ``numpy``
or ``torch``, of which the equations use ``tanh``, ``logaddexp``, ``where``, ``zeros_like``, ``stack`` and
``concatenate``: they are written once, and this package never imports PyTorch.
"""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from recurra._base.validation import positive_int
from recurra.cells.initialisers import orthogonal, xavier_uniform
from recurra.cells.options import OPTIONS, boolean

Array: TypeAlias = Any
"""An array of the namespace in use."""

Arrays: TypeAlias = dict[str, Array]
"""Arrays by name: parameters, states, noise, or what a step keeps for its backward."""


@dataclass(frozen=True)
class Cell(ABC):
    """A recurrent cell; see `Elman`, `LSTM`, `GRU`. InputError where a size or an option is out of range."""

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
    has_recurrent_weights: ClassVar[bool] = True
    """Whether the gates see h′, through ``weight_hh``."""

    def __post_init__(self) -> None:
        checks = {"input_size": positive_int, "hidden_size": positive_int, "bias": boolean}
        checks |= {name: option.check for name, option in OPTIONS.items() if hasattr(self, name)}
        for name, check in checks.items():
            # What the check returns is a plain value: JSON takes no NumPy integer.
            object.__setattr__(self, name, check(name, getattr(self, name)))

    @classmethod
    def options(cls) -> dict[str, Any]:
        """The options of this kind of cell, with their defaults: its fields beyond sizes and bias."""
        return {f.name: f.default for f in dataclasses.fields(cls) if f.name in OPTIONS}

    @property
    def output_size(self) -> int:
        """Width R of the output of a step, which is the state ``h``."""
        return self.hidden_size

    def state_sizes(self) -> dict[str, int]:
        """Width of each state."""
        return dict.fromkeys(self.states, self.hidden_size) | {"h": self.output_size}

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter, in PyTorch's order: weights (G·H, ·), biases (G·H,), then the options'."""
        rows = len(self.gates) * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, self.input_size)}
        if self.has_recurrent_weights:
            shapes["weight_hh"] = (rows, self.output_size)
        if self.bias:
            shapes |= {name.replace("weight", "bias"): (rows,) for name in shapes}
        return shapes

    def initialise(self, rng: np.random.Generator, dtype: Any = np.float32) -> Arrays:
        """Fresh parameters: gate by gate Xavier W_ih and orthogonal W_hh; biases 0 or as `initial_biases`.

        A projection is Xavier, gains of a normalisation are 1, and peepholes 0.
        """
        return {
            name: self._initial(name, shape, rng).astype(dtype)
            for name, shape in self.parameter_shapes().items()
        }

    def _initial(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        H = self.hidden_size
        match name:
            case "weight_ih":
                return np.concatenate([xavier_uniform(rng, H, shape[1]) for _ in self.gates])
            case "weight_hh":
                return np.concatenate([orthogonal(rng, H, shape[1]) for _ in self.gates])
            case "weight_hr":
                return xavier_uniform(rng, *shape)
            case "bias_ih":
                return np.repeat([self.initial_biases.get(gate, 0.0) for gate in self.gates], H)
            case "ln_ih_weight" | "ln_hh_weight" | "ln_c_weight":
                return np.ones(shape)
            case _:
                return np.zeros(shape)

    def with_zero_biases(self, xp: Any, p: Arrays) -> Arrays:
        """The parameters, with zeros for biases that the cell does not have, so that no equation asks."""
        if self.bias:
            return p
        zeros = xp.zeros_like(p["weight_ih"][:, 0])
        return {**p, "bias_ih": zeros, "bias_hh": zeros}

    def no_noise(self) -> Arrays:
        """The noise of inference: nothing is dropped, and zoneout is replaced by its expectation."""
        if not self.has_recurrent_weights:
            return {}
        zoneout = getattr(self, "zoneout", 0.0)
        return {"recurrent": 1.0, **{f"keep_{state}": zoneout for state in self.states}}

    @abstractmethod
    def step(self, xp: Any, p: Arrays, x: Array, state: Arrays, noise: Arrays) -> tuple[Arrays, Arrays]:
        """One step for x (N, I) and each state (N, ·): the new states, and what `step_backward` needs.

        ``p`` holds both biases. ``noise`` has the names of `no_noise`, each a number or an array:
        ``recurrent`` (N, R) multiplies the h′ that enters W_hh; ``keep_h`` (N, R) and ``keep_c`` (N, H)
        are the share of the old value that each unit keeps. Nothing is changed in place.
        """

    @abstractmethod
    def step_backward(self, p: Arrays, saved: Arrays, d_state: Arrays) -> tuple[Array, Arrays, Arrays]:
        """Gradients of x (N, I), of the states before the step, and of the parameters, summed over rows.

        ``d_state`` is the gradient of every state after the step; NumPy only.
        """

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `recurra.cells.cell` turns into an equal cell; without options that are off."""
        fields = dataclasses.asdict(self)
        for name, default in self.options().items():
            if fields[name] == default and not OPTIONS[name].always_written:
                del fields[name]
        return {"cell": self.name, **fields}
