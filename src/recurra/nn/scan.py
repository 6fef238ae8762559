"""A linear recurrence over time in a logarithmic number of steps, in PyTorch on any device."""

import torch
from torch import Tensor


def scan(a: Tensor, b: Tensor, h_0: Tensor) -> Tensor:
    """Every h_t = a_t ⊙ h_{t-1} + b_t: h (T, N, H) for a and b (T, N, H), h_0 (N, H), T at least 1.

    Two steps are again such a step, h_t = (a_t a_{t-1}) ⊙ h_{t-2} + (a_t b_{t-1} + b_t), so half as many
    are scanned for every second h, and the rest follow in one step each: G. E. Blelloch, "Prefix sums and
    their applications" (1990). There are no divisions and no logarithms, so a may be 0 and b of any sign.
    The order of the sums depends on T: results agree with stepping to rounding, not bit for bit.
    """
    return _scan(a, torch.cat([a[:1] * h_0 + b[:1], b[1:]]))


def _scan(a: Tensor, b: Tensor) -> Tensor:
    """The recurrence from h_{-1} = 0."""
    T = b.shape[0]
    if T == 1:
        return b
    odd = _scan(a[1::2] * a[: T - 1 : 2], a[1::2] * b[: T - 1 : 2] + b[1::2])
    even = torch.cat([b[:1], a[2::2] * odd[: (T - 1) // 2] + b[2::2]])
    both = torch.stack([even[: T // 2], odd], 1).flatten(0, 1)
    return torch.cat([both, even[T // 2 :]])
