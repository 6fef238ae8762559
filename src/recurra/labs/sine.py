"""Why does a good one-step model forecast badly on its own? Noisy sines, each of a period of its own.

A GRU learns to tell the next value from those before it. Then it goes on alone: what it foretells is what it
reads next. Beside it goes a linear model of the last twelve values, fitted to each sine's own beginning.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

NOISE, TESTS = 0.05, 200
WARM, AHEAD = 80, 200
UPDATES, RATE = 2500, 0.01
STEPS = [1, 5, 20, 50, 100, 200]
ORDER, LAST, SHIFT = 12, 60, 10  # of the linear model; steps at the end; steps to move a forecast by
UNIT = f"Root mean square against the sine without noise; its own is {np.sqrt(0.5):.3f}."
STYLES = {
    "GRU, told each value": ("var(--seasonal)", "dot"),
    "GRU, on its own": ("var(--model)", "solid"),
    "linear, told": ("var(--ets)", "dashdot"),
    "linear, on its own": ("var(--last)", "dash"),
}


class Foreteller(torch.nn.Module):
    """x̂_{t+1} = v · h_t + b with h of a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.head = nn.GRU(1, 32), torch.nn.Linear(32, 1)

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The next values (T, N, 1) after each of x (T, N, 1), and the state."""
        output, h_n = self.gru(x, h)
        return self.head(output), h_n


def sines(random: np.random.Generator, T: int, N: int) -> tuple[Tensor, Tensor]:
    """N sines (T, N, 1) of 15 to 40 steps a period, bare and with noise."""
    period, phase = random.uniform(15, 40, N), random.uniform(0, 2 * np.pi, N)
    bare = np.sin(2 * np.pi * np.arange(T)[:, None] / period + phase)[..., None]
    noisy = bare + random.normal(0, NOISE, bare.shape)
    return torch.tensor(bare, dtype=torch.float32), torch.tensor(noisy, dtype=torch.float32)


def learn(model: Foreteller, random: np.random.Generator, updates: int) -> None:
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=updates)
    for _ in range(updates):
        _, x = sines(random, WARM + 40, 64)
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(model(x[:-1])[0], x[1:]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()


@torch.no_grad()
def go_on(model: Foreteller, warm: Tensor) -> Tensor:
    """AHEAD values after the warm ones: each is read as if it had happened."""
    ahead, h = model(warm)
    values = [ahead[-1:]]
    while len(values) < AHEAD:
        value, h = model(values[-1], h)
        values.append(value)
    return torch.cat(values)


def linear(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of one series (WARM + AHEAD,): x̂_{t+1} = Σ_k a_k x_{t−k}, told each value and on its own (AHEAD,)."""
    windows = np.lib.stride_tricks.sliding_window_view(x[:-1], ORDER)
    a = np.linalg.lstsq(windows[: WARM - ORDER], x[ORDER:WARM], rcond=None)[0]
    alone = [*x[:WARM]]
    for _ in range(AHEAD):
        alone.append(a @ alone[-ORDER:])
    return windows[WARM - ORDER :] @ a, np.array(alone[WARM:])


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    errors: dict[str, list[np.ndarray]] = {name: [] for name in STYLES}
    shifted, examples = [], []
    for seed in seeds:
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        model = Foreteller()
        learn(model, random, max(2, round(UPDATES * budget)))
        bare, x = sines(random, WARM + AHEAD + SHIFT, TESTS)
        linearly = np.array([linear(row) for row in x[: WARM + AHEAD, :, 0].double().T.numpy()])
        with torch.no_grad():
            told = model(x[: WARM + AHEAD - 1])[0][WARM - 1 :, :, 0].numpy()
        alone = go_on(model, x[:WARM])[..., 0].numpy()
        sine = bare[..., 0].numpy()
        for name, forecast in zip(STYLES, (told, alone, linearly[:, 0].T, linearly[:, 1].T)):
            errors[name].append(rms(forecast - sine[WARM : WARM + AHEAD], 1))
        last = range(WARM + AHEAD - LAST, WARM + AHEAD)
        apart = [rms(alone[-LAST:] - sine[np.array(last) + by], 0) for by in range(-SHIFT, SHIFT + 1)]
        shifted.append(float(rms(np.min(apart, axis=0), 0)))
        middle = np.argsort(rms(alone - sine[WARM : WARM + AHEAD], 0))[TESTS // 2]
        examples.append((sine[: WARM + AHEAD, middle], told[:, middle], alone[:, middle]))
    return found(list(seeds), {name: np.array(of) for name, of in errors.items()}, shifted, examples[0])


def rms(values: np.ndarray, axis: int) -> np.ndarray:
    return np.sqrt((values**2).mean(axis))


def found(
    seeds: list[int], errors: dict[str, np.ndarray], shifted: list[float], example: tuple[np.ndarray, ...]
) -> Result:
    """``errors`` (seeds, AHEAD): root mean squares over the test sines."""
    told, alone, linear_told, linear_alone = errors.values()
    early, late, end = told[:, :LAST].mean(1), told[:, -LAST:].mean(1), rms(alone[:, -LAST:], 1)
    rows = [[step, *(float(of[:, step - 1].mean()) for of in errors.values())] for step in STEPS]
    return Result(
        tables=[
            Table("Error by steps ahead", ["step", *errors], rows, f"Means of {len(seeds)} seeds. {UNIT}")
        ],
        pictures=[
            Picture("One sine", example_figure(*example), f"Of middling error; alone from step {WARM} on."),
            Picture("Error by steps ahead", error_figure(errors), UNIT),
        ],
        checks=[
            Check(
                "Told each value, the GRU's error stays under the noise and does not grow, on every seed.",
                bool(told.max() < NOISE and np.all(late < 1.25 * early)),
                f"At most {told.max():.3f}; at the end {listed(late / early)} times that of the beginning.",
            ),
            Check(
                f"On its own its error grows from step to step of {listed(STEPS)}, on every seed.",
                bool(np.all(np.diff(alone[:, np.array(STEPS) - 1]) > 0)),
                "; ".join(" < ".join(f"{value:.3f}" for value in row[np.array(STEPS) - 1]) for row in alone),
            ),
            Check(
                f"It drifts in time: over the last {LAST} steps forecasts that are moved by {SHIFT} steps or "
                "less have less than half the error, on every seed.",
                bool(np.all(shifted < end / 2)),
                f"{listed(end)} becomes {listed(shifted)}.",
            ),
            Check(
                "One step ahead it is better than the linear model, 100 steps ahead worse, on every seed.",
                bool(
                    np.all(told.mean(1) < linear_told.mean(1)) and np.all(alone[:, 99] > linear_alone[:, 99])
                ),
                f"{listed(told.mean(1))} against {listed(linear_told.mean(1))}; "
                f"{listed(alone[:, 99])} against {listed(linear_alone[:, 99])}.",
            ),
        ],
        data={
            "seeds": seeds,
            "errors": {name: of.tolist() for name, of in errors.items()},
            "shifted": shifted,
        },
    )


def listed(values: Any) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def example_figure(sine: np.ndarray, *forecasts: np.ndarray) -> Any:
    t = np.arange(len(sine))
    traces = [line(t, sine, "the sine", "var(--ink)", width=1.2)]
    for (name, (colour, dash)), values in zip(STYLES.items(), forecasts):
        traces.append(line(t[WARM:], values, name, colour, width=2, dash=dash))
    return figure(traces, x={"title": "step"})


def error_figure(errors: dict[str, np.ndarray]) -> Any:
    steps = np.arange(1, AHEAD + 1)
    traces = [
        line(steps, errors[name].mean(0), name, colour, width=2.2, dash=dash)
        for name, (colour, dash) in STYLES.items()
    ]
    axis = {"title": "steps ahead", "range": [0, AHEAD + 6]}
    return figure(traces, x=axis, y={"rangemode": "tozero"})


LAB = Lab(
    name="sine",
    title="Why does a good one-step model forecast badly on its own?",
    claim="Told each value, a GRU foretells the next with less error than the noise; reading its own "
    "forecasts it drifts in time, its error grows step by step, and a model that is worse at one step can be "
    "better.",
    run=run,
)
