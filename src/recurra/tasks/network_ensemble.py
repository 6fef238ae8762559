"""Several networks of labelled sequences that train side by side and answer together."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra import nn
from recurra.runtime import network_parts as parts
from recurra.runtime.features import Features
from recurra.tasks.sequence_network import (
    LabelNetwork,
    NetworkSettings,
    SequenceNetwork,
    check_network_memory,
)
from recurra.training import Loss


def build_network(
    features: Features,
    settings: NetworkSettings,
    outputs: int,
    ensemble_size: int,
    *,
    seed: int,
    bag: tuple[np.ndarray, np.ndarray] | None,
    **others: Any,
) -> LabelNetwork:
    """A `SequenceNetwork`, or an ensemble of them; the arguments are those of one network.

    Raises InputError for more networks than this machine can train.
    """
    if ensemble_size == 1:
        return SequenceNetwork(features, settings, outputs, seed=seed, bag=bag, **others)
    check_network_memory(features, settings, ensemble_size)
    alone = dataclasses.replace(settings, crf=False)
    # Not seed + k: ensembles of neighbouring seeds would share networks.
    seeds = np.random.SeedSequence(seed).generate_state(ensemble_size).tolist()
    networks = [SequenceNetwork(features, alone, outputs, seed=own, **others) for own in seeds]
    crf = nn.CRF(outputs, allowed=others["allowed"], batch_first=True) if settings.crf else None
    return NetworkEnsemble(networks, crf, None if bag is None else nn.Bag(*map(torch.from_numpy, bag)))


class NetworkEnsemble(LabelNetwork):
    """The mean of the outputs of ``networks``, before the bag and the conditional random field of all.

    In training each network learns for itself, so that it errs in its own way: a batch holds the rows of the
    first network, then those of the second and so on, and so do the outputs, see `learning`. The loss is the
    mean of theirs; its gradient, over all of their weights, is what is clipped.
    """

    def __init__(self, networks: Sequence[SequenceNetwork], crf: nn.CRF | None, bag: nn.Bag | None) -> None:
        super().__init__()
        self.networks = torch.nn.ModuleList(networks)
        self.crf, self.bag = crf, bag

    @property
    def members(self) -> Sequence[SequenceNetwork]:
        return list(self.networks)  # pyright: ignore[reportReturnType]

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        if self.training:
            rows = zip(self.networks, x.chunk(len(self.networks)), lengths.chunk(len(self.networks)))
            return torch.cat([network(*own) for network, *own in rows])
        return torch.stack([network(x, lengths) for network in self.networks]).mean(0)

    def learning(self, loss: Loss) -> Loss:
        def of_each(network: torch.nn.Module, *batch: Tensor) -> Any:
            if network.training:
                batch = tuple(array.repeat(len(self.networks), *[1] * (array.dim() - 1)) for array in batch)
            return loss(network, *batch)

        return of_each

    def parts(self) -> list[parts.Part]:
        layers = tuple(self.members[0].parts())
        return [parts.Ensemble("networks", len(self.networks), layers), *self._last_parts()]
