"""The network of a language model in PyTorch, its regularisers and its loss.

Its modules bear the names of the runtime's parts, but for the layers, each on its own here so that dropout
between them can drop the same units at every step; `LanguageNetwork.tensors` has them as one encoder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from recurra import cells, nn
from recurra.nn.layer import Layer
from recurra.nn.named_state import run
from recurra.runtime import network_parts as parts
from recurra.tasks.layers import LAYERS, initialise, tensors
from recurra.tasks.memory import check_memory
from recurra.training.truncated import carried, kept

_RANGE = 0.1  # of a symbol's vector at the start, to either side of 0, as in AWD-LSTM


@dataclass(frozen=True)
class LanguageSettings:
    """Sizes and regularisers of a `LanguageNetwork`, checked by the estimator that makes it."""

    embedding_size: int
    cell: str
    hidden_size: int
    num_layers: int
    tied: bool
    input_dropout: float
    dropout: float
    embedding_dropout: float
    weight_dropout: float
    activation_penalty: float
    change_penalty: float


class LanguageNetwork(torch.nn.Module):
    """From each step to the logits of the next: symbols (N, T) to (…, V), or keys (N, T, K) to (…, K).

    The regularisers are those of AWD-LSTM (Merity, Keskar & Socher, "Regularizing and optimizing LSTM
    language models", 2017): whole symbols are dropped from the table, the same columns at every step before,
    between and after the layers (Gal & Ghahramani 2016), and recurrent weights; penalties keep the last
    layer's outputs small, and close to those of the step before. ``tied`` has one table for the symbols that
    enter and those that are foretold (Press & Wolf 2017; Inan, Khosravi & Socher 2017).

    ``symbols`` is V, None for keys; ``keys`` is K. ``vectors`` (V, D) is what symbols begin with, NaN for
    those that begin at random.
    """

    def __init__(
        self,
        settings: LanguageSettings,
        *,
        symbols: int | None,
        keys: int,
        seed: int,
        vectors: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        entering = keys if symbols is None else settings.embedding_size
        hidden, layers = settings.hidden_size, settings.num_layers
        check_memory(settings.cell, entering, hidden, layers, symbols=symbols or 0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = None if symbols is None else torch.nn.Embedding(symbols, entering)
            self.symbols = nn.EmbeddingDropout(settings.embedding_dropout)
            self.entry = nn.VariationalDropout(settings.input_dropout)
            self.dropout = nn.VariationalDropout(settings.dropout)
            self.layers = torch.nn.ModuleList(
                LAYERS[settings.cell](
                    hidden if k else entering, hidden, weight_dropout=settings.weight_dropout
                )
                for k in range(layers)
            )
            self.head = torch.nn.Linear(hidden, keys if symbols is None else symbols)
            torch.nn.init.zeros_(self.head.bias)
            if self.embedding is not None and settings.tied:
                # A head as steep as PyTorch's own table would be sure of itself from the start.
                torch.nn.init.uniform_(self.embedding.weight, -_RANGE, _RANGE)
        for k, layer in enumerate(self._layers()):
            initialise(layer, seed + k)
        if self.embedding is not None:
            if vectors is not None:
                with torch.no_grad():
                    given = torch.from_numpy(vectors)
                    self.embedding.weight.copy_(torch.where(given.isnan(), self.embedding.weight, given))
            if settings.tied:
                self.head.weight = self.embedding.weight

    def forward(
        self, x: Tensor, lengths: Tensor, states: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Outputs of the last layer (T, N, H), the same with columns dropped, and states after each row.

        States are (1, N, H) by name: ``0.h`` is of the first layer.
        """
        rows = x.transpose(0, 1)
        output = rows if self.embedding is None else self.symbols(self.embedding, rows)
        dropped, after = self.entry(output), {}
        for k, layer in enumerate(self._layers()):
            before = {name: states[f"{k}.{name}"] for name in layer.stack.cell.states}
            output, own = run(layer, dropped, before, lengths)
            after |= {f"{k}.{name}": state for name, state in own.items()}
            dropped = self.dropout(output)
        return output, dropped, after

    def _layers(self) -> list[Layer]:
        return cast("list[Layer]", list(self.layers))

    def states(self, rows: int) -> dict[str, Tensor]:
        """Those before the first step of every row."""
        sizes = {
            f"{k}.{name}": size
            for k, layer in enumerate(self._layers())
            for name, size in layer.stack.cell.state_sizes().items()
        }
        return {name: torch.zeros(1, rows, size) for name, size in sizes.items()}

    def parts(self) -> list[parts.Part]:
        """The same network for the runtime."""
        first = self._layers()[0].stack
        found: list[parts.Part] = []
        if self.embedding is not None:
            found.append(
                parts.Embedding("embedding", self.embedding.num_embeddings, self.embedding.embedding_dim)
            )
        found.append(parts.Recurrent("encoder", cells.Stack(first.cell, len(self.layers))))
        if self.settings.tied and self.embedding is not None:
            found.append(parts.Tied("head", self.head.in_features, self.head.out_features, "embedding"))
        else:
            found.append(parts.Linear("head", self.head.in_features, self.head.out_features))
        return found

    def tensors(self) -> dict[str, np.ndarray]:
        """Every parameter by its name in the model file, as arrays."""
        found = {}
        for name, tensor in tensors(self).items():
            owner, _, rest = name.partition(".")
            if owner == "layers":
                k, _, parameter = rest.partition(".")
                name = f"encoder.{parameter.removesuffix('_l0')}_l{k}"
            found[name] = tensor
        if self.settings.tied and self.embedding is not None:
            del found["head.weight"]
        return found


def language_loss(
    network: LanguageNetwork,
    states: Mapping[str, Tensor],
    x: Tensor,
    targets: Tensor,
    lengths: Tensor,
    first: Tensor,
) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """The negative log-likelihood of the targets, summed, how many steps that is, and the states to carry.

    For symbols (N, T) the cross-entropy, for keys (N, T, K) that of each key, added up. In training the
    penalties are added: ``activation_penalty`` times the mean square of the outputs that the head sees, and
    ``change_penalty`` times that of their change from a step to the next (Merity, McCann & Socher 2017), for
    each step.
    """
    settings = network.settings
    output, dropped, after = network(x, lengths, carried(states, first))
    live = torch.arange(len(output))[:, None] < lengths
    logits, wanted = network.head(dropped[live]), targets.transpose(0, 1)[live]
    if network.embedding is None:
        loss = binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
    else:
        loss = cross_entropy(logits, wanted, reduction="sum")
    count = lengths.sum()
    if network.training and settings.activation_penalty:
        loss = loss + count * settings.activation_penalty * dropped[live].square().mean()
    if network.training and settings.change_penalty and live[1:].any():
        loss = loss + count * settings.change_penalty * output.diff(dim=0)[live[1:]].square().mean()
    return loss, count, kept(states, after)
