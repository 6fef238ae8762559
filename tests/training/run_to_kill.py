"""A run with everything random in it; as a program, one that writes a checkpoint after every batch.

python run_to_kill.py CHECKPOINT VARIANT
"""

import itertools
import sys

import torch

from recurra import nn
from recurra.training import BatchEnd, History, TrainingSettings, loop, train

VARIANTS = {
    "plain": {},
    "everything": {"schedule": "one-cycle", "weight_decay": 0.1, "average": 0.95},
    "cosine": {"schedule": "cosine"},
}


class Network(torch.nn.Module):
    """Masks between layers, over the steps, on weights and of states kept, on inputs and before the head."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.encoder = nn.LSTM(
            2, 6, num_layers=2, batch_first=True, dropout=0.2, recurrent_dropout=0.2, zoneout=0.1
        )
        self.minimal = nn.MinGRU(6, 6, batch_first=True)
        self.dropout = torch.nn.Dropout(0.3)
        self.norm = torch.nn.BatchNorm1d(6)  # has state that no gradient changes, and a counter
        self.head = torch.nn.Linear(6, 1)
        self.unused = torch.nn.Linear(2, 2)  # never has a gradient
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -0.5, 0.5, generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, _ = self.encoder(self.dropout(x))
        x, _ = self.minimal(x)
        return self.head(self.norm(self.dropout(x[:, -1]))).squeeze(1)


class Rows:
    """Sequences padded with zeros, each with a target."""

    def __init__(self, rows: int, seed: int, *, ragged: bool) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(rows, 9, 2, generator=generator)
        self.y = self.x[:, :, 0].sum(dim=1)
        if ragged:
            self.lengths = torch.randint(1, 10, (rows,), generator=generator)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.x[index], self.y[index]


def squares(network, x, y):
    return ((network(x) - y) ** 2).sum(), torch.tensor(len(y))


def run(variant: str, network: Network | None = None, **options) -> tuple[Network, History]:
    """Five epochs of nine batches."""
    settings = TrainingSettings(epochs=5, batch_size=8, learning_rate=0.01, **VARIANTS[variant])
    network, ragged = network or Network(), variant == "everything"
    parts = Rows(70, 0, ragged=ragged), Rows(30, 1, ragged=ragged)
    return network, train(network, squares, *parts, settings, **options)


if __name__ == "__main__":
    minutes = itertools.count(step=60.0)
    loop.monotonic = lambda: next(minutes)

    def say(event):
        if isinstance(event, BatchEnd):
            print(event.epoch, event.batch, flush=True)  # noqa: T201

    run(sys.argv[2], checkpoint=sys.argv[1], on_event=say)
    sys.stdin.read()
