"""Attention over a source: which of its steps matter now, and their weighted mean.

Axis letters: ``T`` queries, ``S`` source steps, ``N`` rows, ``Q``, ``M`` and ``A`` the widths of query,
memory and attention. Every attention here computes

    w = softmax over the row's own s of score(query, memory_s),    context = Σ_s w_s memory_s

and differs only in its score.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.cells import check_lengths
from recurra.nn.checks import as_lengths


@dataclass(frozen=True)
class Memory:
    """A source as an attention reads it; made once by `Attention.memory`, read at every step.

    Rows come first, as batched products want them.
    """

    values: Tensor
    """(N, S, M), zero past each row's length."""
    keys: Tensor
    """(N, S, ·): what is compared with a query."""
    padding: Tensor
    """(N, 1, S), True past each row's length."""

    def select(self, rows: Any) -> "Memory":
        """The memory of those rows, in that order; ``rows`` (N′,) are whole numbers, repetition allowed."""
        return Memory(self.values[rows], self.keys[rows], self.padding[rows])


class Attention(torch.nn.Module, ABC):
    """What `AdditiveAttention`, `DotAttention` and `GeneralAttention` share: all but the score."""

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__()
        self.query_size = positive_int("query_size", query_size)
        self.memory_size = positive_int("memory_size", memory_size)

    @abstractmethod
    def keys(self, values: Tensor) -> Tensor:
        """(N, S, ·), what the score needs of the memory (N, S, M) and no query changes."""

    @abstractmethod
    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """(N, T, S), for queries (N, T, Q) and keys (N, S, ·)."""

    def memory(self, values: Tensor, lengths: Any = None) -> Memory:
        """What queries read, of the source's states (S, N, M).

        ``lengths``: N whole numbers in [0, S], in any order (a CPU tensor or any sequence), None for S each.
        Past its length a row may hold anything, even NaN. Raises InputError for any other shape or lengths.
        """
        if values.dim() != 3 or values.size(2) != self.memory_size:
            raise InputError(f"values must have shape (S, N, {self.memory_size}), got {tuple(values.shape)}")
        S, N, _ = values.shape
        lengths = torch.full((N,), S) if lengths is None else as_lengths(lengths)
        padding = padding_of(lengths, S, N).to(values.device)
        # Masking the scores alone would let NaN in the padding reach the weights' gradients.
        values = values.transpose(0, 1).masked_fill(padding[:, :, None], 0.0)
        return Memory(values, self.keys(values), padding[:, None])

    def forward(self, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """The context (T, N, M) and the weights (T, N, S), for queries (T, N, Q).

        The weights of a row sum to 1 and are zero past its length; a row of length 0 has zero weights and a
        zero context. Raises InputError for another shape, or rows that are not the memory's.
        """
        N = memory.values.size(0)
        if query.dim() != 3 or query.shape[1:] != (N, self.query_size):
            raise InputError(f"query must have shape (T, {N}, {self.query_size}), got {tuple(query.shape)}")
        weights = masked_softmax(self.scores(query.transpose(0, 1), memory.keys), memory.padding)
        return (weights @ memory.values).transpose(0, 1), weights.transpose(0, 1)

    def extra_repr(self) -> str:
        return f"{self.query_size}, {self.memory_size}"


class AdditiveAttention(Attention):
    """score(q, m) = vᵀ tanh(W_q q + W_m m)

    ``query.weight`` (A, Q) is W_q, ``key.weight`` (A, M) is W_m, ``score.weight`` (1, A) is v. Bahdanau, Cho
    and Bengio, "Neural machine translation by jointly learning to align and translate", arXiv:1409.0473
    (2014), appendix A.1.2.
    """

    def __init__(
        self,
        query_size: int,
        memory_size: int,
        attention_size: int,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(query_size, memory_size)
        size = positive_int("attention_size", attention_size)
        self.query = torch.nn.Linear(query_size, size, bias=False, device=device, dtype=dtype)
        self.key = torch.nn.Linear(memory_size, size, bias=False, device=device, dtype=dtype)
        self.score = torch.nn.Linear(size, 1, bias=False, device=device, dtype=dtype)

    def keys(self, values: Tensor) -> Tensor:
        return self.key(values)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return self.score(torch.tanh(self.query(query)[:, :, None] + keys[:, None])).squeeze(-1)


class DotAttention(Attention):
    """score(q, m) = qᵀ m, for a query as wide as the memory.

    Luong, Pham and Manning, "Effective approaches to attention-based neural machine translation",
    arXiv:1508.04025 (2015), section 3.1, "dot".
    """

    def __init__(self, size: int) -> None:
        super().__init__(size, size)

    def keys(self, values: Tensor) -> Tensor:
        return values

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ keys.transpose(1, 2)


class GeneralAttention(Attention):
    """score(q, m) = qᵀ W m

    ``key.weight`` (Q, M) is W. Source as for `DotAttention`, "general".
    """

    def __init__(self, query_size: int, memory_size: int, *, device: Any = None, dtype: Any = None) -> None:
        super().__init__(query_size, memory_size)
        self.key = torch.nn.Linear(memory_size, query_size, bias=False, device=device, dtype=dtype)

    def keys(self, values: Tensor) -> Tensor:
        return self.key(values)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ keys.transpose(1, 2)


# An operator, so that lengths are checked in compiled graphs too.
@torch.library.custom_op("recurra::padding", mutates_args=(), device_types="cpu")
def padding_of(lengths: Tensor, S: int, N: int) -> Tensor:
    """(N, S), True past each row's length; raises InputError for lengths that do not fit."""
    return torch.arange(S) >= torch.from_numpy(check_lengths(lengths.numpy(), S, N))[:, None]


@padding_of.register_fake
def _(lengths: Tensor, S: int, N: int) -> Tensor:
    return lengths.new_empty(N, S, dtype=torch.bool)


def masked_softmax(scores: Tensor, padding: Tensor) -> Tensor:
    """Softmax over the last axis where ``padding`` is False; zero elsewhere, be that everywhere."""
    # With -inf, a row that is all padding would be 0/0: masked in the end, but an anomaly on the way.
    lowest = torch.finfo(scores.dtype).min
    return torch.softmax(scores.masked_fill(padding, lowest), -1).masked_fill(padding, 0.0)
