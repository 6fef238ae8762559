"""The values that parameters of layers and cells start from."""

import math

import torch
from torch import Tensor


def initialise(name: str, parameter: Tensor, hidden_size: int) -> None:
    """Fill a parameter as torch.nn does, uniform in ±1/√H; gains start at 1, their biases and states at 0."""
    if name.startswith("ln_"):
        torch.nn.init.constant_(parameter, 0.0 if "bias" in name else 1.0)
    elif name.startswith("initial_"):
        torch.nn.init.zeros_(parameter)
    else:
        bound = 1 / math.sqrt(hidden_size) if hidden_size else 0.0
        torch.nn.init.uniform_(parameter, -bound, bound)
