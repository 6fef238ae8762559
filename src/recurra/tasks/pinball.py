"""The loss of quantiles."""

from collections.abc import Sequence

import torch
from torch import Tensor


def pinball(quantiles: Tensor, targets: Tensor, levels: Sequence[float]) -> Tensor:
    """max(q (y − f_q), (q − 1) (y − f_q)), the mean over ``levels`` q (Koenker & Bassett 1978).

    For ``targets`` y (...) and their ``quantiles`` f (..., Q), of the shape of ``targets``.
    """
    above = targets.unsqueeze(-1) - quantiles
    q = above.new_tensor(levels)
    return torch.maximum(q * above, (q - 1) * above).mean(dim=-1)
