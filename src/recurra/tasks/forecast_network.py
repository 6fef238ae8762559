"""The network of a forecaster in PyTorch, its loss, and the windows that it learns from.

`recurra.runtime.forecast_artifact` describes the same network for the model file, with the same names.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from recurra.data import Windows
from recurra.runtime import ForecastInputs
from recurra.tasks.layers import LAYERS, initialise
from recurra.tasks.pinball import pinball


class ForecastNetwork(torch.nn.Module):
    """Quantiles (W, horizon, Q) after windows (W, context, I), both scaled; the target is the first column.

    A recurrent encoder and a linear head on its last output make the quantiles; a linear autoregression on
    the target's own window shifts all quantiles of a step alike (Lai, Chang, Yang & Liu 2018, section 3.6).
    The last two start at zero, so that training begins at what the scaling is centred on.
    """

    def __init__(
        self, inputs: ForecastInputs, cell: str, hidden_size: int, num_layers: int, *, seed: int
    ) -> None:
        super().__init__()
        self.encoder = LAYERS[cell](inputs.input_size, hidden_size, num_layers, batch_first=True)
        self.head = torch.nn.Linear(self.encoder.stack.output_size, inputs.output_size)
        self.autoregression = torch.nn.Linear(inputs.context, inputs.horizon, bias=False)
        self._shape = (inputs.horizon, len(inputs.levels))
        initialise(self.encoder, seed)
        for parameter in (*self.head.parameters(), *self.autoregression.parameters()):
            torch.nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.encoder(x)
        quantiles = self.head(output[:, -1]).unflatten(1, self._shape)
        return quantiles + self.autoregression(x[:, :, 0]).unsqueeze(2)


@dataclass(frozen=True)
class WindowExamples:
    """Windows as examples for `recurra.training.train`: those with an observed target, made when indexed."""

    windows: Windows
    inputs: ForecastInputs

    @cached_property
    def _usable(self) -> np.ndarray:
        return np.flatnonzero(self.windows.observed.any(axis=1))

    def __len__(self) -> int:
        return len(self._usable)

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scaled inputs (n, context, I), scaled targets (n, horizon), and which targets were observed."""
        rows = self._usable[index.numpy()]
        context = self.windows.context[rows]
        inputs = self.inputs.inputs(context)
        targets = self.inputs.targets(self.windows.target[rows], context)
        return (
            torch.from_numpy(inputs),
            torch.from_numpy(targets),
            torch.from_numpy(self.windows.observed[rows]),
        )


@dataclass(frozen=True)
class PinballLoss:
    """The pinball loss over observed targets and all levels."""

    levels: tuple[float, ...]

    def __call__(
        self, network: torch.nn.Module, inputs: Tensor, targets: Tensor, observed: Tensor
    ) -> tuple[Tensor, Tensor]:
        loss = pinball(network(inputs), targets, self.levels)
        return (loss * observed).sum(), observed.sum()
