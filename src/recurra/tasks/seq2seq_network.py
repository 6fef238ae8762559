"""The encoder-decoder that `recurra.Seq2Seq` trains, and its loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from recurra.nn.attention import AdditiveAttention, Attention, DotAttention, GeneralAttention
from recurra.nn.decoder import Decoder
from recurra.nn.encoder import Encoder
from recurra.nn.encoder_decoder import EncoderDecoder
from recurra.nn.named_state import stack_of
from recurra.nn.schedules import ConstantForcing, ForcingSchedule, LinearForcing
from recurra.tasks.layers import LAYERS, initialise, tensors
from recurra.tasks.memory import check_memory, count_weights

NOTHING = -100
"""The target where there is none, past a row's end."""

_RANGE = 0.1  # of a symbol's vector at the start, to either side of 0


@dataclass(frozen=True)
class Seq2SeqSettings:
    """Sizes and regularisers of a `Seq2SeqNetwork`, checked by the estimator that makes it."""

    embedding_size: int
    cell: str
    hidden_size: int
    num_layers: int
    bidirectional: bool
    attention: str
    input_feeding: bool
    tied: bool
    dropout: float
    label_smoothing: float
    teacher_forcing: float


class Seq2SeqNetwork(EncoderDecoder):
    """An `EncoderDecoder` of these settings, which counts the steps that it is trained for.

    The encoder's output is as wide as the decoder's, both directions joined.

    Args:
        settings: of the network.
        source: how many symbols sources are of; or None for vectors.
        source_size: the width of those vectors.
        symbols: of targets, with the one that stands before and after them.
        shared: whether sources and targets have one table, of the targets' symbols.
        steps: of the optimiser, by the end of which the truth is fed with probability ``teacher_forcing``.
        seed: of the weights to begin with.

    Raises InputError where this machine has no memory for it.
    """

    def __init__(
        self,
        settings: Seq2SeqSettings,
        *,
        source: int | None,
        source_size: int,
        symbols: int,
        shared: bool,
        steps: int,
        seed: int,
    ) -> None:
        E, H = settings.embedding_size, settings.hidden_size
        entering = source_size if source is None else E
        directions = 2 if settings.bidirectional else 1
        encoder = count_weights(settings.cell, entering, H // directions, settings.num_layers, directions)
        between = 8 * H * H  # attention, what is fed back, the bridge and what the output is made of, about
        known = symbols + (source or 0)
        check_memory(settings.cell, E, H, settings.num_layers, symbols=known, more=encoder + between)
        feed = H if settings.attention == "none" else 0
        if settings.input_feeding and settings.attention != "none":
            feed = E if settings.tied else H
        make, between = LAYERS[settings.cell], settings.dropout if settings.num_layers > 1 else 0.0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            table = torch.nn.Embedding(symbols, E)
            read = None if source is None else table if shared else torch.nn.Embedding(source, E)
            reader = make(
                entering,
                H // directions,
                settings.num_layers,
                bidirectional=settings.bidirectional,
                dropout=between,
            )
            writer = make(E + feed, H, settings.num_layers, dropout=between)
            encoder = Encoder(reader, read, settings.dropout)
            decoder = Decoder(
                writer,
                table,
                encoder.output_size,
                _attention(settings.attention, H),
                settings.dropout,
                tied=settings.tied,
                input_feeding=settings.input_feeding,
            )
            super().__init__(encoder, decoder)
            for embedding in (table,) if read is None or shared else (table, read):
                torch.nn.init.uniform_(embedding.weight, -_RANGE, _RANGE)
            torch.nn.init.zeros_(decoder.output.bias)
        initialise(reader, seed)
        initialise(writer, seed + 1)
        self.settings = settings
        self.shared = shared
        self.forcing = _forcing(settings.teacher_forcing, steps)
        self.register_buffer("step_count", torch.zeros((), dtype=torch.int64))

    def forward(self, source: Tensor, tokens: Tensor, lengths: Tensor) -> Tensor:  # pyright: ignore
        """Logits (T, N, V), as of `EncoderDecoder`; in training own guesses may be fed instead of tokens."""
        truth = 1.0
        if self.training:
            truth = self.forcing(int(self.step_count))
            self.step_count += 1
        return super().forward(source, tokens, lengths, truth=truth).logits

    def spec(self) -> dict[str, Any]:
        """The same network for the runtime, see `recurra.runtime.encoder_decoder`."""
        embedding, decoder = self.encoder.embedding, self.decoder
        table = decoder.embedding
        count = None if embedding is None else embedding.num_embeddings - self.shared
        kind: dict[str, Any] = {"type": self.settings.attention}
        if isinstance(decoder.attention, AdditiveAttention):
            kind["size"] = decoder.attention.query.out_features
        return {
            "encoder": {
                "embedding": None if count is None else {"count": count, "size": table.embedding_dim},
                "layer": stack_of(self.encoder.layer).to_dict(),
            },
            "decoder": {
                "embedding": {"count": table.num_embeddings, "size": table.embedding_dim},
                "layer": stack_of(decoder.layer).to_dict(),
                "attention": None if decoder.attention is None else kind,
                "input_feeding": self.settings.input_feeding,
                "tied": self.settings.tied,
            },
            "shared": self.shared,
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """Every parameter by its name in the model file, as arrays; a table that is shared or tied once."""
        found = tensors(self)
        del found["step_count"]
        if self.shared:
            del found["encoder.embedding.weight"]
        if self.settings.tied:
            del found["decoder.output.weight"]
        return found


def seq2seq_loss(
    network: Seq2SeqNetwork, source: Tensor, lengths: Tensor, tokens: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """The cross-entropy of the targets (n, T), summed, and how many there are.

    source (n, S) of symbols or (n, S, I), with lengths (n,); tokens (n, T) are fed, those past a row's end
    any. In training targets are smoothed (Szegedy et al. 2016, arXiv:1512.00567).
    """
    logits = network(source.transpose(0, 1), tokens.transpose(0, 1), lengths)
    loss = cross_entropy(
        logits.flatten(0, 1),
        targets.transpose(0, 1).flatten(),
        ignore_index=NOTHING,
        reduction="sum",
        label_smoothing=network.settings.label_smoothing if network.training else 0.0,
    )
    return loss, (targets != NOTHING).sum()


def _attention(kind: str, size: int) -> Attention | None:
    match kind:
        case "additive":
            return AdditiveAttention(size, size, size)
        case "dot":
            return DotAttention(size)
        case "general":
            return GeneralAttention(size, size)
        case _:
            return None


def _forcing(end: float, steps: int) -> ForcingSchedule:
    return ConstantForcing() if end == 1 else LinearForcing(slope=(1 - end) / max(1, steps), end=end)
