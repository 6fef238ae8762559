"""Encoder-decoders of every kind, small, in training and at work, with the same random weights."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from recurra import nn
from recurra.nn.attention import AdditiveAttention, DotAttention, GeneralAttention
from recurra.nn.decoder import Decoder
from recurra.nn.encoder import Encoder
from recurra.nn.encoder_decoder import EncoderDecoder as Module
from recurra.runtime.encoder_decoder import (
    Additive,
    DecoderSpec,
    Dot,
    EncoderDecoderSpec,
    EncoderSpec,
    General,
    Table,
)

F64 = {"dtype": torch.float64}
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
LAYERS = {
    **CELLS,
    "rnn of relu": partial(nn.RNN, nonlinearity="relu"),
    "gru that resets before": partial(nn.GRU, reset_after=False),
    "lstm with projection": partial(nn.LSTM, proj_size=2),
    "lstm with layer norm": partial(nn.LSTM, layer_norm=True),
    "min_gru": nn.MinGRU,
    "min_lstm": nn.MinLSTM,
}
"""And what else may stand in their place."""
ATTENTIONS = {
    "no attention": (None, lambda H, M: None),
    "additive": (Additive(3), lambda H, M: AdditiveAttention(H, M, 3, **F64)),
    "dot": (Dot(), lambda H, M: DotAttention(M)),
    "general": (General(), lambda H, M: GeneralAttention(H, M, **F64)),
}
READS = ("ids", "shared ids", "vectors")
"""What a source is of; shared ids have the table of the target."""
WIDTH, SYMBOLS = 4, 7
"""Of vectors and tables; those of a target, its boundary among them."""


@dataclass(frozen=True)
class Kind:
    """One encoder-decoder out of all that there may be."""

    cell: str = "gru"
    attention: str = "additive"
    num_layers: int = 1
    bidirectional: bool = True
    reads: str = "ids"
    tied: bool = False
    input_feeding: bool = True

    def __str__(self) -> str:
        ways, layers = ("one way", "both ways")[self.bidirectional], f"{self.num_layers} layers"
        rest = [*["tied"] * self.tied, *["unfed"] * (not self.input_feeding)]
        return ", ".join([self.cell, self.attention, layers, ways, self.reads, *rest])

    @property
    def source_symbols(self) -> int | None:
        return {"ids": 9, "shared ids": SYMBOLS - 1, "vectors": None}[self.reads]


def build(kind: Kind, seed: int = 0) -> tuple[Module, EncoderDecoderSpec, dict[str, np.ndarray]]:
    """The module in float64; its specification and its tensors in float32, as they stand in a model file."""
    layer_of = LAYERS[kind.cell]
    encoder = layer_of(WIDTH, 3, kind.num_layers, bidirectional=kind.bidirectional, **F64)
    M = encoder.stack.output_size
    hidden = M if kind.attention == "dot" else 5
    H = layer_of(WIDTH, hidden).stack.output_size
    fed = M if kind.attention == "no attention" else (WIDTH if kind.tied else H) * kind.input_feeding
    layer = layer_of(WIDTH + fed, hidden, kind.num_layers, **F64)
    attention, module_of = ATTENTIONS[kind.attention]
    table = torch.nn.Embedding(SYMBOLS, WIDTH, **F64)
    own, shared = kind.source_symbols, kind.reads == "shared ids"
    entry = table if shared else None if own is None else torch.nn.Embedding(own, WIDTH, **F64)
    flags = {"tied": kind.tied, "input_feeding": kind.input_feeding}
    module = Module(Encoder(encoder, entry), Decoder(layer, table, M, module_of(H, M), **flags))
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        drawn = torch.normal(0.0, 0.6, parameter.shape, generator=generator, dtype=torch.float32)
        parameter.data.copy_(drawn)
    spec = EncoderDecoderSpec(
        EncoderSpec(None if own is None else Table(own, WIDTH), encoder.stack),
        DecoderSpec(Table(SYMBOLS, WIDTH), layer.stack, attention, **flags),
        shared,
    )
    # One tensor may have two names there: the file has it once.
    twice = ["decoder.output.weight"] * kind.tied + ["encoder.embedding.weight"] * shared
    tensors = {
        name: tensor.numpy().astype(np.float32)
        for name, tensor in module.state_dict().items()
        if name not in twice
    }
    return module, spec, tensors


def sources(kind: Kind, lengths: list[int], seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    if (symbols := kind.source_symbols) is not None:
        return [rng.integers(symbols, size=length) for length in lengths]
    return [rng.normal(size=(length, WIDTH)).astype(np.float32) for length in lengths]
