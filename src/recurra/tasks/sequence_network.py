"""The network of labelled sequences in PyTorch.

Its modules bear the names of the runtime's parts, so that its tensors are those of the model file.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra import nn
from recurra.data import TextFeatures, WordFeatures
from recurra.decoding import Allowed
from recurra.runtime import network_parts as parts
from recurra.runtime.features import Features

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
"""The layer of each cell."""
POOLS = ("last", "mean", "max", "attention")
"""From the encoder's steps to one row."""

_CHARACTER_SIZE = 32
_CHARACTER_HIDDEN_SIZE = 64
_ATTENTION_SIZE = 64


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes and regularisers of a `SequenceNetwork`, checked by the estimator that makes it."""

    embedding_size: int
    cell: str
    hidden_size: int
    num_layers: int
    bidirectional: bool
    pool: str | None
    """One of `POOLS`; None for an output at every step."""
    dropout: float
    word_dropout: float
    weight_dropout: float
    crf: bool


class SequenceNetwork(torch.nn.Module):
    """From padded sequences to outputs (N, O), or (N, T, O) where nothing pools.

    Symbols are embedded, words beside what a recurrent layer makes of their characters; numbers go in as they
    are. In training some symbols become unknown (``word_dropout``), and columns of what enters and leaves the
    encoder are dropped (``dropout``), the same ones at every step of a sequence (Gal & Ghahramani 2016).

    ``allowed`` says which tags may follow which, for a network with a conditional random field; ``vectors``
    (V, D) what symbols begin with, NaN for those that begin at random.
    """

    def __init__(
        self,
        features: Features,
        settings: NetworkSettings,
        outputs: int,
        *,
        seed: int,
        allowed: Allowed | None = None,
        vectors: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.symbols = nn.WordDropout(settings.word_dropout)
            self.embedding = _embedding(features, settings)
            self.dropout = nn.VariationalDropout(settings.dropout, batch_first=True)
            width = features.size if self.embedding is None else self.embedding.embedding_dim
            self.encoder = LAYERS[settings.cell](
                width,
                settings.hidden_size,
                settings.num_layers,
                batch_first=True,
                dropout=settings.dropout if settings.num_layers > 1 else 0.0,
                bidirectional=settings.bidirectional,
                weight_dropout=settings.weight_dropout,
            )
            states = self.encoder.stack.output_size
            self.pool = _pool(settings, states)
            self.head = torch.nn.Linear(states, outputs)
            self.crf = nn.CRF(outputs, allowed=allowed, batch_first=True) if settings.crf else None
        initial = self.encoder.stack.initialise(np.random.default_rng(seed))
        self.encoder.load_state_dict({name: torch.from_numpy(array) for name, array in initial.items()})
        if vectors is not None:
            embedding = self.embedding.word if isinstance(self.embedding, nn.Words) else self.embedding
            with torch.no_grad():
                given = torch.from_numpy(vectors)
                embedding.weight.copy_(torch.where(given.isnan(), embedding.weight, given))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        if isinstance(self.embedding, nn.Words):
            x = self.embedding(x, lengths)
        elif self.embedding is not None:
            x = self.embedding(self.symbols(x))
        states, _ = self.encoder(self.dropout(x), lengths=lengths)
        if self.pool is None:
            return self.head(self.dropout(states))
        return self.head(
            torch.nn.functional.dropout(self.pool(states, lengths), self.dropout.p, self.training)
        )

    def parts(self) -> list[parts.Part]:
        """The same network for the runtime."""
        stack, found = self.encoder.stack, []
        if isinstance(self.embedding, nn.Words):
            words = self.embedding
            found.append(
                parts.Words(
                    "embedding",
                    words.word.num_embeddings,
                    words.word.embedding_dim,
                    words.character.num_embeddings,
                    words.character.embedding_dim,
                    words.encoder.stack,
                )
            )
        elif self.embedding is not None:
            found.append(
                parts.Embedding("embedding", self.embedding.num_embeddings, self.embedding.embedding_dim)
            )
        found.append(parts.Recurrent("encoder", stack))
        if isinstance(self.pool, nn.AttentionPool):
            found.append(parts.AttentionPool("pool", stack.output_size, _ATTENTION_SIZE))
        elif self.pool is not None:
            found.append(parts.Pool(self.pool.how))
        found.append(parts.Linear("head", stack.output_size, self.head.out_features))
        if self.crf is not None:
            found.append(parts.Crf("crf", self.head.out_features))
        return found

    def tensors(self) -> dict[str, np.ndarray]:
        """Every parameter by name, as arrays."""
        return {name: tensor.numpy(force=True) for name, tensor in self.state_dict().items()}


def _embedding(features: Features, settings: NetworkSettings) -> Any:
    match features:
        case TextFeatures():
            embedding = torch.nn.Embedding(features.size, settings.embedding_size)
        case WordFeatures():
            embedding = nn.Words(
                features.word_count,
                settings.embedding_size,
                features.character_count,
                _CHARACTER_SIZE,
                _CHARACTER_HIDDEN_SIZE,
                word_dropout=settings.word_dropout,
                batch_first=True,
            )
        case _:
            return None
    return embedding


def _pool(settings: NetworkSettings, states: int) -> nn.Pool | nn.AttentionPool | None:
    match settings.pool:
        case None:
            return None
        case "attention":
            return nn.AttentionPool(states, _ATTENTION_SIZE, batch_first=True)
        case "last":
            return nn.Pool("ends" if settings.bidirectional else "last", batch_first=True)
        case how:
            return nn.Pool(how, batch_first=True)
