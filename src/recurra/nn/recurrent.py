"""RNN, LSTM and GRU as in torch.nn (arguments, parameters, ``state_dict``, results), and ``lengths``."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence

from recurra import cells
from recurra._base.errors import InputError
from recurra.nn import autograd, ops
from recurra.nn.checks import as_lengths, check_input, check_rank, check_state


class Recurrent(torch.nn.RNNBase):
    """What `RNN`, `LSTM` and `GRU` share. It holds torch.nn's parameters and computes them by our kernels.

    ``stack`` is the layer's specification.
    """

    stack: cells.Stack

    def _specify(self, cell: cells.Cell) -> None:
        self.stack = cells.Stack(cell, self.num_layers, self.bidirectional)
        self._specification = ops.specify(self.stack)

    def _run(
        self,
        input: Tensor,  # noqa: A002
        state: Sequence[Tensor] | None,
        lengths: Any,
    ) -> tuple[Tensor, list[Tensor]]:
        """The output and each final state, laid out as the input is."""
        if isinstance(input, PackedSequence):
            raise InputError(
                "input must be a padded tensor, got a PackedSequence; unpack it with "
                "torch.nn.utils.rnn.pad_packed_sequence and pass lengths="
            )
        check_rank(self.mode.split("_")[0], input)
        batched = input.dim() == 3
        x = input.unsqueeze(1) if not batched else input.transpose(0, 1) if self.batch_first else input
        parameters = [getattr(self, name) for name in self.stack.parameter_shapes()]
        check_input(x, parameters[0])
        shapes = list(self.stack.state_shapes(x.size(1)).values())
        if state is None:
            state = [x.new_zeros(shape) for shape in shapes]
        else:
            check_state(input, state, shapes)
            state = [tensor if batched else tensor.unsqueeze(1) for tensor in state]

        # Half types have too few digits for sums over many steps.
        dtype = torch.float64 if parameters[0].dtype == torch.float64 else torch.float32
        output, *state_n = autograd.run(
            self._specification,
            x.to(dtype),
            [tensor.to(dtype) for tensor in state],
            as_lengths(lengths),
            self._dropout_masks(x, dtype),
            [parameter.to(dtype) for parameter in parameters],
        )
        output, *state_n = (tensor.to(input.dtype) for tensor in (output, *state_n))
        if not batched:
            return output.squeeze(1), [tensor.squeeze(1) for tensor in state_n]
        return output.transpose(0, 1) if self.batch_first else output, state_n

    def _dropout_masks(self, x: Tensor, dtype: torch.dtype) -> Tensor | None:
        """Masks (L-1, T, N, D·H), drawn as torch.nn draws them: one by one."""
        if not (self.training and self.dropout and self.num_layers > 1):
            return None
        ones = x.new_ones((*x.shape[:2], self.stack.output_size), dtype=dtype)
        return torch.stack([dropout(ones, self.dropout) for _ in range(self.num_layers - 1)])


class _OneState(Recurrent):
    def forward(
        self,
        input: Tensor,  # noqa: A002
        hx: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, Tensor]:
        """Output (T, N, D·H) and final state (L·D, N, H), for an input (T, N, I) and initial state ``hx``.

        With ``batch_first``, input and output are (N, T, ·); without a batch there is no N. ``lengths``: N
        whole numbers in [0, T], in any order (a CPU tensor or any sequence); past its length a row's output
        is zero, and its final state is that of its own last step, for length 0 a copy of ``hx``. Raises
        what torch.nn raises, and InputError for lengths that do not fit.
        """
        if not isinstance(hx, Tensor | None):
            raise InputError(f"hx must be a tensor, got {type(hx).__name__}")
        output, (h_n,) = self._run(input, None if hx is None else [hx], lengths)
        return output, h_n


class RNN(_OneState):
    """Elman's network, h = φ(W_ih x + b_ih + W_hh h′ + b_hh), in place of `torch.nn.RNN`.

    Arguments, parameters and initial values are torch.nn's; calls also take ``lengths``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity
        self._specify(cells.Elman(input_size, hidden_size, bias, nonlinearity))


class GRU(_OneState):
    """The gated recurrent unit with the reset gate after the product, in place of `torch.nn.GRU`.

    Equations in `recurra.cells.GRU`. Arguments, parameters and initial values are torch.nn's; calls also take
    ``lengths``.
    """

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
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self._specify(cells.GRU(input_size, hidden_size, bias))


class LSTM(Recurrent):
    """Long short-term memory, in place of `torch.nn.LSTM`.

    Equations in `recurra.cells.LSTM`. Arguments, parameters and initial values are torch.nn's, but
    ``proj_size`` can only be 0; calls also take ``lengths``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if proj_size != 0:
            raise InputError(f"proj_size must be 0, since this LSTM has no projection, got {proj_size!r}")
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self._specify(cells.LSTM(input_size, hidden_size, bias))

    def forward(
        self,
        input: Tensor,  # noqa: A002
        hx: tuple[Tensor, Tensor] | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Output (T, N, D·H) and final states (h_n, c_n), each (L·D, N, H), for an input (T, N, I).

        ``hx`` is the initial pair (h_0, c_0). Layouts, ``lengths`` and errors as in `GRU.forward`.
        """
        if hx is not None and not (
            isinstance(hx, Sequence) and len(hx) == 2 and all(isinstance(tensor, Tensor) for tensor in hx)
        ):
            raise InputError(f"hx must be a pair of tensors (h_0, c_0), got {type(hx).__name__}")
        output, (h_n, c_n) = self._run(input, hx, lengths)
        return output, (h_n, c_n)
