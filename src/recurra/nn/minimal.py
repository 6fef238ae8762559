"""MinGRU and MinLSTM: recurrent layers without recurrent weights, scanned over time in parallel."""

import math
from typing import Any, ClassVar, cast

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence

from recurra import cells
from recurra._base.errors import InputError
from recurra._base.validation import probability
from recurra.cells import check_lengths
from recurra.cells.options import boolean
from recurra.nn import checks
from recurra.nn.portable import without_autocast
from recurra.nn.scan import scan


class _Minimal(torch.nn.Module):
    """What both share. ``stack`` is the layer's specification; parameters are named as it names them.

    They start uniform in ±1/√H, as those of the other layers do.
    """

    kind: ClassVar[type[cells.LinearRecurrence]]

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
        super().__init__()
        self.stack = cells.Stack(self.kind(input_size, hidden_size, bias), num_layers, bidirectional)
        self.batch_first = boolean("batch_first", batch_first)
        self.dropout = probability("dropout", dropout)
        for name, shape in self.stack.parameter_shapes().items():
            self.register_parameter(name, Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every parameter anew from PyTorch's generator."""
        bound = 1 / math.sqrt(self.stack.cell.hidden_size)
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        options = {**self.stack.to_dict(), "batch_first": self.batch_first, "dropout": self.dropout}
        return ", ".join(f"{name}={value}" for name, value in options.items() if name != "cell")

    def forward(
        self,
        input: Tensor,  # noqa: A002
        hx: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, Tensor]:
        """Output (T, N, D·H) and final state (L·D, N, H), for an input (T, N, I) and initial state ``hx``.

        Layouts, ``lengths`` and errors as in `recurra.nn.GRU.forward`, but for a PackedSequence, which raises
        InputError.
        """
        if isinstance(input, PackedSequence):
            raise InputError(
                "input must be a padded tensor, got a PackedSequence; unpack it with "
                "torch.nn.utils.rnn.pad_packed_sequence and pass lengths="
            )
        if not isinstance(hx, Tensor | None):
            raise InputError(f"hx must be a tensor, got {type(hx).__name__}")
        checks.check_rank(type(self).__name__, input)
        batched = input.dim() == 3
        if hx is not None:
            checks.check_state_rank(input.dim(), [hx])
            hx = hx if batched else hx.unsqueeze(1)
        x = input.unsqueeze(1) if not batched else input.transpose(0, 1) if self.batch_first else input

        parameters = dict(self.named_parameters())
        checks.check_input(x, parameters["weight_ih_l0"], 3)
        shape = self.stack.state_shapes(x.size(1))["h"]
        if hx is not None:
            checks.check_state([hx], [shape])
        checks.check_together(x, [] if hx is None else [hx], list(parameters.values()))

        # Half types have too few digits for sums over many steps.
        dtype = torch.promote_types(parameters["weight_ih_l0"].dtype, torch.float32)
        h_0 = x.new_zeros(shape, dtype=dtype) if hx is None else hx.to(dtype)
        p = {name: parameter.to(dtype) for name, parameter in parameters.items()}
        with without_autocast(x):
            output, h_n = self._scan(p, x.to(dtype), h_0, _live(x, checks.as_lengths(lengths)))
        output, h_n = output.to(x.dtype), h_n.to(x.dtype)
        if not batched:
            return output.squeeze(1), h_n.squeeze(1)
        return output.transpose(0, 1) if self.batch_first else output, h_n

    def _scan(self, p: dict[str, Tensor], x: Tensor, h_0: Tensor, live: Tensor) -> tuple[Tensor, Tensor]:
        """Output (T, N, D·H) and final states (L·D, N, H), for x (T, N, I); live (T, N, 1)."""
        D, h_n = self.stack.num_directions, []
        runs = self.stack.layers()
        for layer in range(self.stack.num_layers):
            if layer and self.training:
                x = dropout(x, self.dropout)
            # Padding may hold anything; what enters no equation can't turn a gradient into NaN.
            x = torch.where(live, x, 0.0)
            outputs = []
            for run in runs[layer * D : (layer + 1) * D]:
                own = run.cell.with_zero_biases(torch, run.parameters(p))
                a, b, _ = cast(cells.LinearRecurrence, run.cell).coefficients(torch, own, x)
                # Past its length a row keeps its state.
                a, b = torch.where(live, a, 1.0), torch.where(live, b, 0.0)
                if run.reverse:
                    a, b = a.flip(0), b.flip(0)
                h = scan(a, b, h_0[run.index])
                h_n.append(h[-1])
                outputs.append(torch.where(live, h.flip(0) if run.reverse else h, 0.0))
            x = torch.cat(outputs, -1)
        return x, torch.stack(h_n)


def _live(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Whether each step of x (T, N, I) is within its row, (T, N, 1); InputError for wrong lengths."""
    T, N = x.shape[:2]
    if lengths is None:
        return x.new_ones(T, N, 1, dtype=torch.bool)
    checked = torch.from_numpy(check_lengths(lengths.numpy(), T, N)).to(x.device)
    return (torch.arange(T, device=x.device)[:, None] < checked)[..., None]


class MinGRU(_Minimal):
    """The minimal gated recurrent unit (equations in `recurra.cells.MinGRU`), with `GRU`'s calls."""

    kind = cells.MinGRU


class MinLSTM(_Minimal):
    """Minimal long short-term memory (equations in `recurra.cells.MinLSTM`), with `GRU`'s calls."""

    kind = cells.MinLSTM
