"""The grid of shapes, the work that a shape takes, and rows of different lengths."""

from typing import NamedTuple

import torch

from benchmarks.contest import Case, Settings


class Shape(NamedTuple):
    """Rows, steps, inputs and hidden units of one layer."""

    N: int
    T: int
    I: int  # noqa: E741 - the letters of the whole project
    H: int

    def case(self) -> Case:
        """The shape as the first columns of a table."""
        return self._asdict()


GRID = (
    Shape(1, 100, 32, 64),
    Shape(32, 50, 32, 64),
    Shape(32, 100, 128, 128),
    Shape(64, 100, 128, 256),
    Shape(128, 50, 256, 512),
    Shape(32, 1000, 16, 64),
    Shape(16, 35, 650, 650),
    Shape(256, 24, 8, 32),
)
QUICK = (Shape(1, 100, 32, 64), Shape(32, 50, 32, 64), Shape(32, 100, 128, 128))

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def grid(settings: Settings) -> tuple[Shape, ...]:
    """The shapes of this run."""
    return QUICK if settings.quick else GRID


def operations(cell: str, shape: Shape, mode: str) -> int:
    """Floating-point operations of the matrix products, a multiply-add being two.

    Forward 2·G·H·(I+H) a row and step; training three times that: forward, gradients of the input and the
    state, gradients of the weights. The gate maths is not counted.
    """
    forward = 2 * GATES[cell] * shape.H * (shape.I + shape.H) * shape.N * shape.T
    return forward * (3 if mode == "training" else 1)


def lengths(shape: Shape) -> torch.Tensor:
    """A length for every row, uniform in [T/10, T], at random but the same in every run."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(max(1, shape.T // 10), shape.T + 1, (shape.N,), generator=generator)


def live_share(shape: Shape) -> float:
    """The share of a batch's steps that lie within the rows' lengths."""
    return float(lengths(shape).sum()) / (shape.N * shape.T)
