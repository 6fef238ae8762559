"""Our layers in the place of torch.nn's, inside any module."""

import logging
from typing import TypeVar, cast

import torch

from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.nn.layers import GRU, LSTM, RNN
from recurra.nn.recurrent import Recurrent

Module = TypeVar("Module", bound=torch.nn.Module)

_OURS: dict[type[torch.nn.Module], type[Recurrent]] = {
    torch.nn.RNN: RNN,
    torch.nn.LSTM: LSTM,
    torch.nn.GRU: GRU,
}

_log = logging.getLogger(__name__)


def accelerate(module: Module) -> Module:
    """Turn every `torch.nn.RNN`, `LSTM` and `GRU` inside ``module`` into ours, and return ``module``.

    A layer stays the same object with the same parameters, hooks and names, so that optimisers, state dicts
    and all other references to it go on; only its class changes. Left alone are subclasses of torch.nn's
    layers (parametrised layers are), layers whose weights are computed before each call (weight_norm,
    spectral_norm, pruning) or whose ``forward`` was replaced, and complex ones.

    The logger ``recurra.nn.accelerate`` says what became of each layer: INFO where it was swapped, WARNING
    where it was left alone, and why. Raises InputError unless ``module`` is a module, and where an attribute
    of a layer has been set to what no layer can have; then nothing at all is swapped.
    """
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    found = [
        (f"{name}: {layer}" if name else str(layer), layer, _obstacle(layer))
        for name, layer in module.named_modules()
        if isinstance(layer, torch.nn.RNNBase) and not isinstance(layer, Recurrent)
    ]
    # Before the first is touched, since half a swap would be worse than none.
    stacks = [None if obstacle else _stack_of(label, layer) for label, layer, obstacle in found]
    for (label, layer, obstacle), stack in zip(found, stacks):
        if stack is None:
            _log.warning("left alone %s, since %s", label, obstacle)
            continue
        # As torch.nn's lazy modules do: a new object would miss all other references to the old one.
        layer.__class__ = _OURS[type(layer)]
        cast(Recurrent, layer).specify(stack)
        _log.info("swapped %s", label)
    return module


def _stack_of(label: str, layer: torch.nn.RNNBase) -> Stack:
    try:
        return _OURS[type(layer)].stack_of(layer)
    except (TypeError, ValueError) as error:
        raise InputError(f"module cannot be accelerated: {error} in {label}") from None


def _obstacle(layer: torch.nn.RNNBase) -> str | None:
    """Why none of our classes can take the layer over, if none can."""
    kind = type(layer)
    if kind not in _OURS:
        return f"{kind.__name__} is a class of its own"
    computed = [name for name in layer._flat_weights_names if name not in layer._parameters]
    if computed:
        return f"{', '.join(computed)} is computed before each call"
    if "forward" in vars(layer):
        return "its forward was replaced"
    dtypes = {parameter.dtype for parameter in layer.parameters()}
    if not all(dtype.is_floating_point for dtype in dtypes):
        return f"its weights are {', '.join(map(str, dtypes))}"
    return None
