"""Layers of ours beside torch.nn's, with the same random weights, biases and states, none of them zero."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence

from recurra import nn

KINDS = {
    "rnn-tanh": (nn.RNN, torch.nn.RNN, {}),
    "rnn-relu": (nn.RNN, torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, torch.nn.LSTM, {}),
    "gru": (nn.GRU, torch.nn.GRU, {}),
}

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")),
]


@pytest.fixture(params=DEVICES)
def device(request) -> str:
    """Every kind of device that is to be tested."""
    return request.param


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


@pytest.fixture(params=KINDS)
def make(request) -> Callable[..., Any]:
    """Our layer alone, which may have options that torch.nn's has not."""
    kind, _, fixed = KINDS[request.param]
    return lambda *sizes, dtype=torch.float64, **options: kind(*sizes, dtype=dtype, **fixed, **options)


def states_of(hx: Any) -> list[torch.Tensor]:
    """The states as a list, of whichever layer."""
    return list(hx) if isinstance(hx, tuple) else [hx]


def random_state(
    layer: torch.nn.RNNBase, *rows: int, dtype: torch.dtype = torch.float64, device: str = "cpu"
) -> Any:
    """A random hx for so many rows, or for an unbatched input."""
    runs = layer.num_layers * (1 + layer.bidirectional)
    sizes = [layer.proj_size or layer.hidden_size, layer.hidden_size][: 1 + (layer.mode == "LSTM")]
    state = [torch.randn((runs, *rows, size), dtype=dtype).to(device) for size in sizes]
    return tuple(state) if len(state) > 1 else state[0]


def gradients(layer: torch.nn.Module, x: Any, hx: Any, **options: Any) -> Iterator[torch.Tensor]:
    """Output, final states, and the gradients of input, states and parameters for random output gradients.

    An input may be packed; then input and output are the packed data.
    """
    data = (x.data if isinstance(x, PackedSequence) else x).detach().requires_grad_()
    state = [] if hx is None else [tensor.detach().requires_grad_() for tensor in states_of(hx)]
    output, state_n = layer(
        x._replace(data=data) if isinstance(x, PackedSequence) else data,
        None if hx is None else tuple(state) if len(state) > 1 else state[0],
        **options,
    )
    results = [output.data if isinstance(x, PackedSequence) else output, *states_of(state_n)]
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(r.shape, generator=generator, dtype=torch.float64).to(r) for r in results]
    loss = sum((r * w).sum() for r, w in zip(results, weights))
    yield from results
    yield from torch.autograd.grad(
        loss, [data, *state, *layer.parameters()], allow_unused=True, materialize_grads=True
    )
