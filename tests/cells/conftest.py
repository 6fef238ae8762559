"""Random problems for the cells: non-zero weights, biases and states throughout."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from recurra.cells import CELLS, OPTIONS, Arrays, Cell, Stack


def variants() -> dict[str, Callable[..., Cell]]:
    """Every registered cell: plain, with each option alone, and with all at once."""
    found = {}
    for name, kind in CELLS.items():
        off = {option: OPTIONS[option].trials[0] for option in kind.options()}
        on = {option: OPTIONS[option].trials[-1] for option in off}
        found[name] = kind
        found |= {f"{name}-{option}": partial(kind, **{option: on[option]}) for option in off}
        if len(on) > 1:
            found[f"{name}-all"] = partial(kind, **on)
    return found


@pytest.fixture(params=variants().values(), ids=variants())
def make_cell(request) -> Callable[..., Cell]:
    return request.param


def noise_shapes(stack: Stack, T: int, N: int) -> dict[str, tuple[int, ...]]:
    """Shape of each noise that the stack takes."""
    runs, sizes = len(stack.layers()), stack.cell.state_sizes()
    shapes = {"recurrent": (runs, N, sizes["h"])}
    shapes |= {f"keep_{name}": (runs, T, N, size) for name, size in sizes.items()}
    return {name: shape for name, shape in shapes.items() if name in stack.cell.no_noise()}


@dataclass
class Problem:
    """Inputs of a stack, and gradients of its outputs."""

    stack: Stack
    p: Arrays
    x: np.ndarray
    state: Arrays
    noise: Arrays
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
            {name: rng.random(shape) for name, shape in noise_shapes(stack, T, N).items()},
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
