"""The exponential moving average of a model's weights over the steps of training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


class WeightAverage:
    """The mean of the weights after every step, each step counting ``decay`` times as much as the next.

    It starts with the first step, not with the initial weights. With ``decay`` 0 nothing is kept, and the
    average is the weights themselves.

    Attributes:
        weights: by the names of ``model.state_dict()``; those that are not floating-point are the latest.
    """

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.model, self.decay = model, decay
        self.weights: dict[str, Tensor] = copies(model) if decay else {}

    @torch.no_grad()
    def update(self, steps: int) -> None:
        """Count the model's weights in, after ``steps`` steps."""
        if not self.decay:
            return
        share = (1 - self.decay) / (1 - self.decay**steps)
        for name, weight in self.model.state_dict().items():
            mean = self.weights[name]
            if mean.is_floating_point():
                mean.lerp_(weight, share)
            else:
                mean.copy_(weight)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the model the average while the block runs, then its own weights again."""
        if not self.decay:
            yield
            return
        own = copies(self.model)
        self.model.load_state_dict(self.weights)
        try:
            yield
        finally:
            self.model.load_state_dict(own)


def copies(model: torch.nn.Module) -> dict[str, Tensor]:
    """The model's weights by name, apart from the model."""
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}
