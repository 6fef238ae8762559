"""When a call may go past PyTorch's operators."""

import torch
from torch import Tensor


def in_transform() -> bool:
    """Whether a transform of torch.func is at work."""
    return not torch.compiler.is_compiling() and torch._C._are_functorch_transforms_active()


def directly(*tensors: Tensor | None) -> bool:
    """Whether these are plain tensors and nothing records, maps or fakes the operators that take them."""
    return (
        not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
        and torch._C._len_torch_dispatch_stack() == 0
        and not in_transform()
        and all(type(tensor) in _PLAIN for tensor in tensors)
    )


_PLAIN = frozenset({Tensor, torch.nn.Parameter, type(None)})
