"""What a model learns from, and how it is told how well it does."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from torch import Tensor


class Examples(Protocol):
    """Numbered examples, made a batch at a time.

    Where they also have ``lengths``, an array or tensor (n,) of whole numbers, a batch is made of examples of
    about the same length, so that it needs little padding. Where they have ``batches(batch_size, shuffle)``,
    that says what makes up each batch, always as many: whatever tensors ``[]`` takes, such as those of parts
    of examples that must follow one another.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor, /) -> tuple[Tensor, ...]:
        """The inputs and targets of the examples ``index`` (n,), int64: tensors (n, …)."""
        ...


Loss: TypeAlias = Callable[..., tuple[Tensor, Tensor] | tuple[Tensor, Tensor, dict[str, Tensor]]]
"""From the model and a batch's tensors to a sum over targets and how many targets that is, both scalar.

Every example has a target. A loss that carries something from batch to batch takes it after the model,
tensors by name, and gives what the next batch takes as a third value: the same names, shapes and types.
"""
