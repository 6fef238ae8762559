"""Dropout for sequences; it acts in training, and does nothing at inference."""

import torch
from torch import Tensor

from recurra._base.validation import probability


class VariationalDropout(torch.nn.Module):
    """Drops the same columns at every step of a row: one mask (N, H) for x (T, N, H), scaled by 1/(1−p).

    With ``batch_first``, x is (N, T, H). Gal and Ghahramani, "A theoretically grounded application of dropout
    in recurrent neural networks", NIPS 2016. Raises InputError unless p lies between 0 and 1.
    """

    def __init__(self, p: float = 0.5, *, batch_first: bool = False) -> None:
        super().__init__()
        self.p = probability("p", p)
        self.batch_first = batch_first

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and self.p):
            return x
        one_step = x[:, :1] if self.batch_first else x[:1]
        return x * _mask(one_step.shape, self.p, x)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class EmbeddingDropout(torch.nn.Module):
    """Drops whole rows of an embedding's table: a symbol is gone wherever it stands in the batch.

    The rows that stay are scaled by 1/(1−p). Gal and Ghahramani (as above), section 4.2; Merity, Keskar and
    Socher, "Regularizing and optimizing LSTM language models", 2017. Raises InputError unless p lies
    between 0 and 1.
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = probability("p", p)

    def forward(self, embedding: torch.nn.Embedding, ids: Tensor) -> Tensor:
        """The vectors (…, D) of ``ids`` (…), zero for rows that are dropped."""
        vectors = embedding(ids)
        if not (self.training and self.p):
            return vectors
        return vectors * _mask((embedding.num_embeddings, 1), self.p, vectors)[ids]

    def extra_repr(self) -> str:
        return f"p={self.p}"


class WordDropout(torch.nn.Module):
    """Replaces ids by that of the unknown symbol, so that its vector is learnt too.

    With ``counts``, how often each of the V symbols stands in the training part, one that comes n times is
    replaced with probability p / (p + n): rare ones most, as they are what will be unknown. Kiperwasser and
    Goldberg, "Simple and accurate dependency parsing using bidirectional LSTM feature representations", TACL
    2016, section 6. Without, each is replaced with probability p. Raises InputError unless p lies between 0
    and 1.
    """

    rates: Tensor | None

    def __init__(self, p: float = 0.1, unknown: int = 0, counts: Tensor | None = None) -> None:
        super().__init__()
        self.p = probability("p", p)
        self.unknown = unknown
        rates = None if counts is None or not p else p / (p + counts.to(torch.float32))
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (…) of any shape."""
        if not (self.training and self.p):
            return ids
        rates = self.p if self.rates is None else self.rates[ids]
        return ids.masked_fill(torch.rand(ids.shape, device=ids.device) < rates, self.unknown)

    def extra_repr(self) -> str:
        return f"p={self.p}, unknown={self.unknown}"


def _mask(shape: tuple[int, ...] | torch.Size, p: float, like: Tensor) -> Tensor:
    """1/(1−p) where something stays, 0 where it is dropped."""
    return torch.nn.functional.dropout(like.new_ones(shape), p)
