"""Recurra's layers beside PyTorch's: inference and training, float32, on this machine.

The two run in turn in one process; medians of at least five, and a check first that both compute the same.
Absolute times mean little on a shared machine; the ratio is the result.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import recurra.nn
from recurra import kernels

GRID = [
    (1, 100, 32, 64),
    (32, 50, 32, 64),
    (32, 100, 128, 128),
    (64, 100, 128, 256),
    (128, 50, 256, 512),
    (32, 1000, 16, 64),
    (16, 35, 650, 650),
    (256, 24, 8, 32),
]


def interleaved(functions: list[Callable[[], object]], repeats: int) -> list[float]:
    """Median seconds of each function, all of them called in turn."""
    times: list[list[float]] = [[] for _ in functions]
    for round_ in range(repeats + 1):
        for function, own in zip(functions, times):
            begin = time.perf_counter()
            function()
            if round_:  # the first round warms caches and allocators
                own.append(time.perf_counter() - begin)
    return [statistics.median(own) for own in times]


def compare(cell: str, N: int, T: int, I: int, H: int, repeats: int) -> dict[str, object]:  # noqa: E741
    peer = getattr(torch.nn, cell)(I, H)
    ours = getattr(recurra.nn, cell)(I, H)
    ours.load_state_dict(peer.state_dict())
    x, dy = torch.randn(T, N, I, requires_grad=True), torch.randn(T, N, H)

    def infer(layer: torch.nn.Module) -> torch.Tensor:
        with torch.no_grad():
            return layer(x)[0]

    def train(layer: torch.nn.Module) -> list[torch.Tensor]:
        return list(torch.autograd.grad(layer(x)[0], [x, *layer.parameters()], dy))

    torch.testing.assert_close(infer(ours), infer(peer), rtol=1e-3, atol=1e-4)
    for mine, theirs in zip(train(ours), train(peer)):
        torch.testing.assert_close(mine, theirs, rtol=1e-2, atol=1e-3 * float(theirs.abs().max()))
    seconds = interleaved(
        [lambda: infer(peer), lambda: infer(ours), lambda: train(peer), lambda: train(ours)], repeats
    )
    return {
        "cell": cell,
        "shape": {"N": N, "T": T, "I": I, "H": H},
        "seconds": dict(zip(["torch inference", "inference", "torch training", "training"], seconds)),
        "inference ratio": seconds[0] / seconds[1],
        "training ratio": seconds[2] / seconds[3],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="timed rounds a shape, at least 5")
    parser.add_argument("--json", type=Path, help="write the results here")
    options = parser.parse_args()
    torch.manual_seed(0)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "kernels": kernels.in_use(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"{'':5} {'N':>4} {'T':>5} {'I':>4} {'H':>4}  inference  training   (times faster than torch.nn)")
    results = []
    for cell in ("LSTM", "GRU", "RNN"):
        for shape in GRID:
            result = compare(cell, *shape, repeats=max(5, options.repeats))
            results.append(result)
            N, T, I, H = shape  # noqa: E741
            ratios = f"{result['inference ratio']:9.2f} {result['training ratio']:9.2f}"
            print(f"{cell:5} {N:4} {T:5} {I:4} {H:4}  {ratios}", flush=True)
        for kind in ("inference", "training"):
            ratios = [float(str(r[f"{kind} ratio"])) for r in results if r["cell"] == cell]
            mean = statistics.geometric_mean(ratios)
            print(f"{cell:5} {kind}: geometric mean {mean:.2f}, least {min(ratios):.2f}")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
