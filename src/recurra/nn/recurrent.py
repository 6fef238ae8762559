"""What RNN, LSTM and GRU share: torch.nn's parameters and calls, computed by the kernels, and the options."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recurra import cells
from recurra._base.errors import InputError
from recurra._base.validation import probability
from recurra.cells.options import boolean
from recurra.nn import autograd, checks, cudnn, ops
from recurra.nn.initial import initialise
from recurra.nn.noise import draw

_SHARED = {"nonlinearity", "proj_size"}
"""Options of cells that torch.nn's layers have too."""


class Recurrent(torch.nn.RNNBase):
    """Base of `RNN`, `LSTM` and `GRU`. ``stack`` is the layer's specification.

    Not a subclass of `torch.nn.LSTM` and its like, which torch.compile refuses to trace.
    """

    kind: ClassVar[type[cells.Cell]]
    """The cell."""

    stack: cells.Stack
    recurrent_dropout: float = 0.0
    weight_dropout: float = 0.0
    learn_initial_state: bool = False

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
        self.recurrent_dropout = probability("recurrent_dropout", recurrent_dropout)
        self.weight_dropout = probability("weight_dropout", weight_dropout)
        self.learn_initial_state = boolean("learn_initial_state", learn_initial_state)
        self.specify(**options)
        shapes = self.stack.parameter_shapes()
        if learn_initial_state:
            shapes |= {f"initial_{name}": shape for name, shape in self.stack.state_shapes(1).items()}
        for name in [name for name in shapes if name not in self._parameters]:
            parameter = Parameter(torch.empty(shapes[name], device=device, dtype=dtype))
            self.register_parameter(name, parameter)
            initialise(name, parameter, self.hidden_size)

    def specify(self, **options: Any) -> None:
        """Derive ``stack`` from these options of the cell and the attributes that torch.nn's layers have."""
        known = self.kind.options()
        given = {name: getattr(self, name) for name in _SHARED & known.keys()} | options
        cell = self.kind(self.input_size, self.hidden_size, self.bias, **given)
        self.stack = cells.Stack(cell, self.num_layers, self.bidirectional)
        self._specification = ops.specify(self.stack)
        # Once, and not at every call.
        self._names = list(self.stack.parameter_shapes())
        self._own_options = {
            name: getattr(cell, name)
            for name, default in known.items()
            if name not in _SHARED and getattr(cell, name) != default
        }
        runs = self.stack.layers()
        self._all_weights = [[name + run.suffix for name in run.cell.parameter_shapes()] for run in runs]

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

    def reset_parameters(self) -> None:
        """Draw torch.nn's uniform values; gains of normalisations become 1, their biases and states 0."""
        for name, parameter in self.named_parameters():
            initialise(name, parameter, self.hidden_size)

    def extra_repr(self) -> str:
        """torch.nn's description, and the options that are on."""
        own = {name: getattr(self, name) for name in cells.LAYER_OPTIONS if getattr(self, name)}
        options = (f"{name}={value}" for name, value in (self._own_options | own).items())
        return ", ".join([super().extra_repr(), *options])

    def _run(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        state: Sequence[Tensor] | None,
        lengths: Any,
    ) -> tuple[Any, list[Tensor]]:
        """The output and each final state, laid out as the input is."""
        parameters = [getattr(self, name) for name in self._names]
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise InputError("lengths must be left out with a PackedSequence, which has its own")
            return self._run_packed(input, state, parameters)
        checks.check_rank(self.mode.split("_")[0], input)
        batched = input.dim() == 3
        if state is not None:
            checks.check_state_rank(input.dim(), state)
            state = state if batched else [tensor.unsqueeze(1) for tensor in state]
        x = input.unsqueeze(1) if not batched else input.transpose(0, 1) if self.batch_first else input
        checks.check_input(x, parameters[0], 3)
        output, state_n = self._compute(x, state, checks.as_lengths(lengths), parameters)
        if not batched:
            return output.squeeze(1), [tensor.squeeze(1) for tensor in state_n]
        return output.transpose(0, 1) if self.batch_first else output, state_n

    def _run_packed(
        self, packed: PackedSequence, state: Sequence[Tensor] | None, parameters: Sequence[Tensor]
    ) -> tuple[PackedSequence, list[Tensor]]:
        data, batch_sizes, order, order_back = packed
        checks.check_input(data, parameters[0], 2)
        x, lengths = pad_packed_sequence(PackedSequence(data, batch_sizes))
        if state is not None and order is not None:
            state = [tensor.index_select(1, order) for tensor in state]
        output, state_n = self._compute(x, state, lengths, parameters)
        data = pack_padded_sequence(output, lengths).data
        if order_back is not None:
            state_n = [tensor.index_select(1, order_back) for tensor in state_n]
        return PackedSequence(data, batch_sizes, order, order_back), state_n

    def _compute(
        self,
        x: Tensor,
        state: Sequence[Tensor] | None,
        lengths: Tensor | None,
        parameters: Sequence[Tensor],
    ) -> tuple[Tensor, list[Tensor]]:
        """Output (T, N, D·R) and final states (L·D, N, ·), for x (T, N, I), all of the input's dtype."""
        shapes = list(self.stack.state_shapes(x.size(1)).values())
        if state is not None:
            checks.check_state(state, shapes)
        checks.check_together(x, state or (), parameters)
        if state is None:
            state = self._initial_state(x, shapes)
        if self.training and self.weight_dropout:
            parameters = [
                dropout(parameter, self.weight_dropout) if name.startswith("weight_hh") else parameter
                for name, parameter in zip(self._names, parameters)
            ]

        # Half types have too few digits for sums over many steps; cuDNN sums in float32 by itself.
        by_cudnn = self._is_plain() and cudnn.serves(x, lengths)
        dtype = parameters[0].dtype if by_cudnn else torch.promote_types(parameters[0].dtype, torch.float32)
        arguments = x.to(dtype), [tensor.to(dtype) for tensor in state], lengths
        if by_cudnn:
            results = cudnn.run(self, *arguments, parameters)
        else:
            noise = draw(self.stack, arguments[0], self.dropout, self.recurrent_dropout, self.training)
            parameters = [parameter.to(dtype) for parameter in parameters]
            results = autograd.run(self._specification, *arguments, noise, parameters)
        output, *state_n = (tensor.to(x.dtype) for tensor in results)
        return output, state_n

    def _initial_state(self, x: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
        if not self.learn_initial_state:
            return [x.new_zeros(shape) for shape in shapes]
        learned = [getattr(self, f"initial_{name}") for name in self.stack.cell.states]
        return [tensor.expand(shape) for tensor, shape in zip(learned, shapes)]

    def _is_plain(self) -> bool:
        """Whether torch.nn has all that this call is to compute."""
        return not self._own_options and not (self.training and self.recurrent_dropout)
