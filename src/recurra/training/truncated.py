"""Truncated backpropagation through time: documents read a stretch at a time, with the state carried along.

Gradients reach back to the beginning of a stretch, states to the beginning of the document (Williams & Peng,
"An efficient gradient-based algorithm for on-line training of recurrent network trajectories", 1990).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from recurra._base.validation import positive_int

_STRETCHES = 64  # of a piece, about: so many that it matters little that the first has no past to go by


@dataclass(frozen=True, eq=False)
class TruncatedExamples:
    """Documents as examples for `recurra.training.train`, whose loss carries states.

    A document that is alone, such as a whole corpus, or longer than 64 stretches is cut into pieces, so that
    a batch has rows enough; a piece begins without a past, as a document does. Rows with as many stretches
    go together, stretch after stretch; those of a piece are of one length, so that no batch is of scraps.

    Attributes:
        inputs: D arrays (T_d, …), of one shape and dtype but for T_d.
        targets: D arrays (T_d, …), the same.
        bptt: steps of a stretch.
    """

    inputs: Sequence[np.ndarray]
    targets: Sequence[np.ndarray]
    bptt: int

    def __post_init__(self) -> None:
        positive_int("bptt", self.bptt)

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.inputs)

    def batches(self, batch_size: int, *, shuffle: bool) -> list[Tensor]:
        """What each batch holds, (n, 3) int64: where each stretch starts, its length, whether it is a first.

        Shuffled by PyTorch's generator, or in order of length; ``batch_size`` rows at most.
        """
        starts, lengths = self._pieces(positive_int("batch_size", batch_size))
        stretches = np.ceil(lengths / self.bptt).astype(np.int64)
        order = torch.randperm(len(starts)).numpy() if shuffle else np.argsort(lengths, kind="stable")
        order = order[np.argsort(stretches[order], kind="stable")]
        rounds = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
        turns = torch.randperm(len(rounds)).tolist() if shuffle else range(len(rounds))
        found = []
        for turn in turns:
            rows = rounds[turn]
            rows = rows[np.argsort(-stretches[rows], kind="stable")]
            for k in range(stretches[rows[0]]):
                live = rows[stretches[rows] > k]
                begin, end = (lengths[live] * at // stretches[live] for at in (k, k + 1))
                index = np.stack([starts[live] + begin, end - begin, np.full(len(live), k == 0)], axis=1)
                found.append(torch.from_numpy(index))
        return found

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Inputs and targets (n, T, …), zero past each row's length; lengths (n,); which rows begin, (n,)."""
        starts, lengths, first = index.unbind(1)
        steps = torch.arange(int(lengths.max()))
        live = steps < lengths[:, None]
        places = (starts[:, None] + steps).masked_fill(~live, 0)
        x, targets = (_padded(flat, places, live) for flat in self._flat)
        return x, targets, lengths, first.bool()

    @cached_property
    def _flat(self) -> tuple[Tensor, Tensor]:
        """All documents, one after the other."""
        return torch.from_numpy(np.concatenate(self.inputs)), torch.from_numpy(np.concatenate(self.targets))

    def _pieces(self, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
        """Where each starts, and how long it is: int64 (P,) each."""
        lengths = np.array([len(document) for document in self.inputs])
        total, long = int(lengths.sum()), _STRETCHES * self.bptt
        rows = batch_size * max(1, round(total / (batch_size * long)))
        size = max(self.bptt, math.ceil(total / rows))  # of pieces that fill all rows alike
        is_cut = (lengths > long) | (len(lengths) == 1)
        parts = np.ones(len(lengths), np.int64)
        parts[is_cut] = _parts(lengths[is_cut], size, batch_size, beside=int(np.count_nonzero(~is_cut)))
        begin, length, count = (np.repeat(own, parts) for own in (_before(lengths), lengths, parts))
        k = np.arange(len(count)) - np.repeat(_before(parts), parts)
        start, end = (at * length // count for at in (k, k + 1))
        return begin + start, end - start


def carried(states: Mapping[str, Tensor], first: Tensor) -> dict[str, Tensor]:
    """The states (1, B, ·) for the n rows of a batch (1, n, ·), zero for those of ``first`` (n,)."""
    return {name: state[:, : len(first)].masked_fill(first[:, None], 0.0) for name, state in states.items()}


def kept(states: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``states`` (1, B, ·) with those ``after`` a batch of n rows (1, n, ·) for these, out of the graph."""
    return {
        name: torch.cat([after[name].detach(), state[:, after[name].size(1) :]], dim=1)
        for name, state in states.items()
    }


def _before(sizes: np.ndarray) -> np.ndarray:
    """The sum of those before each."""
    return np.cumsum(sizes) - sizes


def _parts(lengths: np.ndarray, size: int, batch_size: int, *, beside: int) -> np.ndarray:
    """Into how many pieces of about ``size`` each document of these lengths is cut.

    Together with the rows ``beside`` them they fill batches, if they fill half of one: a few rows that are
    left over would make steps of the optimiser that count as much as those of a whole batch.
    """
    total = int(lengths.sum())
    rows = min(total, batch_size * round((beside + total / size) / batch_size) - beside)
    if rows < len(lengths):
        return np.maximum(1, lengths // size)
    parts = np.maximum(1, lengths * rows // total)
    while parts.sum() < rows:
        parts[np.argmax(lengths / parts)] += 1
    return parts


def _padded(flat: Tensor, places: Tensor, live: Tensor) -> Tensor:
    values = flat[places]
    return values.masked_fill(~live.view(*live.shape, *(1,) * (values.ndim - 2)), 0)
