"""Gradients that vanish and explode: how much of the last step's gradient reaches a step before, and why."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

H, T, ROWS = 32, 50, 64
STEPS, RATE = 150, 3e-3
LAYERS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
FORGETFUL = ("RNN, uniform", "LSTM, uniform", "GRU, uniform")
"""As PyTorch starts them: all weights uniform in ±1/√H."""
MINDFUL = ("RNN, orthogonal", "LSTM, forget bias 1", "GRU, update bias 3")
"""As Recurra starts what it trains, and the GRU with gates that keep its state."""
RADII = (0.8, 0.9, 1.0, 1.1, 1.2)
SHOWN = (0, 10, 20, 30, 40, T - 1)


def run(seeds: Sequence[int], budget: float) -> Result:
    steps = max(1, round(STEPS * budget))
    memory = {start: {seed: train(start, seed, steps) for seed in seeds} for start in FORGETFUL + MINDFUL}
    radius = {
        rho: {seed: [by_radius(rho, size, seed) for size in (0.0, 1.0)] for seed in seeds} for rho in RADII
    }
    growth = {rho: {seed: per_step(own[0]) for seed, own in found.items()} for rho, found in radius.items()}
    descent = {
        seed: {clip: explode(clip, seed, max(2, round(200 * budget))) for clip in (math.inf, 1.0)}
        for seed in seeds
    }

    checks = []
    for seed in seeds:
        reach = {start: (found[seed]["lags"][-1], found[seed]["accuracy"]) for start, found in memory.items()}
        told = ", ".join(
            f"{start}: {gradient:.0e} and {accuracy:.0%}" for start, (gradient, accuracy) in reach.items()
        )
        checks += [
            Check(
                f"Seed {seed}: what of the gradient reaches {T - 1} steps back before training decides who "
                "learns to remember so long: under 1e-8 nobody does, over 1e-3 everybody.",
                all(
                    (gradient < 1e-8 and accuracy < 0.6)
                    if start in FORGETFUL
                    else (gradient > 1e-3 and accuracy > 0.95)
                    for start, (gradient, accuracy) in reach.items()
                ),
                told,
            ),
            Check(
                f"Seed {seed}: near zero, the gradient of an RNN grows or shrinks each step by the spectral "
                "radius of W_hh.",
                all(abs(found[seed] / rho - 1) < 0.03 for rho, found in growth.items()),
                ", ".join(f"{rho}: {found[seed]:.3f}" for rho, found in growth.items()),
            ),
            Check(
                f"Seed {seed}: where gradients explode, training breaks at once; clipped, it learns.",
                not math.isfinite(descent[seed][math.inf]["loss"][-1])
                and statistics.mean(descent[seed][1.0]["loss"][-20:]) < 0.1,
                f"gradient norm {descent[seed][1.0]['norm'][0]:.1e} at first; not a number after "
                f"{len(descent[seed][math.inf]['loss']) - 1} steps; with clipping a loss of "
                f"{statistics.mean(descent[seed][1.0]['loss'][-20:]):.4f}",
            ),
        ]
    tables = [
        Table(
            "What reaches a step before, as a share of what reaches the last, before training (median)",
            ["Start", *(f"{lag} back" for lag in SHOWN)],
            [
                [start, *(float(np.median([own["lags"][lag] for own in found.values()])) for lag in SHOWN)]
                for start, found in memory.items()
            ],
        ),
        Table(
            f"Share right after {steps} steps of training: which sign came {T - 1} steps before?",
            ["Start", *(f"Seed {seed}" for seed in seeds)],
            [[start, *(own["accuracy"] for own in found.values())] for start, found in memory.items()],
            "0.5 is a guess.",
        ),
        Table(
            "Growth of an RNN's gradient in each step back, by the spectral radius of its W_hh",
            ["Radius", *(f"Seed {seed}" for seed in seeds), "with inputs"],
            [
                [rho, *growth[rho].values(), float(np.median([per_step(own[1]) for own in found.values()]))]
                for rho, found in radius.items()
            ],
            "Without inputs the state stays zero, where tanh has slope 1. With inputs of size 1 (median) the "
            "slopes are less, and so is the growth.",
        ),
    ]
    pictures = [
        Picture(
            "What reaches a step before, before training",
            lag_figure({start: found[seeds[0]]["lags"] for start, found in memory.items()}),
            "Norm of the last output's gradient with respect to the input so many steps before; seed 0. "
            "Dotted: as PyTorch starts its layers.",
        ),
        Picture(
            "Spectral radius under, at and over 1",
            radius_figure({rho: found[seeds[0]] for rho, found in radius.items()}),
            "Dashed: with inputs, which saturate the units and hold the explosion down; seed 0.",
        ),
        Picture(
            "Explosion, and what clipping does",
            descent_figure(descent[seeds[0]]),
            "Loss and gradient norm by step, clipped to norm 1; seed 0. Without clipping there is one step.",
        ),
    ]
    data = {
        "gradient by lag": {
            start: {str(seed): own["lags"] for seed, own in found.items()} for start, found in memory.items()
        },
        "accuracy": {
            start: {str(seed): own["accuracy"] for seed, own in found.items()}
            for start, found in memory.items()
        },
        "growth": {
            str(rho): {str(seed): value for seed, value in found.items()} for rho, found in growth.items()
        },
        "descent": {
            str(seed): {"unclipped": own[math.inf], "clipped": own[1.0]} for seed, own in descent.items()
        },
    }
    return Result(tables, pictures, checks, data)


def train(start: str, seed: int, steps: int) -> dict[str, Any]:
    """Gradient by lag of a fresh layer, and its accuracy after training to tell the first step's sign."""
    torch.manual_seed(seed)
    layer, head = made(start, seed), torch.nn.Linear(H, 2)
    lags = gradient_by_lag(layer, signs()[0])
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, RATE)
    for _ in range(steps):
        x, sign = signs()
        loss = cross_entropy(head(layer(x)[0][-1]), sign)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    x, sign = signs(1000)
    with torch.no_grad():
        right = head(layer(x)[0][-1]).argmax(1) == sign
    return {"lags": lags, "accuracy": right.double().mean().item()}


def made(start: str, seed: int) -> torch.nn.Module:
    """A layer of two inputs, with the start that its name says."""
    layer = LAYERS[start.split(",")[0]](2, H)
    if start in MINDFUL:
        drawn = layer.stack.initialise(np.random.default_rng(seed))
        layer.load_state_dict({name: torch.from_numpy(array) for name, array in drawn.items()})
    if start == "GRU, update bias 3":
        with torch.no_grad():
            layer.bias_ih_l0[H : 2 * H] = 3.0
    return layer


def signs(rows: int = ROWS) -> tuple[torch.Tensor, torch.Tensor]:
    """x (T, rows, 2), at first a sign, marked in the second column, then noise; and the signs as 0 or 1."""
    sign = torch.randint(0, 2, (rows,))
    x = torch.randn(T, rows, 2) * torch.tensor([0.5, 0.0])
    x[0] = torch.stack([2.0 * sign - 1, torch.ones(rows)], 1)
    return x, sign


def gradient_by_lag(layer: torch.nn.Module, x: torch.Tensor) -> list[float]:
    """‖∂(v · h_T)/∂x_{T−k}‖ by k, as a share of that for k = 0; v is drawn at random."""
    x = x.requires_grad_()
    last = layer(x)[0][-1]
    (gradient,) = torch.autograd.grad((last * torch.randn_like(last)).sum(), x)
    norms = gradient.double().norm(dim=(1, 2)).flip(0)
    return (norms / norms[0]).tolist()


def by_radius(rho: float, size: float, seed: int) -> list[float]:
    """Gradient by lag of an RNN with Gaussian W_hh of spectral radius ``rho``, for inputs of ``size``."""
    torch.manual_seed(seed)
    layer = nn.RNN(2, 2 * H, bias=False)
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").normal_()
        layer.weight_hh_l0 *= rho / torch.linalg.eigvals(layer.weight_hh_l0).abs().max()
    return gradient_by_lag(layer, size * torch.randn(2 * T, ROWS, 2))


def per_step(lags: Sequence[float]) -> float:
    """The factor by which the gradient changes each step, over the later half, where one eigenvalue rules."""
    return (lags[-1] / lags[T]) ** (1 / (len(lags) - 1 - T))


def explode(clip: float, seed: int, steps: int) -> dict[str, list[float]]:
    """Loss and gradient norm of a ReLU network that starts at W_hh = 1.05 I and learns a mean by SGD."""
    torch.manual_seed(seed)
    layer, head = nn.RNN(1, H, nonlinearity="relu"), torch.nn.Linear(H, 1)
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").copy_(1.05 * torch.eye(H))
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters, 0.03)
    found: dict[str, list[float]] = {"loss": [], "norm": []}
    for _ in range(steps):
        x = torch.rand(T, ROWS, 1)
        loss = (head(layer(x)[0][-1]) - x.mean(0)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, clip)
        found["loss"].append(loss.item())
        found["norm"].append(norm.item())
        if not math.isfinite(norm):
            break
        optimizer.step()
    return found


COLOURS = ("var(--model)", "var(--last)", "var(--seasonal)", "var(--ets)", "var(--ink)")
LOG = {"type": "log", "exponentformat": "power"}


def lag_figure(lags: Mapping[str, Sequence[float]]) -> Any:
    lines = [
        line(
            np.arange(T),
            np.array(own),
            start,
            COLOURS[place % 3],
            width=2,
            dash="dot" if place < 3 else "solid",
        )
        for place, (start, own) in enumerate(lags.items())
    ]
    return figure(lines, x={"title": "steps back"}, y=LOG)


def radius_figure(radius: Mapping[float, Sequence[Sequence[float]]]) -> Any:
    lines = []
    for (rho, both), colour in zip(radius.items(), COLOURS):
        for lags, name, dash in zip(both, (f"{rho:g}", f"{rho:g}, inputs"), ("solid", "dash")):
            lines.append(line(np.arange(len(lags)), np.array(lags), name, colour, width=2, dash=dash))
    return figure(lines, x={"title": "steps back"}, y=LOG)


def descent_figure(descent: Mapping[float, Mapping[str, Sequence[float]]]) -> Any:
    shown = [
        (math.inf, "loss", "loss, not clipped", 1, "solid"),
        (1.0, "loss", "loss, clipped", 0, "solid"),
        (1.0, "norm", "gradient norm before clipping", 0, "dot"),
    ]
    lines = []
    for clip, what, name, colour, dash in shown:
        values = np.array(descent[clip][what])
        values = values[np.isfinite(values)]
        lines.append(line(np.arange(len(values)), values, name, COLOURS[colour], width=1.8, dash=dash))
    return figure(lines, x={"title": "step of gradient descent"}, y=LOG)


LAB = Lab(
    name="vanishing",
    title="How far back does a gradient reach?",
    claim="Gradients shrink or grow by about the same factor each step back, for an RNN near zero by the "
    "spectral radius of W_hh. What reaches the far past decides what can be learnt; where gradients explode, "
    "clipping saves training.",
    run=run,
)
