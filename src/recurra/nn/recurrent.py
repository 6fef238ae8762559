"""What RNN, LSTM and GRU share: torch.nn's arguments, the kernels, and the masks of training."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from recurra import cells
from recurra.nn import autograd, cudnn, ops
from recurra.nn.layer import SHARED_OPTIONS, Layer, in_dtype
from recurra.nn.masks import drop_out
from recurra.nn.noise import draw


class Recurrent(Layer, torch.nn.RNNBase):
    """Base of `RNN`, `LSTM` and `GRU`.

    Not a subclass of `torch.nn.LSTM` and its like, which torch.compile refuses to trace.
    """

    def __init__(
        self,
        *arguments: Any,
        recurrent_dropout: float,
        weight_dropout: float,
        learn_initial_state: bool,
        options: Mapping[str, Any],
        device: Any,
        dtype: Any,
    ) -> None:
        """``arguments`` are those of `torch.nn.RNNBase`, ``options`` the cell's own beyond torch.nn's."""
        super().__init__(*arguments, device=device, dtype=dtype)
        self.specify(self.stack_of(self, options))
        own = {
            "recurrent_dropout": recurrent_dropout,
            "weight_dropout": weight_dropout,
            "learn_initial_state": learn_initial_state,
        }
        self.complete(own, device, dtype)

    @classmethod
    def stack_of(cls, layer: torch.nn.RNNBase, options: Mapping[str, Any] | None = None) -> cells.Stack:
        """The specification that follows from a layer of torch.nn and these options of the cell.

        Raises InputError where one of the layer's sizes is out of range.
        """
        shared = {name: getattr(layer, name) for name in SHARED_OPTIONS & cls.kind.options().keys()}
        # torch.nn takes what has the truth or the value of these types.
        cell = cls.kind(
            int(layer.input_size), int(layer.hidden_size), bool(layer.bias), **shared, **(options or {})
        )
        return cells.Stack(cell, int(layer.num_layers), bool(layer.bidirectional))

    def specify(self, stack: cells.Stack) -> None:
        super().specify(stack)
        self._specification = ops.specify(stack)

    @property
    def layer_norm(self) -> bool:
        """Whether each product is normalised over its rows."""
        return self.option("layer_norm")

    @property
    def zoneout(self) -> float:
        """Probability that a unit of a state keeps its old value."""
        return self.option("zoneout")

    def option(self, name: str) -> Any:
        """An option of the cell, fixed when the layer was made."""
        return getattr(self.stack.cell, name)

    def _evaluate(
        self, x: Tensor, state: Sequence[Tensor], lengths: Tensor | None, parameters: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        if self.training and self.weight_dropout:
            parameters = [
                drop_out(parameter, self.weight_dropout) if name.startswith("weight_hh") else parameter
                for name, parameter in zip(self._names, parameters)
            ]

        # Half types have too few digits for sums over many steps; cuDNN sums in float32 by itself.
        by_cudnn = self._is_plain() and cudnn.serves(x, lengths)
        dtype = parameters[0].dtype if by_cudnn else torch.promote_types(parameters[0].dtype, torch.float32)
        x, *state = in_dtype([x, *state], dtype)
        if by_cudnn:
            return cudnn.run(self, x, state, lengths, parameters)
        noise = draw(self.stack, x, self.dropout, self.recurrent_dropout, self.training)
        return autograd.run(self._specification, x, state, lengths, noise, in_dtype(parameters, dtype))

    def _is_plain(self) -> bool:
        """Whether torch.nn has all that this call is to compute."""
        return not self._own_options and not (self.training and self.recurrent_dropout)
