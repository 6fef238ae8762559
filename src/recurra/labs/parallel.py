"""Must a recurrent network go step by step? MinGRU, trained by a scan over time and by stepping.

Its gates do not see the past, so that a step is linear in the state: h_t = a_t ⊙ h_{t−1} + b_t. Two such
steps are one again, and all T take about 2 log₂ T rounds instead of T. Both ways train the same network from
the same start; then both are timed against T, beside a GRU, which can only step.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import Linear

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

I, H, N = 8, 32, 8  # noqa: E741
LENGTHS = [16, 64, 256, 1024, 4096]
UPDATES, REPEATS, T_TRAIN = 60, 5, 64
SCAN, STEPS, GRU = "MinGRU, scan", "MinGRU, steps", "GRU, native steps"
STYLES = {SCAN: ("var(--model)", "solid"), STEPS: ("var(--last)", "dash"), GRU: ("var(--seasonal)", "dot")}


def step_by_step(layer: nn.MinGRU, x: Tensor) -> Tensor:
    """What the layer computes, (T, N, H) for x (T, N, I), as its equations say."""
    W, b = layer.get_parameter("weight_ih_l0"), layer.get_parameter("bias_ih_l0")
    h, outputs = torch.zeros(x.shape[1], H, dtype=x.dtype), []
    for x_t in x:
        a_z, n = (x_t @ W.T + b).chunk(2, -1)
        z = torch.sigmoid(a_z)
        h = (1 - z) * h + z * n
        outputs.append(h)
    return torch.stack(outputs)


def scanned(layer: nn.MinGRU, x: Tensor) -> Tensor:
    output, _ = layer(x)
    return output


def train(
    seed: int, run: Callable[[nn.MinGRU, Tensor], Tensor], updates: int
) -> tuple[list[float], Tensor, nn.MinGRU]:
    """Losses, all weights and the layer of a network that learns the mean of the first input so far."""
    torch.manual_seed(seed)
    layer, head = nn.MinGRU(I, H, dtype=torch.float64), Linear(H, 1, dtype=torch.float64)
    weights = [*layer.parameters(), *head.parameters()]
    optimiser, losses = torch.optim.Adam(weights, lr=0.01), []
    for _ in range(updates):
        x = torch.rand(T_TRAIN, N, I, dtype=torch.float64)
        so_far = x[..., :1].cumsum(0) / torch.arange(1, T_TRAIN + 1)[:, None, None]
        loss = torch.nn.functional.mse_loss(head(run(layer, x)), so_far)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses, torch.cat([weight.detach().flatten() for weight in weights]), layer


def seconds(run: Callable[[Tensor], Tensor], T: int) -> float:
    """Of one pass forward and back over x (T, N, I)."""
    x = torch.randn(T, N, I, requires_grad=True)
    start = time.perf_counter()
    run(x).sum().backward()
    return time.perf_counter() - start


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    updates, repeats = max(1, round(UPDATES * budget)), max(1, round(REPEATS * budget))
    lengths = LENGTHS if budget >= 1 else LENGTHS[:3]
    losses, apart, streamed, times = [], [], [], []
    for seed in seeds:
        by_scan, weights, layer = train(seed, scanned, updates)
        by_steps, weights_too, _ = train(seed, step_by_step, updates)
        losses.append([by_scan, by_steps])
        apart.append(float((weights - weights_too).abs().max()))
        streamed.append(difference_of_stream(layer))
        # In turn, so that whatever slows the machine slows all.
        times += [[[seconds(way, T) for T in lengths] for way in ways()] for _ in range(repeats)]
    return found(list(seeds), np.array(losses), apart, streamed, lengths, np.min(times, 0), len(times))


def difference_of_stream(layer: nn.MinGRU) -> float:
    """The largest difference between all steps at once and the layer's stream, which takes one at a time."""
    x, stream = torch.rand(T_TRAIN, I, dtype=torch.float64), layer.stream()
    with torch.no_grad():
        at_once = layer(x)[0].numpy()
    return float(np.abs(at_once - np.stack([stream.step(x_t) for x_t in x.numpy()])).max())


def ways() -> list[Callable[[Tensor], Tensor]]:
    """SCAN, STEPS and GRU, each called once before: the first call of anything is slow."""
    layer, gru = nn.MinGRU(I, H), nn.GRU(I, H)
    found = [lambda x: scanned(layer, x), lambda x: step_by_step(layer, x), lambda x: gru(x)[0]]
    for way in found:
        seconds(way, 2)
    return found


def found(
    seeds: list[int],
    losses: np.ndarray,
    apart: list[float],
    streamed: list[float],
    lengths: list[int],
    times: np.ndarray,
    rounds: int,
) -> Result:
    """``losses`` (seeds, 2, updates) by scan and by steps; ``times`` (SCAN, STEPS, GRU; lengths), seconds."""
    gain = times[1] / times[0]
    rows = [
        [T, 2 * math.ceil(math.log2(T)), *(1e3 * times[:, place]), float(gain[place])]
        for place, T in enumerate(lengths)
    ]
    columns = ["T", "rounds of the scan", *(f"{name}, ms" for name in STYLES), "scan against steps, times"]
    differences = np.abs(losses[:, 0] - losses[:, 1]).max()
    return Result(
        tables=[
            Table(
                "Time of one pass forward and back",
                columns,
                rows,
                f"{N} rows, {I} inputs, {H} units; the quickest of {rounds} passes.",
            ),
            Table(
                "The same training twice",
                ["seed", "first loss", "last loss", "weights differ by", "stream differs by"],
                [
                    [seed, float(of[0, 0]), float(of[0, -1]), weights, stream]
                    for seed, of, weights, stream in zip(seeds, losses, apart, streamed)
                ],
                f"{losses.shape[2]} updates in 64 bits, by scan and by steps, from the same start.",
            ),
        ],
        pictures=[Picture("Time against length", time_figure(lengths, times), "Both axes are logarithmic.")],
        checks=[
            Check(
                "Trained by scan or by steps, losses and weights are the same to 9 digits, on every seed.",
                bool(differences < 1e-9 and max(apart) < 1e-9),
                f"Losses differ by at most {differences:.0e}, weights by {max(apart):.0e}.",
            ),
            Check(
                "What was trained by a scan streams step by step with the same numbers, on every seed.",
                max(streamed) < 1e-9,
                f"Outputs differ by at most {max(streamed):.0e}.",
            ),
            Check(
                f"From {lengths[-2]:,} steps on the scan is three times as fast as a loop in Python or more.",
                bool(gain[-2:].min() >= 3),
                f"{gain[-2]:.0f} and {gain[-1]:.0f} times as fast.",
            ),
        ],
        data={
            "seeds": seeds,
            "losses": losses.tolist(),
            "weights_apart": apart,
            "stream_apart": streamed,
            "lengths": lengths,
            "seconds": dict(zip(STYLES, times.tolist())),
        },
    )


def time_figure(lengths: list[int], times: np.ndarray) -> Any:
    traces = [
        line(np.array(lengths), 1e3 * of, name, colour, width=2.2, dash=dash)
        for (name, (colour, dash)), of in zip(STYLES.items(), times)
    ]
    ends = [math.log10(lengths[0]) - 0.1, math.log10(lengths[-1]) + 0.1]  # room for the last number
    ticks = {
        "tickvals": lengths,
        "ticktext": [f"{T:,}" for T in lengths],
        "title": "T",
        "range": ends,
    }
    return figure(traces, x={"type": "log", **ticks}, y={"type": "log", "title": "ms", "dtick": 1})


LAB = Lab(
    name="parallel",
    title="Must a recurrent network go step by step?",
    claim="MinGRU trained by a parallel scan and MinGRU trained step by step are the same network to the "
    "last digits, and over long series the scan is many times as fast as the same operations step by step.",
    run=run,
)
