"""From what an encoder knows at the end of a source to where its decoder starts."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra.cells import Stack


class Bridge(torch.nn.Module):
    """s_l = tanh(W [→s_l ; ←s_l] + b), for each state s and layer l with weights of its own.

    →s_l and ←s_l are the encoder's final states of layer l, forward and (if it has one) backward. W and b are
    ``h_l0.weight`` and ``h_l0.bias``, ``c_l0.weight``, and so on. Bahdanau et al. 2014 (arXiv:1409.0473),
    appendix A.2.2, start from the backward direction alone. Raises InputError where encoder and decoder
    differ in the names of their states or their layers.
    """

    def __init__(self, encoder: Stack, decoder: Stack, *, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        if decoder.cell.states != encoder.cell.states:
            raise InputError(
                f"the decoder's cell must have the encoder's states, {', '.join(encoder.cell.states)}, "
                f"got {', '.join(decoder.cell.states)}; give both the same cell"
            )
        if decoder.num_layers != encoder.num_layers:
            raise InputError(
                f"the decoder must have as many layers as the encoder, {encoder.num_layers}, "
                f"got {decoder.num_layers}"
            )
        self.num_layers, self.num_directions = encoder.num_layers, encoder.num_directions
        sizes, own_sizes = encoder.cell.state_sizes(), decoder.cell.state_sizes()
        for name in encoder.cell.states:
            for layer in range(self.num_layers):
                linear = torch.nn.Linear(
                    self.num_directions * sizes[name], own_sizes[name], device=device, dtype=dtype
                )
                self.add_module(f"{name}_l{layer}", linear)

    def forward(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each of the decoder's initial states (L, N, ·), from the encoder's final ones (L·D, N, ·)."""
        return {name: self._cross(name, tensor) for name, tensor in state.items()}

    def _cross(self, name: str, final: Tensor) -> Tensor:
        by_layer = final.unflatten(0, (self.num_layers, self.num_directions)).transpose(1, 2).flatten(2)
        linears = [self.get_submodule(f"{name}_l{layer}") for layer in range(self.num_layers)]
        return torch.tanh(torch.stack([linear(own) for linear, own in zip(linears, by_layer)]))
