"""One, two and three layers with the same number of weights: is deep better than wide?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy, one_hot

from recurra import nn
from recurra.cells import GRU, Stack, count_parameters
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

SYMBOLS, T, ROWS, STEPS, RATE = 3, 20, 64, 600, 0.01
WEIGHTS = 4000
LAYERS = (1, 2, 3)
TASKS = {"a running sum": 1, "a running sum of the running sum": 2}
"""How often to sum; modulo `SYMBOLS`, so that each sum is a symbol again."""
LEARNT = 0.1


def run(seeds: Sequence[int], budget: float) -> Result:
    steps = max(10, round(STEPS * budget))
    found = {
        task: {layers: {seed: train(times, layers, seed, steps) for seed in seeds} for layers in LAYERS}
        for task, times in TASKS.items()
    }
    needed = {
        task: {
            layers: {seed: steps_needed(losses) for seed, losses in own.items()}
            for layers, own in by_layers.items()
        }
        for task, by_layers in found.items()
    }
    sizes = {
        layers: (width(layers), count_parameters(Stack(GRU(SYMBOLS, width(layers)), layers)))
        for layers in LAYERS
    }
    counts = [count for _, count in sizes.values()]
    checks = [
        Check(
            "The three networks have the same number of weights, to 8 %.",
            max(counts) < 1.08 * min(counts),
            ", ".join(f"{layers} × {H}: {count:,}" for layers, (H, count) in sizes.items()),
        )
    ]
    for seed in seeds:
        for task, by_layers in needed.items():
            one, _, three = (by_layers[layers][seed] for layers in LAYERS)
            checks.append(
                Check(
                    f"Seed {seed}: one layer learns {task} in fewer steps than three.",
                    one is not None and (three is None or one < three),
                    ", ".join(f"{layers}: {told(own[seed])}" for layers, own in by_layers.items()),
                )
            )
    tables = [
        Table(
            f"Steps of training to learn {task}",
            ["Layers", "Units each", "Weights", *(f"Seed {seed}" for seed in seeds)],
            [
                [layers, *sizes[layers], *(told(value) for value in own.values())]
                for layers, own in by_layers.items()
            ],
            f"The first step at which the mean loss of ten was below {LEARNT}; at most {steps} were done.",
        )
        for task, by_layers in needed.items()
    ]
    pictures = [
        Picture(f"Loss while learning {task}", loss_figure(by_layers), "Mean of ten steps; a line a seed.")
        for task, by_layers in found.items()
    ]
    data = {
        task: {
            str(layers): {str(seed): value for seed, value in own.items()}
            for layers, own in by_layers.items()
        }
        for task, by_layers in needed.items()
    }
    return Result(tables, pictures, checks, {"steps": data, "weights": counts})


def width(layers: int) -> int:
    """Units a layer with which so many layers come nearest to `WEIGHTS`."""
    return min(range(2, 64), key=lambda H: abs(count_parameters(Stack(GRU(SYMBOLS, H), layers)) - WEIGHTS))


def train(times: int, layers: int, seed: int, steps: int) -> list[float]:
    """The loss at every step."""
    torch.manual_seed(seed)
    layer = nn.GRU(SYMBOLS, width(layers), layers)
    drawn = layer.stack.initialise(np.random.default_rng(seed))
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in drawn.items()})
    head = torch.nn.Linear(width(layers), SYMBOLS)
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, RATE)
    losses = []
    for _ in range(steps):
        symbols = torch.randint(0, SYMBOLS, (T, ROWS))
        sums = symbols
        for _ in range(times):
            sums = sums.cumsum(0) % SYMBOLS
        loss = cross_entropy(head(layer(one_hot(symbols, SYMBOLS).float())[0]).flatten(0, 1), sums.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def smooth(losses: Sequence[float]) -> np.ndarray:
    return np.convolve(losses, np.full(10, 0.1), "valid")


def steps_needed(losses: Sequence[float]) -> int | None:
    low = np.flatnonzero(smooth(losses) < LEARNT)
    return int(low[0]) + 10 if len(low) else None


def told(steps: int | None) -> str:
    return "not yet" if steps is None else str(steps)


def loss_figure(by_layers: Mapping[int, Mapping[int, Sequence[float]]]) -> Any:
    looks = {1: ("var(--model)", "solid"), 2: ("var(--last)", "dash"), 3: ("var(--seasonal)", "dot")}
    lines = []
    for layers, own in by_layers.items():
        colour, dash = looks[layers]
        for place, losses in enumerate(own.values()):
            y, name = smooth(losses), f"{layers} layer{'s' * (layers > 1)}"
            lines.append(
                line(
                    10 + np.arange(len(y)),
                    y,
                    name,
                    colour,
                    width=1.7,
                    dash=dash,
                    showlegend=not place,
                    legendgroup=name,
                )
            )
    return figure(lines, x={"title": "step of training"}, y={"rangemode": "tozero"}, hovermode="closest")


LAB = Lab(
    name="depth",
    title="At equal weights, are more layers better?",
    claim="Not by themselves: with as many weights, one wide layer learns a running sum sooner than three "
    "narrow ones, and even a running sum of a running sum, which looks made for two.",
    run=run,
)
