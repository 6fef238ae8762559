"""RNN, LSTM and GRU as in torch.nn (arguments, parameters, ``state_dict``, results), and what they gain.

What they gain is ``lengths`` in calls, and the options. Options of all three: ``layer_norm`` (each product
normalised over its rows), ``recurrent_dropout`` (probability to drop a value of the h′ that enters W_hh, one
mask for all steps of a sequence), ``weight_dropout`` (the same for a value of W_hh, one mask a call),
``zoneout`` (probability that a unit of a state keeps its old value at a step) and ``learn_initial_state``
(parameters ``initial_h`` and ``initial_c`` (L·D, 1, ·), zero at first, instead of zeros). The three
probabilities act in training; at inference zoneout takes its expectation and the others nothing.
Constructors raise what torch.nn's raise, and InputError for options out of range or of another layer.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from recurra import cells
from recurra.nn.checks import check_pair
from recurra.nn.recurrent import Recurrent
from recurra.nn.refusal import refuse


class RNN(Recurrent):
    """Elman's network, h = φ(W_ih x + b_ih + W_hh h′ + b_hh), in place of `torch.nn.RNN`.

    Options as above.
    """

    kind = cells.Elman
    title = "RNN"
    nonlinearity: str

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
        device: Any = None,
        dtype: Any = None,
        *,
        layer_norm: bool = False,
        recurrent_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        zoneout: float = 0.0,
        learn_initial_state: bool = False,
        **unknown: Any,
    ) -> None:
        _refuse(type(self), unknown)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self.nonlinearity = nonlinearity
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            recurrent_dropout=recurrent_dropout,
            weight_dropout=weight_dropout,
            learn_initial_state=learn_initial_state,
            options={"layer_norm": layer_norm, "zoneout": zoneout},
            device=device,
            dtype=dtype,
        )

    def forward(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        hx: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Output and final state; layouts, ``lengths`` and errors as in `GRU.forward`."""
        return self._run_with_one_state(input, hx, lengths)


class GRU(Recurrent):
    """The gated recurrent unit, in place of `torch.nn.GRU`; equations in `recurra.cells.GRU`.

    Options as above, and ``reset_after``: whether the reset gate acts after the recurrent product (torch.nn's
    GRU) or before it (the textbooks').
    """

    kind = cells.GRU
    title = "GRU"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        layer_norm: bool = False,
        recurrent_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        zoneout: float = 0.0,
        reset_after: bool = True,
        learn_initial_state: bool = False,
        **unknown: Any,
    ) -> None:
        _refuse(type(self), unknown)
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            recurrent_dropout=recurrent_dropout,
            weight_dropout=weight_dropout,
            learn_initial_state=learn_initial_state,
            options={"layer_norm": layer_norm, "zoneout": zoneout, "reset_after": reset_after},
            device=device,
            dtype=dtype,
        )

    @property
    def reset_after(self) -> bool:
        """Whether the reset gate acts after the recurrent product."""
        return self.option("reset_after")

    def forward(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        hx: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Output (T, N, D·H) and final state (L·D, N, H), for an input (T, N, I) and initial state ``hx``.

        With ``batch_first``, input and output are (N, T, ·); without a batch there is no N. ``lengths``: N
        whole numbers in [0, T], in any order (a CPU tensor or any sequence); past its length a row's output
        is zero, and its final state is that of its own last step, for length 0 a copy of ``hx``. A
        PackedSequence in, which has its own lengths, gives a PackedSequence out. Raises what torch.nn raises,
        and InputError for lengths that do not fit.
        """
        return self._run_with_one_state(input, hx, lengths)


class LSTM(Recurrent):
    """Long short-term memory, in place of `torch.nn.LSTM`; equations in `recurra.cells.LSTM`.

    Options as above, and ``peephole``: whether the gates also see the memory c.
    """

    kind = cells.LSTM
    title = "LSTM"

    # What torch.nn.LSTM has and its base has not.
    check_forward_args = torch.nn.LSTM.check_forward_args  # pyright: ignore[reportAssignmentType]
    get_expected_cell_size = torch.nn.LSTM.get_expected_cell_size
    permute_hidden = torch.nn.LSTM.permute_hidden  # pyright: ignore[reportAssignmentType]

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
        device: Any = None,
        dtype: Any = None,
        *,
        layer_norm: bool = False,
        recurrent_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        zoneout: float = 0.0,
        peephole: bool = False,
        learn_initial_state: bool = False,
        **unknown: Any,
    ) -> None:
        _refuse(type(self), unknown)
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            recurrent_dropout=recurrent_dropout,
            weight_dropout=weight_dropout,
            learn_initial_state=learn_initial_state,
            options={"layer_norm": layer_norm, "zoneout": zoneout, "peephole": peephole},
            device=device,
            dtype=dtype,
        )

    @property
    def peephole(self) -> bool:
        """Whether the gates also see the memory c."""
        return self.option("peephole")

    def forward(
        self,
        input: Tensor | PackedSequence,  # noqa: A002
        hx: tuple[Tensor, Tensor] | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        """Output (T, N, D·R) and final states (h_n, c_n), each (L·D, N, ·), for an input (T, N, I).

        R is ``proj_size`` or H. ``hx`` is the initial pair (h_0, c_0). Layouts, ``lengths`` and errors as in
        `GRU.forward`.
        """
        if hx is not None:
            check_pair(hx, "lstm")
        output, (h_n, c_n) = self._run(input, hx, lengths)
        return output, (h_n, c_n)


def _refuse(layer: type[Recurrent], unknown: Mapping[str, Any]) -> None:
    """Raise for arguments that the layer does not have; as torch.nn does where it knows them."""
    if "proj_size" in unknown:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    refuse(layer, unknown, (RNN, LSTM, GRU))
