"""Recurrent layers for PyTorch: those of torch.nn on the native kernels, and what is built of them."""

from recurra._base.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError.of("torch", "train") from error

from recurra.nn.accelerate import accelerate
from recurra.nn.attention import AdditiveAttention, DotAttention, GeneralAttention
from recurra.nn.bag import Bag
from recurra.nn.bridge import Bridge
from recurra.nn.cells import GRUCell, LSTMCell, RNNCell
from recurra.nn.crf import CRF
from recurra.nn.decoder import Decoder
from recurra.nn.dropout import EmbeddingDropout, VariationalDropout, WordDropout
from recurra.nn.encoder import Encoder
from recurra.nn.encoder_decoder import EncoderDecoder
from recurra.nn.layers import GRU, LSTM, RNN
from recurra.nn.minimal import MinGRU, MinLSTM
from recurra.nn.pooling import AttentionPool, Pool
from recurra.nn.schedules import ConstantForcing, InverseSigmoidForcing, LinearForcing
from recurra.nn.words import Affixes, Words

__all__ = [
    "CRF",
    "GRU",
    "LSTM",
    "RNN",
    "AdditiveAttention",
    "Affixes",
    "AttentionPool",
    "Bag",
    "Bridge",
    "ConstantForcing",
    "Decoder",
    "DotAttention",
    "EmbeddingDropout",
    "Encoder",
    "EncoderDecoder",
    "GRUCell",
    "GeneralAttention",
    "InverseSigmoidForcing",
    "LSTMCell",
    "LinearForcing",
    "MinGRU",
    "MinLSTM",
    "Pool",
    "RNNCell",
    "VariationalDropout",
    "WordDropout",
    "Words",
    "accelerate",
]
