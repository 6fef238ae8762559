"""The network of labelled sequences in PyTorch.

Its modules bear the names of the runtime's parts, so that its tensors are those of the model file.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recurra import nn
from recurra.data import SeriesFeatures, TextFeatures, TextWords, WordFeatures
from recurra.decoding import Allowed
from recurra.runtime import network_parts as parts
from recurra.runtime.features import Features
from recurra.runtime.network_parts import Part
from recurra.tasks.common_affixes import common_affixes, lower_case
from recurra.tasks.layers import LAYERS, initialise
from recurra.tasks.memory import check_memory
from recurra.training import Loss

POOLS = ("last", "mean", "max", "mean_max", "attention")
"""From the encoder's steps to one row."""

_DEVIATION = 0.1  # of vectors at the start: those of rare words stay near it, and must not drown the others
_AFFIX_SIZE = 50
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


class LabelNetwork(torch.nn.Module, ABC):
    """Base of networks from padded sequences to outputs (N, O), or (N, T, O) where nothing pools."""

    crf: nn.CRF | None
    """Over the outputs, where tags are weighed together."""
    bag: nn.Bag | None
    """Added to the outputs of the trained network. While it trains it goes alone: the bag knows the training
    part by heart, and would leave nothing to learn."""

    @property
    @abstractmethod
    def members(self) -> Sequence["SequenceNetwork"]:
        """The networks that answer together, or the one alone."""

    @abstractmethod
    def parts(self) -> list[Part]:
        """The same network for the runtime."""

    def learning(self, loss: Loss) -> Loss:
        """``loss`` of batches as training has it."""
        return loss

    def whole(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The outputs with what stands beside the network, as the model at work has them."""
        outputs = self(x, lengths)
        return outputs if self.bag is None else outputs + self.bag(x, lengths)

    def _last_parts(self) -> list[Part]:
        found: list[Part] = [] if self.bag is None else [self.bag.part("bag")]
        if self.crf is not None:
            found.append(parts.Crf("crf", self.crf.tags))
        return found


class SequenceNetwork(LabelNetwork):
    """From padded sequences to outputs (N, O), or (N, T, O) where nothing pools.

    Symbols are embedded: words beside their affixes and, where they are given one by one, what a
    recurrent layer makes of their characters; numbers go in as they are. In training some symbols become
    unknown (``word_dropout``), the rare ones more often where ``counts`` (V,) are given, and columns of
    what enters and leaves the encoder are dropped (``dropout``), the same ones at every step of a
    sequence (Gal & Ghahramani 2016).

    ``allowed`` says which tags may follow which, for a network with a conditional random field; ``vectors``
    (V, D) what symbols begin with, NaN for those that begin at random; ``bag`` is the weight and the pairs of
    a `recurra.nn.Bag`.
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
        bag: tuple[np.ndarray, np.ndarray] | None = None,
        counts: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        check_network_memory(features, settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            seen = None if counts is None else torch.from_numpy(counts)
            self.symbols = nn.WordDropout(settings.word_dropout, counts=seen)
            self.embedding = _embedding(features, settings, seen)
            # A series has columns that nothing else tells, or a single one.
            entering = 0.0 if isinstance(features, SeriesFeatures) else settings.dropout
            self.entry = nn.VariationalDropout(entering, batch_first=True)
            self.dropout = nn.VariationalDropout(settings.dropout, batch_first=True)
            width = self.embedding.embedding_dim if self.embedding else features.size  # pyright: ignore[reportAttributeAccessIssue]
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
            pooled = self.pool.output_size(states) if isinstance(self.pool, nn.Pool) else states
            self.head = torch.nn.Linear(pooled, outputs)
            self.crf = nn.CRF(outputs, allowed=allowed, batch_first=True) if settings.crf else None
        self.bag = None if bag is None else nn.Bag(*map(torch.from_numpy, bag))
        initialise(self.encoder, seed)
        if vectors is not None and self.embedding is not None:
            embedding = self.embedding.word if isinstance(self.embedding, nn.Words) else self.embedding
            with torch.no_grad():
                given = torch.from_numpy(vectors)
                embedding.weight.copy_(torch.where(given.isnan(), embedding.weight, given))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        states, _ = self.encoder(self.entry(self._embedded(x, lengths)), lengths=lengths)
        if self.pool is None:
            return self.head(self.dropout(states))
        row = torch.nn.functional.dropout(self.pool(states, lengths), self.dropout.p, self.training)
        return self.head(row)

    @property
    def members(self) -> Sequence["SequenceNetwork"]:
        return [self]

    def _embedded(self, x: Tensor, lengths: Tensor) -> Tensor:
        match self.embedding:
            case None:
                return x
            case nn.Words():
                return self.embedding(x, lengths)
            case embedding:
                return embedding(self.symbols(x))

    def parts(self) -> list[Part]:
        stack, found = self.encoder.stack, []
        if isinstance(self.embedding, nn.Words):
            found.append(self.embedding.part("embedding"))
        elif self.embedding is not None:
            found.append(
                parts.Embedding("embedding", self.embedding.num_embeddings, self.embedding.embedding_dim)
            )
        found.append(parts.Recurrent("encoder", stack))
        if isinstance(self.pool, nn.AttentionPool):
            found.append(parts.AttentionPool("pool", stack.output_size, _ATTENTION_SIZE))
        elif self.pool is not None:
            found.append(parts.Pool(self.pool.how))
        found.append(parts.Linear("head", self.head.in_features, self.head.out_features))
        return [*found, *self._last_parts()]


def check_network_memory(features: Features, settings: NetworkSettings, networks: int = 1) -> None:
    """Raise InputError unless this machine can train so many of them, see `check_memory`."""
    match features:
        case TextFeatures():
            symbols, width = features.size, settings.embedding_size
        case TextWords() | WordFeatures():
            symbols, width = features.word_count, settings.embedding_size
        case _:
            symbols, width = 0, features.size
    sizes = width, settings.hidden_size, settings.num_layers
    directions = 2 if settings.bidirectional else 1
    check_memory(settings.cell, *sizes, directions=directions, symbols=symbols, networks=networks)


def _embedding(
    features: Features, settings: NetworkSettings, counts: Tensor | None
) -> torch.nn.Embedding | nn.Words | None:
    match features:
        case TextFeatures():
            embedding = torch.nn.Embedding(features.size, settings.embedding_size)
            tables = [embedding]
        case TextWords() | WordFeatures():
            words = features.words if isinstance(features, TextWords) else features
            keys = common_affixes(words)
            spelt = isinstance(features, WordFeatures)
            embedding = nn.Words(
                words.word_count,
                settings.embedding_size,
                words.character_count,
                _CHARACTER_SIZE if spelt else 0,
                _CHARACTER_HIDDEN_SIZE if spelt else 0,
                affix=nn.Affixes(keys, lower_case(words), _AFFIX_SIZE) if len(keys) else None,
                word_dropout=settings.word_dropout,
                counts=counts,
                batch_first=True,
            )
            tables = [embedding.word] if embedding.affix is None else [embedding.word, embedding.affix]
        case _:
            return None
    for table in tables:
        torch.nn.init.normal_(table.weight, std=_DEVIATION)
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
