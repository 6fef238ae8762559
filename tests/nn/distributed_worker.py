"""One of two processes that train one model together; called by test_distributed.py.

    python distributed_worker.py RANK FOLDER

Writes its losses and its final parameters to FOLDER.
"""

import sys
from pathlib import Path

import torch
import torch.distributed
from torch.nn.parallel import DistributedDataParallel

from recurra import nn


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 6, 2, bidirectional=True, layer_norm=True)
        self.lstm = nn.LSTM(12, 5, peephole=True, learn_initial_state=True)
        self.head = torch.nn.Linear(5, 1)

    def forward(self, x, lengths):
        _, (h_n, _) = self.lstm(self.gru(x, lengths=lengths)[0], lengths=lengths)
        return self.head(h_n[-1])


def rows():
    """The whole batch: x (T, 8, 3), lengths, targets."""
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(6, 8, 3, generator=generator)
    lengths = torch.randint(0, 7, (8,), generator=generator)
    return x, lengths, torch.randn(8, 1, generator=generator)


def fresh_model():
    torch.manual_seed(0)
    return Classifier()


def train(model, x, lengths, targets):
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    losses = []
    for _ in range(3):
        loss = (model(x, lengths) - targets).pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def main(rank: int, folder: Path) -> None:
    address = f"file://{folder / 'meeting-point'}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    torch.set_num_threads(1)
    model = fresh_model()
    own = slice(4 * rank, 4 * rank + 4)
    x, lengths, targets = rows()
    losses = train(DistributedDataParallel(model), x[:, own], lengths[own], targets[own])
    torch.save({"losses": losses, "model": model.state_dict()}, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
