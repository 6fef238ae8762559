"""Which examples make up a batch: any where they are alike, else those of about the same length."""

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra.training.examples import Examples

POOL = 50  # batches sorted together: lengths differ little within a batch, and batches much between epochs


def shuffled_batches(examples: Examples, batch_size: int) -> list[Tensor]:
    """Every example once, as batches of their numbers (n,), int64, drawn from PyTorch's generator.

    With ``lengths``, the shuffled examples are sorted by length within pools of fifty batches, which are
    then shuffled. The smaller batch, if there is one, has what is left of the last pool. Examples with
    ``batches`` decide themselves.
    """
    if (own := getattr(examples, "batches", None)) is not None:
        return own(batch_size, shuffle=True)
    order = torch.randperm(len(examples))
    lengths = _lengths(examples)
    if lengths is None:
        return list(order.split(batch_size))
    pools = [_by_length(pool, lengths) for pool in order.split(POOL * batch_size)]
    batches = [batch for pool in pools for batch in pool.split(batch_size)]
    return [batches[i] for i in torch.randperm(len(batches)).tolist()]


def ordered_batches(examples: Examples, batch_size: int) -> list[Tensor]:
    """Every example once, in order, or from the shortest to the longest where there are ``lengths``.

    Examples with ``batches`` decide themselves.
    """
    if (own := getattr(examples, "batches", None)) is not None:
        return own(batch_size, shuffle=False)
    order = torch.arange(len(examples))
    lengths = _lengths(examples)
    return list((order if lengths is None else _by_length(order, lengths)).split(batch_size))


def _lengths(examples: Examples) -> Tensor | None:
    lengths = getattr(examples, "lengths", None)
    if lengths is not None and len(lengths) != len(examples):
        raise InputError(f"lengths must be one for each of {len(examples)} examples, got {len(lengths)}")
    return None if lengths is None else torch.as_tensor(lengths)


def _by_length(index: Tensor, lengths: Tensor) -> Tensor:
    return index[lengths[index].argsort(stable=True)]
