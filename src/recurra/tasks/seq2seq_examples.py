"""Pairs as examples for `recurra.training.train`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from recurra.data import pad
from recurra.tasks.seq2seq_network import NOTHING


@dataclass(frozen=True, eq=False)
class PairExamples:
    """Sources and targets.

    Attributes:
        sources: N arrays, symbols (S_i,) int64 or vectors (S_i, I) float32, S_i ≥ 1.
        targets: N arrays (T_i,) int64 of symbols.
        boundary: the symbol that stands before and after every target.
    """

    sources: Sequence[np.ndarray]
    targets: Sequence[np.ndarray]
    boundary: int

    def __len__(self) -> int:
        return len(self.sources)

    @cached_property
    def lengths(self) -> np.ndarray:
        """(N,) int64, by which training makes its batches: the steps of both sides."""
        sides = zip(self.sources, self.targets)
        return np.array([len(source) + len(target) for source, target in sides], np.int64)

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Sources (n, S) or (n, S, I) and their lengths (n,); symbols to feed (n, T) and those wanted (n, T).

        Those wanted are `NOTHING` past a row's end, the boundary.
        """
        rows = index.tolist()
        sources, lengths = pad([self.sources[row] for row in rows])
        targets, counts = pad([self.targets[row] for row in rows])
        edge = np.full((len(rows), 1), self.boundary)
        past = np.arange(targets.shape[1] + 1) - counts[:, None]
        wanted = np.concatenate([targets, edge], 1)
        wanted = np.where(past > 0, NOTHING, np.where(past == 0, self.boundary, wanted))
        tokens = np.concatenate([edge, targets], 1)
        return tuple(torch.from_numpy(array) for array in (sources, lengths, tokens, wanted))  # pyright: ignore
