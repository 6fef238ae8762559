"""Labelled sequences as examples for `recurra.training.train`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from recurra.runtime.features import pad_inputs


@dataclass(frozen=True, eq=False)
class SequenceExamples:
    """Inputs of a network, targets and weights.

    Attributes:
        inputs: N arrays, see `recurra.runtime.features.Features`.
        targets: (N,) of one target a sequence, or N arrays (T_i,) of one a step.
        weights: (N,) float32.
        augment: makes other sequences with the same targets of inputs (n, T, …) and lengths (n,), drawn from
            PyTorch's generator; None to give the inputs as they are.
    """

    inputs: Sequence[np.ndarray]
    targets: np.ndarray | list[np.ndarray]
    weights: np.ndarray
    augment: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @cached_property
    def lengths(self) -> np.ndarray:
        """(N,) int64, by which training makes its batches."""
        return np.array([len(x) for x in self.inputs], np.int64)

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Inputs (n, T, …) and lengths (n,); targets (n,) or (n, T), padded with 0; weights (n,)."""
        rows = index.numpy()
        x, lengths = pad_inputs([self.inputs[row] for row in rows])
        if isinstance(self.targets, np.ndarray):
            targets = self.targets[rows]
        else:
            targets, _ = pad_inputs([self.targets[row] for row in rows])
        x, lengths = torch.from_numpy(x), torch.from_numpy(lengths)
        if self.augment is not None:
            x, lengths = self.augment(x, lengths)
        return x, lengths, torch.from_numpy(targets), torch.from_numpy(self.weights[rows])
