"""RNNCell, LSTMCell and GRUCell as in torch.nn, one step a call, and the options.

One step has nothing to gain from kernels that run over time. Without options it is torch.nn's own; with them
it is the equations of `recurra.cells`, on any device and with derivatives of any order. ``layer_norm``,
``zoneout``, ``peephole`` and ``reset_after`` mean what they mean for `recurra.nn.layers`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from recurra import cells
from recurra.nn.checks import attributes_of, check_pair, check_step, check_weight_dtype
from recurra.nn.initial import initialise
from recurra.nn.layers import GRU, LSTM, RNN
from recurra.nn.portable import without_autocast
from recurra.nn.refusal import refuse


class _Optioned(torch.nn.RNNCellBase):
    """What the options add to a cell of torch.nn. ``cell`` is its specification, None without options."""

    cell: cells.Cell | None

    def _specify(self, kind: type[cells.Cell], options: Mapping[str, Any], device: Any, dtype: Any) -> None:
        """Take these options and add their parameters; InputError where one is out of range."""
        checked = {name: cells.OPTIONS[name].check(name, value) for name, value in options.items()}
        defaults = kind.options()
        self._own_options = {name: value for name, value in checked.items() if value != defaults[name]}
        self.cell = None
        if not self._own_options:
            return
        shared = {"nonlinearity": self.nonlinearity} if isinstance(self, torch.nn.RNNCell) else {}
        self.cell = kind(self.input_size, self.hidden_size, bool(self.bias), **shared, **checked)
        for name, shape in self.cell.parameter_shapes().items():
            if name not in self._parameters:
                parameter = Parameter(torch.empty(shape, device=device, dtype=dtype))
                self.register_parameter(name, parameter)
                initialise(name, parameter, self.hidden_size)
        check_weight_dtype(self.weight_ih)

    def reset_parameters(self) -> None:
        """Draw torch.nn's uniform values; gains of normalisations become 1 and their biases 0."""
        for name, parameter in self.named_parameters():
            initialise(name, parameter, self.hidden_size)

    def extra_repr(self) -> str:
        """torch.nn's description, and the options that are on."""
        own = (f"{name}={value}" for name, value in self._own_options.items())
        return ", ".join([super().extra_repr(), *own])

    def _step(
        self,
        cell: cells.Cell,
        input: Tensor,  # noqa: A002
        hx: Sequence[Tensor] | None,
    ) -> list[Tensor]:
        """The new states (N, H) for an input (N, I) and states ``hx``; all of them without N, or with it."""
        names = cell.parameter_shapes()
        parameters = attributes_of(self, names)
        check_weight_dtype(self.weight_ih)
        batched = check_step(type(self).__name__, input, hx, self.weight_ih, self.hidden_size)
        # Half types have too few digits for sums over rows.
        dtype = torch.promote_types(self.weight_ih.dtype, torch.float32)
        x = (input if batched else input[None]).to(dtype)
        if hx is None:
            hx = [x.new_zeros(x.size(0), self.hidden_size)] * len(cell.states)
        elif not batched:
            hx = [tensor[None] for tensor in hx]
        state = {name: tensor.to(dtype) for name, tensor in zip(cell.states, hx)}
        p = {name: parameter.to(dtype) for name, parameter in zip(names, parameters)}
        noise = cell.no_noise()
        if self.training:
            for name, old in state.items():
                noise[f"keep_{name}"] = torch.bernoulli(torch.full_like(old, noise[f"keep_{name}"]))
        with without_autocast(x):
            new, _ = cell.step(torch, cell.with_zero_biases(torch, p), x, state, noise)
        results = [new[name].to(input.dtype) for name in cell.states]
        return results if batched else [tensor[0] for tensor in results]


class RNNCell(_Optioned, torch.nn.RNNCell):
    """One step of Elman's network, in place of `torch.nn.RNNCell`; equations in `recurra.cells.Elman`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        **unknown: Any,
    ) -> None:
        _refuse(type(self), unknown)
        super().__init__(input_size, hidden_size, bias, nonlinearity, device, dtype)
        self._specify(cells.Elman, {"layer_norm": layer_norm, "zoneout": zoneout}, device, dtype)

    def forward(
        self,
        input: Tensor,  # noqa: A002
        hx: Tensor | None = None,
    ) -> Tensor:
        """The new h (N, H) for an input (N, I) and h (N, H), zero unless given; N may be left out."""
        if self.cell is None:
            return super().forward(input, hx)
        return self._step(self.cell, input, None if hx is None else [hx])[0]


class GRUCell(_Optioned, torch.nn.GRUCell):
    """One step of the GRU, in place of `torch.nn.GRUCell`; equations in `recurra.cells.GRU`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        reset_after: bool = True,
        **unknown: Any,
    ) -> None:
        _refuse(type(self), unknown)
        super().__init__(input_size, hidden_size, bias, device, dtype)
        options = {"layer_norm": layer_norm, "zoneout": zoneout, "reset_after": reset_after}
        self._specify(cells.GRU, options, device, dtype)

    def forward(
        self,
        input: Tensor,  # noqa: A002
        hx: Tensor | None = None,
    ) -> Tensor:
        """The new h (N, H) for an input (N, I) and h (N, H), zero unless given; N may be left out."""
        if self.cell is None:
            return super().forward(input, hx)
        return self._step(self.cell, input, None if hx is None else [hx])[0]


class LSTMCell(_Optioned, torch.nn.LSTMCell):
    """One step of the LSTM, in place of `torch.nn.LSTMCell`; equations in `recurra.cells.LSTM`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        peephole: bool = False,
        **unknown: Any,
    ) -> None:
        _refuse(type(self), unknown)
        super().__init__(input_size, hidden_size, bias, device, dtype)
        options = {"layer_norm": layer_norm, "zoneout": zoneout, "peephole": peephole}
        self._specify(cells.LSTM, options, device, dtype)

    def forward(
        self,
        input: Tensor,  # noqa: A002
        hx: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The new (h, c), each (N, H), for an input (N, I) and ``hx`` (h, c), zero unless given."""
        if self.cell is None:
            return super().forward(input, hx)
        if hx is not None:
            check_pair(hx, "lstm_cell")
        h, c = self._step(self.cell, input, hx)
        return h, c


def _refuse(cell: type[_Optioned], unknown: Mapping[str, Any]) -> None:
    refuse(cell, unknown, (RNNCell, LSTMCell, GRUCell, RNN, LSTM, GRU))
