"""One step at a time from Python, NumPy in and NumPy out; and many streams stepped together."""

import math
import statistics
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks import peers, workloads
from benchmarks.ceilings import read_bandwidth
from benchmarks.contest import Contest, Contestant, Settings, Times
from benchmarks.peers import numpy_cells, onnx_runtime
from benchmarks.shapes import GATES
from benchmarks.timing import ratio, times_faster
from recurra import kernels

SIZES = ((32, 32), (32, 64), (64, 128), (64, 256), (64, 512))
"""Inputs and hidden units."""
STREAMS = 64
ROUNDED = ("bfloat16", "int8")
"""What weights are rounded to."""
STEPS = 1000
"""Standard normal inputs over which the error of rounded weights is looked for."""
ROUNDED_TOLERANCE = 0.03
"""How far outputs may be from those of float32 weights: about twice what int8 does to them."""

Step = Callable[[np.ndarray], np.ndarray]


def contests(settings: Settings) -> Iterator[Contest]:
    """One stream of each size, then with rounded weights, then many."""
    for cell in ("LSTM", "GRU"):
        for inputs, hidden in SIZES[:: 2 if settings.quick else 1]:
            yield one_step(cell, inputs, hidden, settings)
    for cell in GATES:
        for inputs, hidden in SIZES[2 :: 2 if settings.quick else 1]:
            yield smaller_weights(cell, inputs, hidden)
    for cell in ("LSTM", "GRU"):
        for inputs, hidden in SIZES[3:4] if settings.quick else SIZES[1:]:
            yield together(cell, inputs, hidden, settings)


def one_step(cell: str, inputs: int, hidden: int, settings: Settings) -> Contest:
    """One step of one row, in one thread."""

    def enter() -> dict[str, Contestant]:
        layer, peer = workloads.pair(cell, inputs, hidden)
        x = workloads.data(inputs).numpy()

        def contestant(step: Step, like: str | None = "torch cell", ours: bool = False) -> Contestant:
            # A few steps further on, so that a state that is lost shows.
            return Contestant(
                lambda: step(x), like, lambda y: [y.copy(), *(step(x).copy() for _ in range(7))], ours
            )

        if not settings.peers:
            return {"ours": contestant(our_stepper(layer), None, ours=True)}
        found = {
            "ours": contestant(our_stepper(layer), ours=True),
            "torch cell": contestant(torch_stepper(peer), None),
            "NumPy": contestant(numpy_cells.stepper(peer)),
        }
        if peers.installed("ONNX Runtime"):
            bound = onnx_runtime.OnnxLayer(peer, 1, 1, threads=1, carry=True)
            found["ONNX Runtime"] = contestant(onnx_runtime.binding_stepper(peer))
            found["ONNX Runtime, bound once"] = contestant(bound.stepper())
        return found

    def figures(times: Times) -> dict[str, float]:
        size = 4 * GATES[cell] * hidden * (inputs + hidden)
        reading = size / read_bandwidth(size)
        share = (
            {} if math.isnan(reading) else {"share of reading": reading / statistics.median(times["ours"])}
        )
        rivals = ("ONNX Runtime", "ONNX Runtime, bound once", "torch cell", "NumPy")
        return times_faster(*rivals)(times) | share

    return Contest(f"{cell}, one step in one thread", {"I": inputs, "H": hidden}, enter, figures, threads=1)


def smaller_weights(cell: str, inputs: int, hidden: int) -> Contest:
    """One step with rounded weights beside float32's, and by how much that changes the outputs."""

    def enter() -> dict[str, Contestant]:
        layer = workloads.ours(cell, inputs, hidden)
        x = workloads.data(inputs).numpy()

        def contestant(weights: str | None) -> Contestant:
            step = layer.stream(weights=weights).step  # pyright: ignore[reportCallIssue]
            return Contestant(
                lambda: step(x),
                "float32" if weights else None,
                lambda y: [y.copy(), *(step(x).copy() for _ in range(7))],
                ours=True,
            )

        return {"float32": contestant(None), **{weights: contestant(weights) for weights in ROUNDED}}

    def figures(times: Times) -> dict[str, float]:
        x = workloads.data(STEPS, inputs).numpy()
        error = workloads.ours(cell, inputs, hidden).quantization_error
        return {f"{weights}, × float32": ratio(times, "float32", weights) for weights in ROUNDED} | {
            f"{weights}, error": error(x, weights)  # pyright: ignore[reportCallIssue]
            for weights in ROUNDED
        }

    title, case = f"{cell}, one step with smaller weights", {"I": inputs, "H": hidden}
    return Contest(title, case, enter, figures, ROUNDED_TOLERANCE, threads=1)


def our_stepper(layer: torch.nn.Module) -> Step:
    """The layer's stream, or what it is made of in a revision whose layers have none."""
    if hasattr(layer, "stream"):
        return layer.stream().step  # pyright: ignore[reportCallIssue]
    packed = _packed(layer)
    state = {name: array[:, 0] for name, array in packed.stack.zero_state(1, np.float32).items()}

    def step(x: np.ndarray) -> np.ndarray:
        nonlocal state
        y, state = packed.step(x, state)
        return y

    return step


def torch_stepper(layer: torch.nn.RNNBase) -> Step:
    """torch.nn's cell for single steps, with the layer's weights."""
    cell = getattr(torch.nn, f"{layer.mode}Cell")(layer.input_size, layer.hidden_size)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    state = None

    def step(x: np.ndarray) -> np.ndarray:
        nonlocal state
        with torch.inference_mode():
            state = cell(torch.from_numpy(x)[None], state)
        return (state[0] if layer.mode == "LSTM" else state).numpy()[0]

    return step


def together(cell: str, inputs: int, hidden: int, settings: Settings) -> Contest:
    """One step of many streams: one by one, and as one batch, in one thread and in all."""

    def enter() -> dict[str, Contestant]:
        layer = workloads.ours(cell, inputs, hidden)
        x = workloads.data(STREAMS, inputs).numpy()
        packed = _packed(layer)
        zeros = packed.stack.zero_state(STREAMS, np.float32)
        # All share one set of weights, as a server's streams do.
        steppers = [kernels.StackStream(packed).step for _ in x]

        def singly() -> list[np.ndarray]:
            return [step(row) for step, row in zip(steppers, x)]

        return {
            "one by one": Contestant(singly, outputs=np.stack, ours=True),
            **{
                f"together, {count} thread{'s'[: count - 1]}": Contestant(
                    lambda count=count: packed.forward(x[None], zeros, threads=count)[0],
                    "one by one",
                    lambda y: y[0],
                    ours=True,
                )
                for count in sorted({1, settings.threads})
            },
        }

    def figures(times: Times) -> dict[str, float]:
        return {f"× {name}": ratio(times, "one by one", name) for name in times if name != "one by one"}

    return Contest(f"{cell}, {STREAMS} streams", {"I": inputs, "H": hidden}, enter, figures, threads=1)


def _packed(layer: torch.nn.Module) -> kernels.PackedStack:
    return kernels.PackedStack(
        layer.stack,  # pyright: ignore[reportArgumentType]
        {name: tensor.numpy() for name, tensor in layer.state_dict().items()},
    )
