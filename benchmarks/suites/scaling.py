"""How cost grows with steps, rows, units and threads, and what is kept for the backward pass."""

import statistics
from collections.abc import Iterator

import torch

from benchmarks import workloads
from benchmarks.contest import Contest, Contestant, Settings, Times
from benchmarks.shapes import GATES, Shape, grid, operations
from benchmarks.timing import ratio

BASE = Shape(32, 100, 64, 64)
ALONG = {
    "T": (1, 5, 25, 400, 1600),
    "N": (1, 2, 4, 8, 16, 33, 256),
    "H": (8, 32, 96, 256, 512),
}
QUICK = {"T": (1, 10, 400), "N": (1, 8, 33), "H": (32, 256)}


def contests(settings: Settings) -> Iterator[Contest]:
    """Along each axis from one shape; then threads, on every second shape of the grid; then memory."""
    for cell in ("LSTM",) if settings.quick else ("LSTM", "GRU"):
        for mode in ("inference", "training"):
            for axis, values in (QUICK if settings.quick else ALONG).items():
                for value in values:
                    yield along(cell, mode, axis, value)
            if settings.threads > 1:
                for shape in grid(settings)[::2]:
                    yield threads(cell, mode, shape, settings.threads)
    for cell in GATES:
        yield kept(cell)


def along(cell: str, mode: str, axis: str, value: int) -> Contest:
    """One size changed, beside the same work at the base shape: 1 is a cost that grows with the work."""
    shape = BASE._replace(**{axis: value})

    def enter() -> dict[str, Contestant]:
        return {"ours": _contestant(cell, mode, shape), "base": _contestant(cell, mode, BASE)}

    def figures(times: Times) -> dict[str, float]:
        work = operations(cell, shape, mode) / operations(cell, BASE, mode)
        steps = statistics.median(times["ours"]) / (shape.N * shape.T)
        return {"cost of the work": ratio(times, "ours", "base") / work, "ns a step and row": steps * 1e9}

    return Contest(f"{cell} {mode} along {axis}", shape.case(), enter, figures)


def threads(cell: str, mode: str, shape: Shape, count: int) -> Contest:
    """One thread, and all."""

    def enter() -> dict[str, Contestant]:
        run = _contestant(cell, mode, shape).run
        return {
            "1 thread": Contestant(workloads.in_threads(1, run), ours=True),
            f"{count} threads": Contestant(workloads.in_threads(count, run), "1 thread", ours=True),
        }

    return Contest(
        f"{cell} {mode} by threads",
        shape.case(),
        enter,
        lambda times: {"speed-up": ratio(times, "1 thread", f"{count} threads")},
    )


def kept(cell: str) -> Contest:
    """Floats that autograd holds between forward and backward, beyond input, initial state and parameters."""

    def figures(_: Times) -> dict[str, float]:
        layer, x = workloads.ours(cell, BASE.I, BASE.H), workloads.data(BASE.T, BASE.N, BASE.I)
        state = [torch.zeros(1, BASE.N, BASE.H) for _ in ("h", "c")]
        given = {tensor.untyped_storage().data_ptr() for tensor in (x, *state, *layer.parameters())}
        sizes: dict[int, int] = {}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in given:
                sizes[storage.data_ptr()] = storage.nbytes() // 4
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            output = layer(x, tuple(state) if cell == "LSTM" else state[0])
        del output
        return {"floats ÷ H": sum(sizes.values()) / (BASE.T * BASE.N * BASE.H), "G + 2": GATES[cell] + 2}

    return Contest(f"Kept for the backward pass, {cell}", BASE.case(), dict, figures)


def _contestant(cell: str, mode: str, shape: Shape) -> Contestant:
    layer = workloads.ours(cell, shape.I, shape.H)
    x, dy = workloads.data(shape.T, shape.N, shape.I), workloads.data(shape.T, shape.N, shape.H, seed=1)
    return Contestant(workloads.call(mode, layer, x, dy), ours=True)
