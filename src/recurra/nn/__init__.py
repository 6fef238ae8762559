"""Recurrent layers for PyTorch: those of torch.nn on the native kernels, with ragged lengths."""

from recurra._base.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError.of("torch", "train") from error

from recurra.nn.accelerate import accelerate
from recurra.nn.cells import GRUCell, LSTMCell, RNNCell
from recurra.nn.layers import GRU, LSTM, RNN
from recurra.nn.minimal import MinGRU, MinLSTM

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUCell",
    "LSTMCell",
    "MinGRU",
    "MinLSTM",
    "RNNCell",
    "accelerate",
]
