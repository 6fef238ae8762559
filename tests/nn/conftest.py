"""Layers of ours beside torch.nn's, with the same random weights, biases and states, none of them zero."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from recurra import nn

KINDS = {
    "rnn-tanh": (nn.RNN, torch.nn.RNN, {}),
    "rnn-relu": (nn.RNN, torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, torch.nn.LSTM, {}),
    "gru": (nn.GRU, torch.nn.GRU, {}),
}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(params=KINDS)
def make_pair(request) -> Callable[..., tuple[Any, Any]]:
    """make_pair(*sizes, **options): our layer and torch.nn's with equal parameters, float64 unless told."""
    ours, theirs, fixed = KINDS[request.param]

    def make(*sizes, dtype=torch.float64, **options):
        pair = [kind(*sizes, dtype=dtype, **fixed, **options) for kind in (ours, theirs)]
        pair[0].load_state_dict(pair[1].state_dict())
        return pair

    return make


@pytest.fixture
def make(make_pair) -> Callable[..., Any]:
    """Our layer alone."""
    return lambda *sizes, **options: make_pair(*sizes, **options)[0]


def states_of(hx: Any) -> list[torch.Tensor]:
    """The states as a list, of whichever layer."""
    return list(hx) if isinstance(hx, tuple) else [hx]


def random_state(layer: torch.nn.RNNBase, *rows: int, dtype: torch.dtype = torch.float64) -> Any:
    """A random hx for so many rows, or for an unbatched input."""
    shape = (layer.num_layers * (1 + layer.bidirectional), *rows, layer.hidden_size)
    state = [torch.randn(shape, dtype=dtype) for _ in range(1 + (layer.mode == "LSTM"))]
    return tuple(state) if len(state) > 1 else state[0]


def gradients(layer: torch.nn.Module, x: torch.Tensor, hx: Any, **options: Any) -> Iterator[torch.Tensor]:
    """Output, final states, and the gradients of input, states and parameters for random output gradients."""
    x = x.detach().requires_grad_()
    state = [] if hx is None else [tensor.detach().requires_grad_() for tensor in states_of(hx)]
    output, state_n = layer(
        x, None if hx is None else tuple(state) if len(state) > 1 else state[0], **options
    )
    results = [output, *states_of(state_n)]
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(r.shape, generator=generator, dtype=torch.float64).to(r.dtype) for r in results]
    loss = sum((r * w).sum() for r, w in zip(results, weights))
    yield from results
    yield from torch.autograd.grad(
        loss, [x, *state, *layer.parameters()], allow_unused=True, materialize_grads=True
    )
