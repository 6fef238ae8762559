"""The recurrent layers of networks that are trained: what they begin with, and what comes out."""

import numpy as np
import torch

from recurra import nn
from recurra.nn.layer import Layer

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
"""The layer of each cell."""


def initialise(layer: Layer, seed: int) -> None:
    """Begin with the weights that `recurra.cells` gives the layer's stack for that seed."""
    initial = layer.stack.initialise(np.random.default_rng(seed))
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in initial.items()})


def tensors(network: torch.nn.Module) -> dict[str, np.ndarray]:
    """Every parameter by name, as arrays."""
    return {name: tensor.numpy(force=True) for name, tensor in network.state_dict().items()}
