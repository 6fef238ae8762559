"""A whole step of the optimiser, of two models that are the same but for their recurrent layers."""

import statistics
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks import workloads
from benchmarks.contest import Contest, Contestant, Settings, Times
from benchmarks.timing import ratio

WORDS = 10_000

Loss = Callable[[], Tensor]


class WordModel(torch.nn.Module):
    """Embedding, recurrent layers, and scores of the next word."""

    def __init__(self, words: int, layer: torch.nn.Module, size: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(words, size)
        self.layer = layer
        self.decoder = torch.nn.Linear(size, words)

    def forward(self, words: Tensor) -> Tensor:
        return self.decoder(self.layer(self.embedding(words))[0])


class WindowModel(torch.nn.Module):
    """Quantiles of the steps that follow a window, from the layer's last output."""

    def __init__(self, layer: torch.nn.Module, size: int, outputs: int) -> None:
        super().__init__()
        self.layer = layer
        self.head = torch.nn.Linear(size, outputs)

    def forward(self, windows: Tensor) -> Tensor:
        return self.head(self.layer(windows)[0][-1])


def contests(settings: Settings) -> Iterator[Contest]:
    """A language model and a forecaster, with LSTM and GRU."""
    for cell in ("LSTM", "GRU"):
        for size in (200,) if settings.quick else (200, 650):
            yield language_model(cell, size, settings)
        for size in (64,) if settings.quick else (64, 128):
            yield forecaster(cell, size, settings)


def language_model(cell: str, size: int, settings: Settings) -> Contest:
    """Two layers, 20 rows of 35 steps: the shape of PyTorch's example."""
    layers, T, N = 2, 35, 20

    def enter() -> dict[str, Contestant]:
        generator = torch.Generator().manual_seed(0)
        given, wanted = torch.randint(WORDS, (2, T, N), generator=generator)

        def loss_of(layer: torch.nn.Module) -> tuple[torch.nn.Module, Loss]:
            model = WordModel(WORDS, layer, size)
            return model, lambda: functional.cross_entropy(model(given).flatten(0, 1), wanted.flatten())

        x, dy = workloads.data(T, N, size), workloads.data(T, N, size, seed=1)
        pair = workloads.pair(cell, size, size, num_layers=layers)
        return _contestants(pair, loss_of, lambda layer: workloads.training(layer, x, dy), settings)

    case = {"N": N, "T": T, "H": size, "layers": layers}
    return Contest(f"Step of a language model, {cell}", case, enter, around, 1e-3)


def forecaster(cell: str, size: int, settings: Settings) -> Contest:
    """One layer over windows of 96 steps of 3 series, and three quantiles of 24 steps ahead."""
    N, context, horizon, columns = 64, 96, 24, 3

    def enter() -> dict[str, Contestant]:
        series = workloads.data(2000, columns).cumsum(0)
        windows = series.unfold(0, context + horizon, 1)  # (W, columns, context + horizon), a view
        index = torch.randperm(len(windows), generator=torch.Generator().manual_seed(0))[:N]
        levels = torch.tensor([0.1, 0.5, 0.9])

        def loss_of(layer: torch.nn.Module) -> tuple[torch.nn.Module, Loss]:
            model = WindowModel(layer, size, horizon * len(levels))

            def loss() -> Tensor:
                batch = windows[index].permute(2, 0, 1)
                batch = batch - batch[context - 1]
                given, wanted = batch[:context], batch[context:, :, 0].T
                error = wanted[:, :, None] - model(given).view(N, horizon, len(levels))
                return torch.maximum(levels * error, (levels - 1) * error).mean()

            return model, loss

        x, dy = workloads.data(context, N, columns), workloads.data(context, N, size, seed=1)

        def alone(layer: torch.nn.Module) -> Callable[[], list[Tensor]]:
            parameters = list(layer.parameters())  # the windows need no gradient
            return lambda: list(torch.autograd.grad(layer(x)[0], parameters, dy))

        return _contestants(workloads.pair(cell, columns, size), loss_of, alone, settings)

    case = {"N": N, "T": context, "H": size, "layers": 1}
    return Contest(f"Step of a forecaster, {cell}", case, enter, around, 1e-3)


def _contestants(
    pair: tuple[torch.nn.Module, torch.nn.Module],
    loss_of: Callable[[torch.nn.Module], tuple[torch.nn.Module, Loss]],
    alone: Callable[[torch.nn.Module], Callable[[], object]],
    settings: Settings,
) -> dict[str, Contestant]:
    """The whole step and the layers alone, ours and torch.nn's."""
    ours, peer = pair
    with torch.random.fork_rng(devices=[]):
        runs = {}
        for name, layer in (("ours", ours), ("torch.nn", peer)):
            torch.manual_seed(0)
            runs[name] = _step(*loss_of(layer))
    found = {
        "ours": Contestant(runs["ours"], "torch.nn", _losses(runs["ours"]), ours=True),
        "torch.nn": Contestant(runs["torch.nn"], outputs=_losses(runs["torch.nn"])),
        "our layers alone": Contestant(alone(ours), "torch.nn's layers alone", ours=True),
        "torch.nn's layers alone": Contestant(alone(peer)),
    }
    if settings.peers:
        return found
    return {
        name: Contestant(own.run, outputs=own.outputs, ours=True) for name, own in found.items() if own.ours
    }


def _step(model: torch.nn.Module, loss: Loss) -> Loss:
    """Forward, loss, backward, clip, Adam."""
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)

    def step() -> Tensor:
        value = loss()
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        return value.detach()

    return step


def _losses(step: Loss) -> Callable[[Tensor], list[Tensor]]:
    """The loss of two more steps too, which shows the gradients of the first."""
    return lambda first: [first, step(), step()]


def around(times: Times) -> dict[str, float]:
    """How many times faster the whole is, and what surrounds our layers beside what surrounds torch.nn's."""

    def without(whole: str, layers: str) -> float:
        return statistics.median(a - b for a, b in zip(times[whole], times[layers]))

    extra = without("ours", "our layers alone") / without("torch.nn", "torch.nn's layers alone")
    return {"× torch.nn": ratio(times, "torch.nn", "ours"), "around the layers": extra}
