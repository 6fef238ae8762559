"""From what an encoder knows at the end of a source to where its decoder starts."""

from collections.abc import Mapping

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack


def bridge_shapes(encoder: Stack, decoder: Stack) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of the bridge between two stacks; InputError for stacks that none joins."""
    theirs, own = encoder.cell.states, decoder.cell.states
    if own != theirs:
        raise InputError(
            f"spec.decoder.layer must have the encoder's states, {', '.join(theirs)}, got {', '.join(own)}"
        )
    if (L := decoder.num_layers) != encoder.num_layers:
        raise InputError(f"spec.decoder.layer must have the encoder's {encoder.num_layers} layers, got {L}")
    shapes: dict[str, tuple[int, ...]] = {}
    for name, size in decoder.cell.state_sizes().items():
        for layer in range(L):
            both = encoder.num_directions * encoder.cell.state_sizes()[name]
            shapes |= {f"{name}_l{layer}.weight": (size, both), f"{name}_l{layer}.bias": (size,)}
    return shapes


class Bridge:
    """s_l = tanh(W [→s_l ; ←s_l] + b), for each state s and layer l with weights of its own.

    →s_l and ←s_l are the encoder's final states of layer l, forward and (if it has one) backward.
    """

    def __init__(self, decoder: Stack, tensors: Mapping[str, np.ndarray]) -> None:
        self._linears = {
            name: [
                kernels.Linear(tensors[f"{name}_l{layer}.weight"], tensors[f"{name}_l{layer}.bias"])
                for layer in range(decoder.num_layers)
            ]
            for name in decoder.cell.states
        }

    def __call__(self, final: Mapping[str, np.ndarray], threads: int) -> dict[str, np.ndarray]:
        """Each of the decoder's initial states (L, N, ·), from the encoder's final ones (L·D, N, ·)."""
        return {name: self._cross(name, states, threads) for name, states in final.items()}

    def _cross(self, name: str, states: np.ndarray, threads: int) -> np.ndarray:
        linears = self._linears[name]
        D = len(states) // len(linears)
        both = [np.concatenate(states[D * layer : D * (layer + 1)], axis=1) for layer in range(len(linears))]
        return np.stack([kernels.tanh(linear(own, threads=threads)) for linear, own in zip(linears, both)])
