"""What all recurrent layers share: torch.nn's calls, layouts and packing, parameters and first states."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recurra import cells, kernels
from recurra._base.errors import InputError
from recurra._base.validation import probability
from recurra.cells.options import boolean
from recurra.nn import checks
from recurra.nn.initial import initialise

SHARED_OPTIONS = {"nonlinearity", "proj_size"}
"""Options of cells that torch.nn's layers have too."""

_CHECKS = {"recurrent_dropout": probability, "weight_dropout": probability, "learn_initial_state": boolean}


class Layer(torch.nn.Module):
    """Base of `recurra.nn.recurrent.Recurrent` and `recurra.nn.minimal.Minimal`."""

    kind: ClassVar[type[cells.Cell]]
    """The cell."""
    title: ClassVar[str]
    """What messages call the layer and its subclasses, as in torch.nn."""

    hidden_size: int
    batch_first: bool
    recurrent_dropout: float = 0.0
    weight_dropout: float = 0.0
    learn_initial_state: bool = False
    stack: cells.Stack
    """The layer's specification."""

    def specify(self, stack: cells.Stack) -> None:
        """Take the specification, and work out once what each call needs of it."""
        self.stack = stack
        self._names = list(stack.parameter_shapes())
        self._runs, self._widths = len(stack.layers()), list(stack.cell.state_sizes().values())
        self._own_options = {
            name: getattr(stack.cell, name)
            for name, default in self.kind.options().items()
            if name not in SHARED_OPTIONS and getattr(stack.cell, name) != default
        }

    def complete(self, options: Mapping[str, Any], device: Any, dtype: Any) -> None:
        """Take these of `recurra.cells.LAYER_OPTIONS`, and register the parameters that are not there yet.

        Raises InputError for an option out of range, and for complex parameters.
        """
        for name, value in options.items():
            setattr(self, name, _CHECKS[name](name, value))
        shapes: dict[str, tuple[int, ...]] = dict(self.stack.parameter_shapes())
        if self.learn_initial_state:
            shapes |= {f"initial_{name}": shape for name, shape in self.stack.state_shapes(1).items()}
        for name in [name for name in shapes if name not in self._parameters]:
            parameter = Parameter(torch.empty(shapes[name], device=device, dtype=dtype))
            self.register_parameter(name, parameter)
            initialise(name, parameter, self.hidden_size)
        checks.check_weight_dtype(getattr(self, self._names[0]))

    def reset_parameters(self) -> None:
        """Draw torch.nn's uniform values; gains of normalisations become 1, their biases and states 0."""
        for name, parameter in self.named_parameters():
            initialise(name, parameter, self.hidden_size)

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of the stack, by layer and then direction."""
        runs = self.stack.layers()
        return [[getattr(self, name + run.suffix) for name in run.cell.parameter_shapes()] for run in runs]

    def stream(
        self, state: Mapping[str, np.ndarray] | None = None, *, weights: str | None = None
    ) -> kernels.StackStream:
        """Single steps over a copy of the weights: ``step(x)`` takes an array (I,) and gives a new one (R,).

        Steps are those of evaluation, on the CPU, in float64 for a float64 layer and else in float32.
        ``state`` is what another stream's ``state()`` gave, arrays (L, ·) by name; None is where sequences
        of this layer begin. ``weights`` "bfloat16" or "int8" rounds the weights, for steps that have less to
        read: those of RNN, LSTM and GRU without options and not in float64; `quantization_error` says what it
        costs. Raises InputError for a bidirectional layer, a state that does not fit, and weights that can't
        be rounded.
        """
        if self.stack.bidirectional:
            raise InputError(
                f"{self.title}.stream needs a layer in one direction, got bidirectional=True; "
                "call the layer on whole sequences"
            )
        tensors = checks.attributes_of(self, self._names)
        dtype = torch.promote_types(tensors[0].dtype, torch.float32)
        parameters = {name: _on_cpu(tensor, dtype) for name, tensor in zip(self._names, tensors)}
        if weights is None:
            packed = kernels.PackedStack(self.stack, parameters)
        else:
            packed = kernels.QuantizedStack(self.stack, parameters, weights)
        start = None
        if self.learn_initial_state:
            names = self.stack.cell.states
            learned = checks.attributes_of(self, [f"initial_{name}" for name in names])
            start = {name: _on_cpu(tensor[:, 0], dtype) for name, tensor in zip(names, learned)}
        return kernels.StackStream(packed, state, start=start)

    def quantization_error(self, x: np.ndarray, weights: str) -> float:
        """The largest |difference| of an output that rounded weights make, over the steps of x (T, I).

        Between streams with such weights and with the layer's own, both from the beginning. Raises what
        `stream` raises, and InputError for x of another shape.
        """
        return kernels.largest_difference(self.stream(weights=weights), self.stream(), x)

    def extra_repr(self) -> str:
        """torch.nn's description, and the options that are on."""
        own = {name: getattr(self, name) for name in cells.LAYER_OPTIONS if getattr(self, name)}
        options = (f"{name}={value}" for name, value in (self._own_options | own).items())
        return ", ".join([torch.nn.RNNBase.extra_repr(cast(torch.nn.RNNBase, self)), *options])

    @abstractmethod
    def _evaluate(
        self, x: Tensor, state: Sequence[Tensor], lengths: Tensor | None, parameters: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        """Output (T, N, D·R) and final states (L·D, N, ·), of any dtype, for x (T, N, I)."""

    def _run(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        state: Sequence[Tensor] | None,
        lengths: Any,
    ) -> tuple[Any, list[Tensor]]:
        """The output and each final state, laid out as the input is."""
        parameters = checks.attributes_of(self, self._names)
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise InputError("lengths must be left out with a PackedSequence, which has its own")
            return self._run_packed(input, state, parameters)
        checks.check_rank(self.title, input)
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

    def _run_with_one_state(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        hx: Any,
        lengths: Any,
    ) -> tuple[Any, Tensor]:
        """`_run` for a cell whose only state is h."""
        if not isinstance(hx, Tensor | None):
            raise InputError(f"hx must be a tensor, got {type(hx).__name__}")
        output, (h_n,) = self._run(input, None if hx is None else [hx], lengths)
        return output, h_n

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
        N = x.size(1)
        shapes = [(self._runs, N, width) for width in self._widths]
        if state is not None:
            checks.check_state(state, shapes)
        checks.check_together(x, state or (), parameters)
        if state is None:
            state = self._initial_state(x, shapes)
        output, *state_n = in_dtype(self._evaluate(x, state, lengths, parameters), x.dtype)
        return output, state_n

    def _initial_state(self, x: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
        if not self.learn_initial_state:
            return [x.new_zeros(shape) for shape in shapes]
        learned = checks.attributes_of(self, [f"initial_{name}" for name in self.stack.cell.states])
        return [tensor.expand(shape) for tensor, shape in zip(learned, shapes)]


def in_dtype(tensors: Iterable[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """The tensors in that dtype; most are, and a conversion that changes nothing has its cost too."""
    return [tensor if tensor.dtype == dtype else tensor.to(dtype) for tensor in tensors]


def _on_cpu(tensor: Tensor, dtype: torch.dtype) -> np.ndarray:
    return tensor.detach().to("cpu", dtype).numpy()
