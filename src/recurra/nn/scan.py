"""A linear recurrence over time in a logarithmic number of steps, in PyTorch on any device."""

from typing import Any

import torch
from torch import Tensor

from recurra.nn.autograd import in_forward_mode, needs_gradient


def scan(a: Tensor, b: Tensor, h_0: Tensor) -> Tensor:
    """Every h_t = a_t ⊙ h_{t-1} + b_t: h (T, N, H) for a and b (T, N, H), h_0 (N, H), T at least 1.

    Two steps are again such a step, h_t = (a_t a_{t-1}) ⊙ h_{t-2} + (a_t b_{t-1} + b_t), so half as many
    are scanned for every second h, and the rest follow in one step each: G. E. Blelloch, "Prefix sums and
    their applications" (1990). There are no divisions and no logarithms, so a may be 0 and b of any sign.
    The order of the sums depends on T: results agree with stepping to rounding, not bit for bit.
    """
    if in_forward_mode():
        return _scan(a, b, h_0)
    return _Scan.apply(a, b, h_0) if needs_gradient(a, b, h_0) else operator(a, b, h_0)


def _scan(a: Tensor, b: Tensor, h_0: Tensor) -> Tensor:
    return _scan_from_zero(a, torch.cat([a[:1] * h_0 + b[:1], b[1:]]))


def _scan_from_zero(a: Tensor, b: Tensor) -> Tensor:
    T = b.shape[0]
    if T == 1:
        return b
    odd = _scan_from_zero(a[1::2] * a[: T - 1 : 2], a[1::2] * b[: T - 1 : 2] + b[1::2])
    even = torch.cat([b[:1], a[2::2] * odd[: (T - 1) // 2] + b[2::2]])
    both = torch.stack([even[: T // 2], odd], 1).flatten(0, 1)
    return torch.cat([both, even[T // 2 :]])


# How often the scan recurs depends on T, so that a graph of it would hold for one T alone.
@torch.library.custom_op("recurra::scan", mutates_args=())
def operator(a: Tensor, b: Tensor, h_0: Tensor) -> Tensor:
    """`scan` as one node of a graph, without a derivative."""
    return _scan(a, b, h_0)


@operator.register_fake
def _(a, b, h_0):  # noqa: ARG001
    return b.new_empty(b.shape)


@operator.register_vmap
def _(info: Any, in_dims: tuple, a: Tensor, b: Tensor, h_0: Tensor) -> tuple[Tensor, int]:
    """The entries as further rows, (T, entries, N, H)."""
    size = info.batch_size

    def entries(tensor: Tensor, dim: int | None, axis: int) -> Tensor:
        if dim is not None:
            return tensor.movedim(dim, axis)
        tensor = tensor.unsqueeze(axis)
        return tensor.expand(*tensor.shape[:axis], size, *tensor.shape[axis + 1 :])

    rows = (entries(*each) for each in zip((a, b, h_0), in_dims, (1, 1, 0)))
    return operator(*rows), 1


class _Scan(torch.autograd.Function):
    """(a, b, h_0) → h"""

    generate_vmap_rule = True

    @staticmethod
    def forward(a: Tensor, b: Tensor, h_0: Tensor) -> Tensor:
        return operator(a, b, h_0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        a, _, h_0 = inputs
        ctx.save_for_backward(a, h_0, output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What reaches b_t is d_h_t and a_{t+1} times what reaches b_{t+1}: a scan, from the last step on."""
        a, h_0, h = ctx.saved_tensors
        (d_h,) = gradients
        after = torch.cat([a[1:], torch.zeros_like(a[:1])])
        # A compiled graph has no second derivative, and the compiler can't trace one function inside another.
        again = operator if torch.compiler.is_compiling() else scan
        d_b = again(after.flip(0), d_h.flip(0), torch.zeros_like(h_0)).flip(0)
        before = torch.cat([h_0[None], h[:-1]])
        return d_b * before, d_b, a[0] * d_b[0]
