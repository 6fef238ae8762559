"""What a model learns from, and how it is told how well it does."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from torch import Tensor


class Examples(Protocol):
    """Numbered examples, made a batch at a time.

    Where they also have ``lengths``, an array or tensor (n,) of whole numbers, a batch is made of examples of
    about the same length, so that it needs little padding.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor, /) -> tuple[Tensor, ...]:
        """The inputs and targets of the examples ``index`` (n,), int64: tensors (n, …)."""
        ...


Loss: TypeAlias = Callable[..., tuple[Tensor, Tensor]]
"""From the model and a batch's tensors to a sum over targets and how many targets that is, both scalar.

Every example has a target.
"""
