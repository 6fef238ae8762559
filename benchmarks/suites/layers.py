"""Whole sequences of one length: inference and training, beside torch.nn, ONNX Runtime and Keras on JAX."""

import statistics
from collections.abc import Iterator

import torch

from benchmarks import peers, workloads
from benchmarks.ceilings import PRODUCT_OPERATIONS, product
from benchmarks.contest import Contest, Contestant, Settings, Times
from benchmarks.peers import keras_gru, onnx_runtime
from benchmarks.shapes import GATES, Shape, grid, operations
from benchmarks.timing import ratio, times_faster

# Measured: PyTorch's threads, on which ours run too, spin up to 10 ms after a call, and the workers of ONNX
# Runtime about 35 ms, which would take a core from whoever comes next. Those of JAX go to sleep at once.
AFTER_PYTORCH, AFTER_ONNX_RUNTIME = 0.02, 0.05


def contests(settings: Settings) -> Iterator[Contest]:
    """Every cell and shape against torch.nn; then what only some cells and shapes are compared with."""
    for cell in GATES:
        for mode in ("inference", "training"):
            for shape in grid(settings):
                yield against_torch(cell, mode, shape, settings)
    for cell in GATES:
        for shape in grid(settings):
            if shape.H >= 128:
                yield in_float64(cell, shape)
    if settings.peers and peers.installed("Keras on JAX"):
        for shape in grid(settings):
            yield against_keras(shape)
    if settings.peers and peers.installed("ONNX Runtime"):
        for shape in grid(settings):
            yield against_onnx(shape, settings)


def against_torch(cell: str, mode: str, shape: Shape, settings: Settings) -> Contest:
    """torch.nn, and a large matrix product as the ceiling."""

    def enter() -> dict[str, Contestant]:
        layer, peer = workloads.pair(cell, shape.I, shape.H)
        x, dy = workloads.data(shape.T, shape.N, shape.I), workloads.data(shape.T, shape.N, shape.H, seed=1)
        mine = Contestant(
            workloads.call(mode, layer, x, dy), "torch.nn" if settings.peers else None, ours=True
        )
        if not settings.peers:
            return {"ours": mine}
        theirs = Contestant(workloads.call(mode, peer, x, dy))
        return {"ours": mine, "torch.nn": theirs, "product": product()}

    def figures(times: Times) -> dict[str, float]:
        ceiling = PRODUCT_OPERATIONS / statistics.median(times["product"])
        rate = operations(cell, shape, mode) / statistics.median(times["ours"])
        return times_faster("torch.nn")(times) | {"share of product": rate / ceiling}

    return Contest(f"{cell} {mode}", shape.case(), enter, figures)


def in_float64(cell: str, shape: Shape) -> Contest:
    """Our own training in float64, as a share of the float32 rate."""

    def enter() -> dict[str, Contestant]:
        single = workloads.ours(cell, shape.I, shape.H)
        double = workloads.ours(cell, shape.I, shape.H).double()
        double.load_state_dict(single.state_dict())
        x, dy = workloads.data(shape.T, shape.N, shape.I), workloads.data(shape.T, shape.N, shape.H, seed=1)
        return {
            "float32": Contestant(workloads.training(single, x, dy), "float64", ours=True),
            "float64": Contestant(workloads.training(double, x.double(), dy.double()), ours=True),
        }

    return Contest(
        f"{cell} training in float64",
        shape.case(),
        enter,
        lambda times: {"share of float32": ratio(times, "float32", "float64")},
    )


def against_keras(shape: Shape) -> Contest:
    """GRU training, with the rows first as Keras has them."""

    def enter() -> dict[str, Contestant]:
        layer, peer = workloads.pair("GRU", shape.I, shape.H, batch_first=True)
        assert isinstance(peer, torch.nn.GRU)
        x, dy = workloads.data(shape.N, shape.T, shape.I), workloads.data(shape.N, shape.T, shape.H, seed=1)
        theirs = Contestant(keras_gru.trainer(peer, x, dy), outputs=keras_gru.to_torch)
        return {
            "ours": Contestant(workloads.training(layer, x, dy), "Keras on JAX", ours=True),
            "Keras on JAX": theirs,
        }

    return Contest(
        "GRU training beside Keras",
        shape.case(),
        enter,
        times_faster("Keras on JAX"),
        pause=AFTER_PYTORCH,
    )


def against_onnx(shape: Shape, settings: Settings) -> Contest:
    """LSTM inference, with ONNX Runtime's input and output bound to buffers."""

    def enter() -> dict[str, Contestant]:
        layer, peer = workloads.pair("LSTM", shape.I, shape.H)
        x = workloads.data(shape.T, shape.N, shape.I)
        bound = onnx_runtime.OnnxLayer(peer, shape.T, shape.N, settings.threads)
        bound.x[:] = x.numpy()
        theirs = Contestant(bound.run, outputs=lambda y: y.squeeze(1))
        mine = Contestant(workloads.inference(layer, x), "ONNX Runtime", ours=True)
        return {"ours": mine, "ONNX Runtime": theirs}

    return Contest(
        "LSTM inference beside ONNX Runtime",
        shape.case(),
        enter,
        times_faster("ONNX Runtime"),
        pause=AFTER_ONNX_RUNTIME,
    )
