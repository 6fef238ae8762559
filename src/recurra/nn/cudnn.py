"""Plain layers on CUDA: PyTorch's own functions, which call cuDNN where it is to be had."""

from collections.abc import Sequence

import torch
from torch import _VF, Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recurra.nn import autograd, ops
from recurra.nn.direct import in_transform
from recurra.nn.portable import without_autocast

_FUNCTIONS = {"RNN_TANH": _VF.rnn_tanh, "RNN_RELU": _VF.rnn_relu, "LSTM": _VF.lstm, "GRU": _VF.gru}


def serves(x: Tensor, lengths: Tensor | None) -> bool:
    """Whether `run` is the way for x: on CUDA, with steps to take, and no transform of PyTorch at work."""
    if not x.is_cuda or x.size(1) == 0 or autograd.in_forward_mode() or in_transform():
        return False
    return lengths is None or (not torch.compiler.is_compiling() and bool(lengths.any()))


def run(
    layer: torch.nn.RNNBase,
    x: Tensor,
    state: Sequence[Tensor],
    lengths: Tensor | None,
    parameters: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """The output (T, N, D·R) and each final state (L·D, N, ·), for x (T, N, I).

    ``lengths`` (N,) on the CPU, not all 0, or None; ``parameters`` the layer's, in torch.nn's order. Raises
    InputError for lengths that do not fit.
    """
    # What PyTorch's functions take is stricter than what its layers take.
    depth, both = int(layer.num_layers), bool(layer.bidirectional)
    options = layer.bias, depth, layer.dropout, layer.training, both
    function = _FUNCTIONS[layer.mode]
    with without_autocast(x):
        if lengths is None:
            return function(x, _hx(state), parameters, *options, False)

        T, N = x.shape[:2]
        sorted_lengths, rows = ops.checked_lengths(lengths, T, N).sort(descending=True, stable=True)
        count = int(sorted_lengths.count_nonzero())  # cuDNN knows no row without a step
        rows = rows[:count].to(x.device)
        packed = pack_padded_sequence(x.index_select(1, rows), sorted_lengths[:count])
        own_state = [tensor.index_select(1, rows) for tensor in state]
        data, *state_n = function(packed.data, packed.batch_sizes, _hx(own_state), parameters, *options)
        padded, _ = pad_packed_sequence(PackedSequence(data, packed.batch_sizes), total_length=T)
        output = x.new_zeros(T, N, padded.size(-1)).index_copy(1, rows, padded)
        return output, *(old.index_copy(1, rows, new) for old, new in zip(state, state_n))


def _hx(state: Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    # cuDNN refuses states with gaps in memory.
    contiguous = [tensor.contiguous() for tensor in state]
    return tuple(contiguous) if len(contiguous) > 1 else contiguous[0]
