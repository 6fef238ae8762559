"""Layers and calls that several suites time: ours and torch.nn's with the same weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import recurra.nn

Layer = torch.nn.Module

# With a recurrent gain of 1 the state is chaotic: over 1000 steps rounding grows to the size of the
# gradients, and no two implementations can be compared.
GAINS = {"ln_ih_weight": 1.0, "ln_hh_weight": 0.5, "ln_c_weight": 1.0}


def ours(cell: str, inputs: int, hidden: int, **options: Any) -> Layer:
    """A layer of recurra.nn with weights that depend on their names and shapes alone.

    Not those of its constructor, which another revision may draw in another order.
    """
    layer = getattr(recurra.nn, cell)(inputs, hidden, **options)
    bound = hidden**-0.5
    for name, parameter in layer.named_parameters():
        generator = torch.Generator().manual_seed(sum(name.encode()))
        around = GAINS.get(name.partition("_l")[0], 0.0)
        with torch.no_grad():
            parameter.uniform_(around - bound, around + bound, generator=generator)
    return layer


def pair(cell: str, inputs: int, hidden: int, **options: Any) -> tuple[Layer, torch.nn.RNNBase]:
    """Our layer and torch.nn's, with the same weights."""
    layer = ours(cell, inputs, hidden, **options)
    peer = getattr(torch.nn, cell)(inputs, hidden, **options)
    peer.load_state_dict(layer.state_dict())
    return layer, peer


def data(*shape: int, seed: int = 0, **kind: Any) -> Tensor:
    """Normal random numbers, the same in every run."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), **kind)


def inference(layer: Layer, x: Tensor, **arguments: Any) -> Callable[[], Tensor]:
    """A call that computes the output."""

    def run() -> Tensor:
        with torch.inference_mode():
            return layer(x, **arguments)[0]

    return run


def training(layer: Layer, x: Tensor, dy: Tensor, **arguments: Any) -> Callable[[], list[Tensor]]:
    """A call that computes the gradients of sum(y·dy): of x, and of every parameter."""
    given = x.detach().clone().requires_grad_()
    wanted = [given, *layer.parameters()]
    return lambda: list(torch.autograd.grad(layer(given, **arguments)[0], wanted, dy))


def call(mode: str, layer: Layer, x: Tensor, dy: Tensor, **arguments: Any) -> Callable[[], Any]:
    """`inference` or `training`, by name."""
    return inference(layer, x, **arguments) if mode == "inference" else training(layer, x, dy, **arguments)


def in_threads(count: int, run: Callable[[], Any]) -> Callable[[], Any]:
    """The call with so many threads, of which it takes no notice itself."""

    def call() -> Any:
        torch.set_num_threads(count)
        return run()

    return call
