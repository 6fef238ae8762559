"""The words and pairs of words that a sequence has; `recurra.runtime.Bag` is the same at inference."""

from typing import Any

import torch
from torch import Tensor

from recurra.nn.attention import padding_of
from recurra.nn.checks import as_lengths
from recurra.runtime import network_parts as parts


class Bag(torch.nn.Module):
    """Σ over the different words of a row, and the different pairs of words in a row, of a weight each.

    Buffers, which training leaves as they are: ``weight`` (V + P, O), a row for each word and then for each
    pair, and ``pairs`` (P, 2), float32, the known pairs in ascending order. Word 0 does not count.
    """

    weight: Tensor
    pairs: Tensor

    def __init__(self, weight: Tensor, pairs: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("pairs", pairs)

    def part(self, name: str) -> parts.Bag:
        """The same for the runtime."""
        return parts.Bag(name, len(self.weight) - len(self.pairs), len(self.pairs), self.weight.size(1))

    def forward(self, ids: Tensor, lengths: Any = None) -> Tensor:
        """Sums (N, O) for ids (N, T); or (N, T, 1 + C), of which column 0 counts.

        ``lengths``: N whole numbers in [0, T], in any order (a CPU tensor or any sequence), None for T each.
        """
        ids = ids if ids.dim() == 2 else ids[:, :, 0]
        N, T = ids.shape
        lengths = as_lengths(lengths)
        lengths = torch.full((N,), T) if lengths is None else lengths
        ids = ids.masked_fill(padding_of(lengths, T, N).to(ids.device), 0)
        rows = torch.cat([ids, self._pair_rows(ids[:, :-1], ids[:, 1:])], 1).sort(1).values
        again = torch.nn.functional.pad(rows[:, 1:] == rows[:, :-1], (1, 0))
        counts = (rows > 0) & ~again
        return (self.weight[rows] * counts[:, :, None]).sum(1)

    def _pair_rows(self, first: Tensor, second: Tensor) -> Tensor:
        """The row of the weight of each pair, 0 for a pair that is not known."""
        words = len(self.weight) - len(self.pairs)
        pairs = self.pairs.long()
        last = pairs.new_full((1,), torch.iinfo(torch.int64).max)
        keys = torch.cat([pairs[:, 0] * words + pairs[:, 1], last])
        key = first * words + second
        place = torch.searchsorted(keys, key)
        return torch.where(keys[place] == key, words + place, 0)
