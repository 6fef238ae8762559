"""Rows of different lengths: beside torch.nn's PackedSequence, and beside our own dense time."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks import workloads
from benchmarks.contest import Contest, Contestant, Settings, Times
from benchmarks.shapes import Shape, grid, lengths, live_share
from benchmarks.timing import ratio, times_faster


class Packed(torch.nn.Module):
    """A layer of torch.nn for a padded batch: packed, run, padded again."""

    def __init__(self, layer: torch.nn.RNNBase) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, Any]:
        packed, state = self.layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return pad_packed_sequence(packed, total_length=x.size(0))[0], state


def contests(settings: Settings) -> Iterator[Contest]:
    """LSTM and GRU, lengths uniform in [T/10, T]."""
    for cell in ("LSTM", "GRU"):
        for mode in ("inference", "training"):
            for shape in grid(settings):
                yield ragged(cell, mode, shape, settings)


def ragged(cell: str, mode: str, shape: Shape, settings: Settings) -> Contest:
    """Ours with ``lengths``, ours without, and PackedSequence."""

    def enter() -> dict[str, Contestant]:
        layer, peer = workloads.pair(cell, shape.I, shape.H)
        x, own = workloads.data(shape.T, shape.N, shape.I), lengths(shape)
        # What a loss over live steps sends back: nothing from the steps past a row's end.
        live = (torch.arange(shape.T)[:, None] < own).float()[:, :, None]
        dy = workloads.data(shape.T, shape.N, shape.H, seed=1) * live

        def call(module: torch.nn.Module, **arguments: Any) -> Callable[[], Any]:
            return workloads.call(mode, module, x, dy, **arguments)

        like = "PackedSequence" if settings.peers else None
        found = {
            "ours": Contestant(call(layer, lengths=own), like, ours=True),
            "ours, dense": Contestant(call(layer), ours=True),
        }
        if settings.peers:
            found["PackedSequence"] = Contestant(call(Packed(peer), lengths=own))
        return found

    def figures(times: Times) -> dict[str, float]:
        dense = ratio(times, "ours", "ours, dense")
        return times_faster("PackedSequence")(times) | {"of dense × live": dense / live_share(shape)}

    return Contest(f"{cell} {mode}, ragged", shape.case(), enter, figures)
