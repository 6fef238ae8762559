"""How far back must a gradient reach? Backpropagation through time, cut every so many of 1,000 steps.

At times a bit is written, and 50 steps later it is asked for. A GRU reads series of 1,000 steps in stretches:
its state goes from each stretch to the next, its gradient stays within one.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

T, N, LAG, H = 1000, 16, 50, 16
CUTS = [10, 25, 50, 75, 100, 250, 1000]
PASSES, UPDATES, RATE = 25, 600, 0.01  # at least as many of both

Batch = tuple[Tensor, Tensor, Tensor]


def series(random: np.random.Generator, rows: int) -> Batch:
    """Inputs (T, N, 3): bit 0, bit 1 and the question; the bit asked for (T, N); where it is asked (T, N)."""
    x, bits = np.zeros((T, rows, 3), np.float32), np.zeros((T, rows), np.float32)
    for row in range(rows):
        begin = random.integers(0, 30)
        while begin + LAG < T:
            bit = random.integers(2)
            x[begin, row, bit] = x[begin + LAG, row, 2] = 1
            bits[begin + LAG, row] = bit
            begin += LAG + random.integers(1, 30)
    return torch.from_numpy(x), torch.from_numpy(bits), torch.from_numpy(x[..., 2] > 0)


class Rememberer(torch.nn.Module):
    """s_t = v · h_t + b with h of a GRU, whose update gate starts at σ(2): it keeps 7/8 a step."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.head = nn.GRU(3, H), torch.nn.Linear(H, 1)
        with torch.no_grad():
            self.gru.get_parameter("bias_ih_l0")[H : 2 * H] = 2.0

    def loss(self, batch: Batch, h: Tensor | None) -> tuple[Tensor, Tensor]:
        """Of a stretch that begins in state h; and the state after it."""
        x, bits, asked = batch
        output, h_n = self.gru(x, h)
        scores = self.head(output)[..., 0]
        losses = torch.nn.functional.binary_cross_entropy_with_logits(scores, bits, reduction="none")
        return (losses * asked).sum() / asked.sum().clamp(min=1), h_n


def learn(
    model: Rememberer, batches: Sequence[Batch], cut: int, passes: int, updates: int
) -> tuple[float, int]:
    """Train with gradients that reach back to the last cut: the least seconds of a batch, and updates."""
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    done, seconds = 0, []
    while len(seconds) < passes or done < updates:
        batch, h = batches[len(seconds) % len(batches)], None
        start = time.perf_counter()
        for x, bits, asked in zip(*(part.split(cut) for part in batch)):
            loss, h = model.loss((x, bits, asked), h)
            h = h.detach()  # the cut: the number goes on, where it came from is forgotten
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            done += 1
        seconds.append(time.perf_counter() - start)
    return min(seconds), done


@torch.no_grad()
def told(model: Rememberer, batch: Batch) -> float:
    """The share of bits that it tells right, reading all 1,000 steps."""
    x, bits, asked = batch
    scores = model.head(model.gru(x)[0])[..., 0]
    return float(((scores > 0) == bits.bool())[asked].double().mean())


def kept_bytes(model: Rememberer, batch: Batch, cut: int) -> int:
    """What autograd keeps of one stretch until its backward."""
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    x, bits, asked = (part[:cut].clone() for part in batch)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model.loss((x, bits, asked), torch.zeros(1, N, H))
    return sum(storages.values())


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    passes, updates = (max(1, round(whole * budget)) for whole in (PASSES, UPDATES))
    right, seconds, done = (np.zeros((len(seeds), len(CUTS))) for _ in range(3))
    kept = np.zeros(len(CUTS))
    for place, seed in enumerate(seeds):
        random = np.random.default_rng(seed)
        batches, test = [series(random, N) for _ in range(PASSES)], series(random, 100)
        for column, cut in enumerate(CUTS):
            torch.manual_seed(seed)
            model = Rememberer()
            seconds[place, column], done[place, column] = learn(model, batches, cut, passes, updates)
            right[place, column] = told(model, test)
            kept[column] = kept_bytes(model, batches[0], cut)
    return found(list(seeds), right, np.min(seconds, 0), done[0].astype(int), kept)


def found(
    seeds: list[int], right: np.ndarray, seconds: np.ndarray, done: np.ndarray, kept: np.ndarray
) -> Result:
    """``right`` (seeds, CUTS): shares of bits; ``seconds`` a batch of 1,000 steps, ``kept`` bytes (CUTS,)."""
    cuts = np.array(CUTS)
    short, long = right[:, cuts <= LAG], right[:, cuts >= 2 * LAG]
    memory, effort = kept[-1] / kept[cuts == 100][0], seconds[0] / seconds[-1]
    rows = [
        [cut, float(share), kilobytes, milliseconds, int(count)]
        for cut, share, kilobytes, milliseconds, count in zip(
            CUTS, right.mean(0), kept / 1e3, 1e3 * seconds, done
        )
    ]
    columns = [
        "steps to the cut",
        "bits told right",
        "kept for the gradient, kB",
        "ms for 1,000 steps",
        "updates",
    ]
    return Result(
        tables=[
            Table(
                f"Accuracy and cost by cut, for a lag of {LAG}",
                columns,
                rows,
                f"{N} rows; means of {len(seeds)} seeds.",
            )
        ],
        pictures=[
            Picture("Accuracy", accuracy_figure(right), f"A line for each seed; the lag is {LAG} steps."),
            Picture("Cost", cost_figure(kept, seconds), "Each as a share of its largest."),
        ],
        checks=[
            Check(
                "A cut no longer than the lag learns nothing: within 8 points of guessing, on every seed.",
                bool(np.abs(short - 0.5).max() <= 0.08),
                f"{short.min():.1%} to {short.max():.1%} of the bits right.",
            ),
            Check(
                "A cut of twice the lag or more learns all: at least 98 % right, on every seed.",
                bool(long.min() >= 0.98),
                f"At least {long.min():.1%} right.",
            ),
            Check(
                "What is kept for the gradient grows with the cut: about tenfold for ten times the steps.",
                bool(9 < memory < 11),
                f"{memory:.1f} times as much for 1,000 steps as for 100.",
            ),
            Check(
                "A cut saves no time for the same series: every 10 steps it takes twice as long or longer.",
                bool(effort > 2),
                f"{effort:.0f} times as long.",
            ),
        ],
        data={
            "seeds": seeds,
            "cuts": CUTS,
            "right": right.tolist(),
            "kept_bytes": kept.tolist(),
            "seconds": seconds.tolist(),
            "updates": done.tolist(),
        },
    )


STEPS = {
    "type": "log",
    "title": "steps to the cut",
    "range": [0.9, 3.1],
    "tickvals": CUTS,
    "ticktext": list(map(str, CUTS)),
}


def accuracy_figure(right: np.ndarray) -> Any:
    styles = [("var(--model)", "solid"), ("var(--last)", "dash"), ("var(--seasonal)", "dot")]
    traces = []
    for seed, shares in enumerate(right):
        colour, dash = styles[seed % len(styles)]
        traces.append(line(np.array(CUTS), shares, f"seed {seed}", colour, width=2.2, dash=dash))
    return figure(traces, x=STEPS, y={"tickformat": ".0%", "hoverformat": ".1%", "range": [0.4, 1.03]})


def cost_figure(kept: np.ndarray, seconds: np.ndarray) -> Any:
    costs = {"memory": (kept, "var(--model)", "solid"), "time": (seconds, "var(--last)", "dash")}
    traces = [
        line(np.array(CUTS), cost / cost.max(), name, colour, width=2.2, dash=dash)
        for name, (cost, colour, dash) in costs.items()
    ]
    return figure(traces, x=STEPS, y={"tickformat": ".0%", "hoverformat": ".1%", "rangemode": "tozero"})


LAB = Lab(
    name="truncation",
    title="How far back must a gradient reach?",
    claim="Cut backpropagation shorter than the lag and nothing is learnt, twice as long and all is; the cut "
    "saves memory in proportion, but no time for the same series.",
    run=run,
)
