"""MinGRU and MinLSTM: recurrent layers without recurrent weights, scanned over time in parallel."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import torch
from torch import Tensor
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence

from recurra import cells
from recurra._base.validation import probability
from recurra.cells.options import boolean
from recurra.nn import ops
from recurra.nn.layer import Layer
from recurra.nn.layers import GRU, LSTM, RNN
from recurra.nn.portable import without_autocast
from recurra.nn.refusal import refuse
from recurra.nn.scan import scan


class Minimal(Layer):
    """What both share. Parameters start uniform in ±1/√H, as those of the other layers do."""

    proj_size: ClassVar[int] = 0

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        learn_initial_state: bool = False,
        device: Any = None,
        dtype: Any = None,
        **unknown: Any,
    ) -> None:
        super().__init__()
        refuse(type(self), unknown, (RNN, LSTM, GRU))
        self.specify(cells.Stack(self.kind(input_size, hidden_size, bias), num_layers, bidirectional))
        cell = self.stack.cell
        self.input_size, self.hidden_size, self.bias = cell.input_size, cell.hidden_size, cell.bias
        self.num_layers, self.bidirectional = self.stack.num_layers, self.stack.bidirectional
        self.batch_first = boolean("batch_first", batch_first)
        self.dropout = probability("dropout", dropout)
        self.complete({"learn_initial_state": learn_initial_state}, device, dtype)

    def flatten_parameters(self) -> None:
        """Do nothing: these layers have no copy of their weights, on no device."""

    def _evaluate(
        self, x: Tensor, state: Sequence[Tensor], lengths: Tensor | None, parameters: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        # Half types have too few digits for sums over many steps.
        dtype = torch.promote_types(parameters[0].dtype, torch.float32)
        p = {name: parameter.to(dtype) for name, parameter in zip(self._names, parameters)}
        live = None if lengths is None else ops.live(x.detach(), lengths)
        with without_autocast(x):
            return self._scan(p, x.to(dtype), state[0].to(dtype), live)

    def _scan(
        self, p: dict[str, Tensor], x: Tensor, h_0: Tensor, live: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Output (T, N, D·H) and final states (L·D, N, H), for x (T, N, I); live (T, N, 1), None for all."""

        def past_its_length(value: float, tensor: Tensor) -> Tensor:
            return tensor if live is None else torch.where(live, tensor, value)

        D, h_n = self.stack.num_directions, []
        runs = self.stack.layers()
        for layer in range(self.stack.num_layers):
            if layer and self.training:
                x = dropout(x, self.dropout)
            # Padding may hold anything; what enters no equation can't turn a gradient into NaN.
            x = past_its_length(0.0, x)
            outputs = []
            for run in runs[layer * D : (layer + 1) * D]:
                own = run.cell.with_zero_biases(torch, run.parameters(p))
                a, b, _ = cast(cells.LinearRecurrence, run.cell).coefficients(torch, own, x)
                # There a row keeps its state.
                a, b = past_its_length(1.0, a), past_its_length(0.0, b)
                if run.reverse:
                    a, b = a.flip(0), b.flip(0)
                h = scan(a, b, h_0[run.index])
                h_n.append(h[-1])
                outputs.append(past_its_length(0.0, h.flip(0) if run.reverse else h))
            x = torch.cat(outputs, -1)
        return x, torch.stack(h_n)


class MinGRU(Minimal):
    """The minimal gated recurrent unit (equations in `recurra.cells.MinGRU`), with `GRU`'s calls.

    Its only option is ``learn_initial_state``. Constructors raise InputError for what is out of range and
    for options of other layers.
    """

    kind = cells.MinGRU
    title = "MinGRU"

    def forward(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        hx: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Output and final state; layouts, ``lengths`` and errors as in `recurra.nn.GRU.forward`."""
        return self._run_with_one_state(input, hx, lengths)


class MinLSTM(Minimal):
    """Minimal long short-term memory (equations in `recurra.cells.MinLSTM`), with `GRU`'s calls.

    Options as for `MinGRU`.
    """

    kind = cells.MinLSTM
    title = "MinLSTM"

    def forward(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        hx: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Output and final state; layouts, ``lengths`` and errors as in `recurra.nn.GRU.forward`."""
        return self._run_with_one_state(input, hx, lengths)
