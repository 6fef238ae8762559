"""Attention or recurrence? LSTM, minGRU and a small Transformer: what they cost, and one long memory.

One of eight letters comes early among noise, and after 128 symbols it is asked for. Then: time and memory of
training against length, and what one more token costs and what must be kept for it after so many before.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import GELU, Embedding, LayerNorm, Linear, ModuleList, Sequential
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

LETTERS, SYMBOLS, D, HEADS, LAYERS, LONGEST = 8, 16, 32, 4, 2, 1024
T_TASK, MOST, EVERY, RATE = 128, 600, 25, 0.005
LENGTHS, ROWS, REPEATS = [64, 256, 1024], 2, 3
BEFORE = [0, 1024, 16384]
STYLES = {
    "LSTM": ("var(--model)", "solid"),
    "minGRU": ("var(--seasonal)", "dot"),
    "Transformer": ("var(--last)", "dash"),
    "Transformer, fused": ("var(--ets)", "dashdot"),
}


class Block(torch.nn.Module):
    """x + W_o softmax(QKᵀ/√d) V, over the steps so far, and x + FFN(x), each of a normalised x."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.before, self.between = LayerNorm(D), LayerNorm(D)
        self.qkv, self.out = Linear(D, 3 * D), Linear(D, D)
        self.net = Sequential(Linear(D, 4 * D), GELU(), Linear(4 * D, D))

    def heads(self, x: Tensor) -> Tensor:
        """Queries, keys and values (3, N, HEADS, T, d) of x (N, T, D)."""
        N, T, _ = x.shape
        return self.qkv(self.before(x)).view(N, T, 3, HEADS, -1).permute(2, 0, 3, 1, 4)

    def onward(self, x: Tensor, mixed: Tensor) -> Tensor:
        x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
        return x + self.net(self.between(x))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        if self.fused:  # the same, without ever having all weights
            return self.onward(x, scaled_dot_product_attention(q, k, v, is_causal=True))
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return self.onward(x, attention(q, k, v, later))

    def token(self, x: Tensor, cache: Tensor) -> Tensor:
        """One more step x (1, 1, D); the cache (2, 1, HEADS, S, d) has room for its key and value."""
        q, k, v = self.heads(x)
        cache[..., -1:, :] = torch.stack([k, v])
        return self.onward(x, attention(q, *cache))


def attention(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None = None) -> Tensor:
    scores = q @ k.mT / math.sqrt(D // HEADS)
    if hidden is not None:
        scores = scores.masked_fill(hidden, -torch.inf)
    return scores.softmax(-1) @ v


class Transformer(torch.nn.Module):
    """Blocks over symbols to which a learnt vector for their place is added."""

    def __init__(self, fused: bool = False) -> None:
        super().__init__()
        self.places = torch.nn.Parameter(0.1 * torch.randn(LONGEST, D))
        self.blocks = ModuleList(Block(fused) for _ in range(LAYERS))

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        x = x + self.places[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return x, None


def lstm(T: int) -> nn.LSTM:
    """Gates start as slow as the task is long: forget biases log U(1, T), input biases their opposite."""
    layer = nn.LSTM(D, D, LAYERS, batch_first=True)
    with torch.no_grad():
        for k in range(LAYERS):
            slow = torch.log(1 + (T - 2) * torch.rand(D))
            layer.get_parameter(f"bias_hh_l{k}").zero_()
            layer.get_parameter(f"bias_ih_l{k}")[: 2 * D] = torch.cat([-slow, slow])
    return layer


def min_gru(T: int) -> nn.MinGRU:
    """The same: its gate z says how much is new."""
    layer = nn.MinGRU(D, D, LAYERS, batch_first=True)
    with torch.no_grad():
        for k in range(LAYERS):
            layer.get_parameter(f"bias_ih_l{k}")[:D] = -torch.log(1 + (T - 2) * torch.rand(D))
    return layer


def bodies(T: int) -> dict[str, torch.nn.Module]:
    return dict(zip(STYLES, [lstm(T), min_gru(T), Transformer(), Transformer(fused=True)]))


def task(random: np.random.Generator, rows: int) -> tuple[Tensor, Tensor]:
    """Noise (N, T) with one letter in its first quarter, and the letter (N,)."""
    x, letter = random.integers(LETTERS, SYMBOLS, (rows, T_TASK)), random.integers(0, LETTERS, rows)
    x[np.arange(rows), random.integers(0, T_TASK // 4, rows)] = letter
    return torch.from_numpy(x), torch.from_numpy(letter)


def learn(body: torch.nn.Module, random: np.random.Generator, most: int) -> tuple[float, int, float]:
    """Train until 95 % of 400 unseen are right, or no more: the share right, updates and seconds."""
    embedding, head = Embedding(SYMBOLS, D), Linear(D, LETTERS)
    weights = [*body.parameters(), *embedding.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(weights, lr=RATE)
    right, start = 0.0, time.perf_counter()
    for update in range(1, most + 1):
        x, letter = task(random, 32)
        optimiser.zero_grad()
        cross_entropy(head(body(embedding(x))[0][:, -1]), letter).backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        if update % EVERY == 0 or update == most:
            x, letter = task(random, 400)
            with torch.no_grad():
                right = float((head(body(embedding(x))[0][:, -1]).argmax(1) == letter).double().mean())
            if right >= 0.95:
                return right, update, time.perf_counter() - start
    return right, most, time.perf_counter() - start


def training_cost(body: torch.nn.Module, T: int) -> tuple[float, int]:
    """Seconds of a pass forward and back, and the bytes that autograd keeps in between."""
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    x, start = torch.randn(ROWS, T, D, requires_grad=True), time.perf_counter()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = body(x)[0].sum()
    output.backward()
    return time.perf_counter() - start, sum(storages.values())


@torch.no_grad()
def token_cost(body: Any, before: int) -> tuple[float, int]:
    """Least seconds of one more token after so many, and the bytes that are kept for it."""
    if isinstance(body, Transformer):
        caches = [torch.randn(2, 1, HEADS, before + 1, D // HEADS) for _ in range(LAYERS)]

        def step(x: np.ndarray) -> None:
            y = torch.from_numpy(x)[None, None]
            for block, cache in zip(body.blocks, caches):
                y = cast(Block, block).token(y, cache)

        kept = sum(cache.nbytes for cache in caches)
    else:
        stream = body.stream()
        step = stream.step
        for x in np.random.default_rng(0).normal(size=(before, D)).astype(np.float32):
            step(x)
        kept = sum(state.nbytes for state in stream.state().values())
    return min(seconds(step) for _ in range(30)), kept


def seconds(step: Callable[[np.ndarray], Any]) -> float:
    x = np.ones(D, np.float32)
    start = time.perf_counter()
    step(x)
    return time.perf_counter() - start


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    most, repeats = max(1, round(MOST * budget)), max(1, round(REPEATS * budget))
    learnt: dict[str, list[tuple[float, int, float]]] = {name: [] for name in STYLES if "fused" not in name}
    training, tokens = [], []
    for seed in seeds:
        torch.manual_seed(seed)
        of = bodies(T_TASK)
        for name, reader in learnt.items():
            reader.append(learn(of[name], np.random.default_rng(seed), most))
        # In turn, so that whatever slows the machine slows all.
        training += [
            [[training_cost(body, T) for T in LENGTHS] for body in of.values()] for _ in range(repeats)
        ]
        tokens.append([[token_cost(of[name], before) for before in BEFORE] for name in learnt])
    return found(list(seeds), learnt, np.min(training, 0), np.min(tokens, 0))


def found(
    seeds: list[int],
    learnt: dict[str, list[tuple[float, int, float]]],
    training: np.ndarray,
    tokens: np.ndarray,
) -> Result:
    """``training`` (STYLES, LENGTHS, 2) seconds and bytes; ``tokens`` (those learnt, BEFORE, 2) the same."""
    names = list(STYLES)
    times, kept = training[..., 0], training[..., 1]
    growth = kept[:, -1] / kept[:, -2]
    worst = min(right for of in learnt.values() for right, _, _ in of)
    slower = tokens[:, -1, 0] / tokens[:, 1, 0]
    return Result(
        tables=[
            Table(
                f"A letter remembered over {T_TASK} symbols",
                ["network", "right", "updates until 95 %", "seconds until then"],
                [[name, *np.mean(of, 0).tolist()] for name, of in learnt.items()],
                f"Means of {len(seeds)} seeds; guessing is right in one of {LETTERS}.",
            ),
            Table(
                "Training: forward and back",
                ["network", *(f"{what}, T = {T:,}" for what in ("ms", "MB kept") for T in LENGTHS)],
                [[name, *(1e3 * times[k]), *(kept[k] / 1e6)] for k, name in enumerate(names)],
                f"{ROWS} rows, {LAYERS} layers, {D} units, {HEADS} heads; the quickest pass.",
            ),
            Table(
                "Streaming: one more token",
                ["network", *(f"{what} after {n:,}" for what in ("µs", "bytes kept") for n in BEFORE)],
                [
                    [name, *(1e6 * of[:, 0]), *of[:, 1].astype(int).tolist()]
                    for name, of in zip(learnt, tokens)
                ],
                "The Transformer steps in PyTorch, the others in native code: compare how they grow.",
            ),
        ],
        pictures=[
            Picture("Time of training against length", cost_figure(LENGTHS, 1e3 * times, "ms"), LOGARITHMIC),
            Picture("What is kept for the gradient", cost_figure(LENGTHS, kept / 1e6, "MB"), LOGARITHMIC),
        ],
        checks=[
            Check(
                f"All three learn to remember over {T_TASK} symbols: 95 % right, on every seed.",
                worst >= 0.95,
                f"At least {worst:.1%} right.",
            ),
            Check(
                "For four times the length recurrence keeps at most 4.5 times as much, attention 10 or more.",
                bool(max(growth[:2]) <= 4.5 and growth[2] >= 10),
                f"{growth[0]:.1f} and {growth[1]:.1f}; {growth[2]:.1f} times.",
            ),
            Check(
                "Fused attention keeps no more than 4.5 times as much either.",
                bool(growth[3] <= 4.5),
                f"{growth[3]:.1f} times.",
            ),
            Check(
                f"At T = {LENGTHS[-1]:,} attention takes at least five times the LSTM's time, fused or not.",
                bool(times[2:, -1].min() >= 5 * times[0, -1]),
                f"{times[2, -1] / times[0, -1]:.0f} and {times[3, -1] / times[0, -1]:.0f} times.",
            ),
            Check(
                f"After {BEFORE[2]:,} tokens one more costs recurrence what it did after {BEFORE[1]:,}, "
                "and attention at least twice that.",
                bool(max(slower[:2]) < 1.8 and slower[2] >= 2),
                f"{slower[0]:.1f} and {slower[1]:.1f}; {slower[2]:.1f} times.",
            ),
        ],
        data={
            "seeds": seeds,
            "learnt": learnt,
            "lengths": LENGTHS,
            "training": dict(zip(names, training.tolist())),
            "tokens_before": BEFORE,
            "tokens": dict(zip(learnt, tokens.tolist())),
        },
    )


LOGARITHMIC = "Both axes are logarithmic. Fused attention computes the same and keeps no weights."


def cost_figure(lengths: Sequence[int], costs: np.ndarray, unit: str) -> Any:
    traces = [
        line(np.array(lengths), of, name, colour, width=2.2, dash=dash)
        for (name, (colour, dash)), of in zip(STYLES.items(), costs)
    ]
    ends = np.log10([lengths[0] / 1.1, lengths[-1] * 1.2]).tolist()
    ticks = {"tickvals": list(lengths), "ticktext": [f"{T:,}" for T in lengths], "range": ends}
    x, y = ({"title": text, "type": "log"} for text in ("T", unit))
    return figure(traces, x=x | ticks, y=y | {"dtick": 1})


LAB = Lab(
    name="attention-or-recurrence",
    title="Attention or recurrence: what does each cost, and what does it remember?",
    claim="LSTM, minGRU and a small Transformer all learn to remember a letter over 128 symbols. For four "
    "times the length recurrence takes four times the memory in training, attention far more unless it is "
    "fused, and more time in any case; one more streamed token costs recurrence the same for ever.",
    run=run,
)
