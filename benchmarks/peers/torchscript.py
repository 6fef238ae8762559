"""A layer-normalised LSTM as PyTorch's users write it: a scripted cell in a scripted loop over the steps.

In the style of PyTorch's own fast-RNN benchmark: each of a step's two products is normalised, and the memory
before the output's tanh, with the layer normalisation that PyTorch has.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import LayerNorm, Linear


class Cell(torch.nn.Module):
    """One step."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.from_input = Linear(inputs, 4 * hidden, bias=False)
        self.from_state = Linear(hidden, 4 * hidden, bias=False)
        self.norm_input = LayerNorm(4 * hidden)
        self.norm_state = LayerNorm(4 * hidden)
        self.norm_memory = LayerNorm(hidden)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        gates = self.norm_input(self.from_input(x)) + self.norm_state(self.from_state(h))
        i, f, g, o = gates.chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.norm_memory(c)), c


class LayerNormLSTM(torch.nn.Module):
    """Output (T, N, H) of x (T, N, I), from a state of zeros."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.cell = Cell(inputs, hidden)
        self.hidden = hidden

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.size(1), self.hidden)
        c = x.new_zeros(x.size(1), self.hidden)
        outputs: list[Tensor] = []
        for step in x.unbind(0):
            h, c = self.cell(step, h, c)
            outputs += [h]
        return torch.stack(outputs)


NAMES = {
    "cell.from_input.weight": "weight_ih_l0",
    "cell.from_state.weight": "weight_hh_l0",
    "cell.norm_input.weight": "ln_ih_weight_l0",
    "cell.norm_input.bias": "bias_ih_l0",
    "cell.norm_state.weight": "ln_hh_weight_l0",
    "cell.norm_state.bias": "bias_hh_l0",
    "cell.norm_memory.weight": "ln_c_weight_l0",
    "cell.norm_memory.bias": "ln_c_bias_l0",
}
"""Each parameter, and what `recurra.nn.LSTM` calls it."""


def trainer(layer: torch.nn.Module, x: Tensor, dy: Tensor) -> Callable[[], list[Tensor]]:
    """A function that returns the gradients of sum(y·dy): of x, then of the parameters in ``layer``'s order.

    ``layer`` is a `recurra.nn.LSTM` with layer_norm, whose values the scripted twin gets.
    """
    inputs = layer.get_parameter("weight_ih_l0").shape[1]
    twin = LayerNormLSTM(inputs, layer.get_parameter("ln_c_weight_l0").numel())
    twin.load_state_dict({own: layer.get_parameter(name) for own, name in NAMES.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # deprecated, and still what users have
        compiled = torch.jit.script(twin)
    own_names = {name: own for own, name in NAMES.items()}
    given = x.detach().clone().requires_grad_()
    wanted = [given, *(twin.get_parameter(own_names[name]) for name, _ in layer.named_parameters())]

    def run() -> list[Tensor]:
        return list(torch.autograd.grad(compiled(given), wanted, dy))

    for _ in range(2):  # in which TorchScript profiles, then compiles
        run()
    return run
