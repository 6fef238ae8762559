"""From sequences to rows in PyTorch; `recurra.runtime.Pool` and `AttentionPool` are the same at inference."""

from typing import Any

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_int
from recurra.nn.attention import masked_softmax, padding_of
from recurra.nn.checks import as_lengths
from recurra.runtime.network_parts import POOLS


class Pool(torch.nn.Module):
    """From (T, N, H) to (N, H) over each row's own steps; zero for a row of length 0.

    ``how``: "last" is the last step; "ends" the last step of the first half of H and the first step of the
    second, which is where either direction of a bidirectional layer ends; "mean" and "max" are over all
    steps, and "mean_max" is one beside the other, (N, 2H). With ``batch_first`` the input is (N, T, H).
    Raises InputError for any other ``how``.
    """

    def __init__(self, how: str = "last", *, batch_first: bool = False) -> None:
        super().__init__()
        self.how = one_of("how", how, POOLS)
        self.batch_first = batch_first

    def forward(self, x: Tensor, lengths: Any = None) -> Tensor:
        """Rows (N, H), or (N, 2H).

        ``lengths``: N whole numbers in [0, T], in any order (a CPU tensor or any sequence), None for T each.
        Past its length a row may hold anything, even NaN. Raises InputError for any other shape or lengths.
        """
        x, lengths, padding = _time_first(x, lengths, self.batch_first)
        if not len(x):
            return x.new_zeros(x.size(1), self.output_size(x.size(2)))
        x = x.masked_fill(padding, 0.0)
        match self.how:
            case "mean":
                return _mean(x, lengths)
            case "max":
                return _maximum(x, lengths, padding)
            case "mean_max":
                return torch.cat([_mean(x, lengths), _maximum(x, lengths, padding)], 1)
        last = x.gather(0, (lengths - 1).clamp(min=0)[None, :, None].expand(1, *x.shape[1:]))[0]
        if self.how == "last":
            return last
        if x.size(2) % 2:
            raise InputError(f"x must have an even width, half for each direction, got {x.size(2)}")
        half = x.size(2) // 2
        return torch.cat([last[:, :half], x[0, :, half:]], 1)

    def output_size(self, input_size: int) -> int:
        """The width of rows that are pooled from steps of width ``input_size``."""
        return input_size * 2 if self.how == "mean_max" else input_size

    def extra_repr(self) -> str:
        return repr(self.how)


class AttentionPool(torch.nn.Module):
    """Σ_t w_t x_t with w = softmax over a row's own t of vᵀ tanh(W x_t + b): (T, N, H) to (N, H).

    ``key.weight`` (A, H) is W, ``key.bias`` (A,) is b, ``score.weight`` (1, A) is v. Zero for a row of length
    0. With ``batch_first`` the input is (N, T, H). Yang, Yang, Dyer, He, Smola and Hovy, "Hierarchical
    attention networks for document classification", NAACL 2016, equations 5 to 7.
    """

    def __init__(self, size: int, attention_size: int, *, batch_first: bool = False) -> None:
        super().__init__()
        self.key = torch.nn.Linear(positive_int("size", size), positive_int("attention_size", attention_size))
        self.score = torch.nn.Linear(attention_size, 1, bias=False)
        self.batch_first = batch_first

    def forward(self, x: Tensor, lengths: Any = None) -> Tensor:
        """Rows (N, H); ``lengths`` and errors as for `Pool`."""
        x, _, padding = _time_first(x, lengths, self.batch_first)
        x = x.masked_fill(padding, 0.0)
        scores = self.score(torch.tanh(self.key(x)))
        weights = masked_softmax(scores[:, :, 0].T, padding[:, :, 0].T)
        return torch.einsum("nt,tnh->nh", weights, x)


def _mean(x: Tensor, lengths: Tensor) -> Tensor:
    """Of x (T, N, H) that is 0 where it is padding."""
    return x.sum(0) / lengths.clamp(min=1)[:, None].to(x.dtype)


def _maximum(x: Tensor, lengths: Tensor, padding: Tensor) -> Tensor:
    highest = x.masked_fill(padding, float("-inf")).amax(0)
    return highest.masked_fill(lengths.eq(0)[:, None], 0.0)


def _time_first(x: Tensor, lengths: Any, batch_first: bool) -> tuple[Tensor, Tensor, Tensor]:
    """x (T, N, H), lengths (N,) and what is padding (T, N, 1)."""
    if x.dim() != 3:
        raise InputError(
            f"x must have shape {'(N, T, H)' if batch_first else '(T, N, H)'}, got {tuple(x.shape)}"
        )
    x = x.transpose(0, 1) if batch_first else x
    T, N, _ = x.shape
    lengths = as_lengths(lengths)
    lengths = torch.full((N,), T) if lengths is None else lengths
    padding = padding_of(lengths, T, N).to(x.device)
    return x, lengths.to(x.device), padding.T[:, :, None]
