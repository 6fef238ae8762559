"""Random problems for the cells: non-zero weights, biases and states throughout."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from recurra.cells import GRU, LSTM, Arrays, Cell, Elman, Stack

CELLS: list[Callable[..., Cell]] = [
    Elman,
    lambda *sizes, **options: Elman(*sizes, nonlinearity="relu", **options),
    LSTM,
    GRU,
]


@pytest.fixture(params=CELLS, ids=["rnn-tanh", "rnn-relu", "lstm", "gru"])
def make_cell(request) -> Callable[..., Cell]:
    return request.param


@dataclass
class Problem:
    """Inputs of a stack, and gradients of its outputs."""

    stack: Stack
    p: Arrays
    x: np.ndarray
    state: Arrays
    d_output: np.ndarray
    d_state_n: Arrays

    @classmethod
    def draw(cls, stack: Stack, T: int, N: int, seed: int = 0) -> "Problem":
        rng = np.random.default_rng(seed)

        def normal(shape):
            return rng.normal(size=shape)

        return cls(
            stack,
            {name: 0.7 * normal(shape) for name, shape in stack.parameter_shapes().items()},
            normal((T, N, stack.cell.input_size)),
            {name: normal(shape) for name, shape in stack.state_shapes(N).items()},
            normal((T, N, stack.output_size)),
            {name: normal(shape) for name, shape in stack.state_shapes(N).items()},
        )

    def loss(self, output: np.ndarray, state_n: Arrays) -> float:
        """The number whose gradient `backward` computes."""
        return float(
            np.sum(self.d_output * output)
            + sum(np.sum(self.d_state_n[name] * array) for name, array in state_n.items())
        )


@pytest.fixture(scope="session")
def draw() -> Callable[..., Problem]:
    return Problem.draw
