"""The random masks of one call."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import dropout

from recurra.cells import Stack
from recurra.nn.masks import draw_mask, drop_out


class Noise(NamedTuple):
    """Each mask, or None for none of its kind. R is the width of h, D·R that of a layer's output."""

    between_layers: Tensor | None = None
    """(L-1, T, N, D·R), by which the output of each layer but the last is multiplied."""
    recurrent: Tensor | None = None
    """(L·D, N, R), by which the h′ that enters W_hh is multiplied, at every step."""
    keep_h: Tensor | None = None
    """(L·D, T, N, R), 1 where a unit of h keeps its old value, else 0."""
    keep_c: Tensor | None = None
    """(L·D, T, N, H), the same for c."""

    def of_cells(self) -> dict[str, Tensor]:
        """All but the first, by the names that `recurra.cells` gives them."""
        masks = {"recurrent": self.recurrent, "keep_h": self.keep_h, "keep_c": self.keep_c}
        return {name: mask for name, mask in masks.items() if mask is not None}


def draw(stack: Stack, x: Tensor, between_layers: float, recurrent: float, training: bool) -> Noise:
    """The masks for x (T, N, I), on its device and of its dtype, with these probabilities to drop a value.

    None unless in training, where zoneout's probability is the cell's own. Masks that drop are scaled by
    1/(1-p); those between the layers are drawn one by one, as torch.nn draws them.
    """
    if not training:
        return Noise()
    T, N = x.shape[:2]
    runs = stack.num_layers * stack.num_directions
    sizes = stack.cell.state_sizes()
    zoneout = getattr(stack.cell, "zoneout", 0.0)
    masks = {}
    if between_layers and stack.num_layers > 1:
        ones = x.new_ones(T, N, stack.output_size)
        layers = [dropout(ones, between_layers) for _ in range(stack.num_layers - 1)]
        masks["between_layers"] = torch.stack(layers)
    if recurrent:
        masks["recurrent"] = drop_out(x.new_ones(runs, N, sizes["h"]), recurrent)
    if zoneout:
        for name, size in sizes.items():
            masks[f"keep_{name}"] = draw_mask(x, (runs, T, N, size), zoneout)
    return Noise(**masks)
