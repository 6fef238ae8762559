"""What every option costs beside the plain cell, and a layer-normalised LSTM beside TorchScript's."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import workloads
from benchmarks.contest import Contest, Contestant, Settings, Times
from benchmarks.peers import torchscript
from benchmarks.shapes import Shape, grid
from benchmarks.timing import ratio, times_faster

ALWAYS: dict[str, dict[str, Any]] = {"layer_norm": {"layer_norm": True}, "zoneout": {"zoneout": 0.1}}
IN_TRAINING: dict[str, dict[str, Any]] = {
    "recurrent_dropout": {"recurrent_dropout": 0.2},
    "weight_dropout": {"weight_dropout": 0.2},
}
OF_CELL: dict[str, dict[str, dict[str, Any]]] = {
    "LSTM": {"peephole": {"peephole": True}, "proj_size": {}},  # whose value depends on H
    "GRU": {"reset_before": {"reset_after": False}},
    "RNN": {},
}


def contests(settings: Settings) -> Iterator[Contest]:
    """Every option of every cell, then the layer-normalised LSTM."""
    for cell in OF_CELL:
        for mode in ("inference", "training"):
            for shape in grid(settings):
                yield costs(cell, mode, shape)
    for shape in grid(settings):
        yield layer_normalised(shape, settings)


def options_of(cell: str, mode: str, shape: Shape) -> Mapping[str, Mapping[str, Any]]:
    """The options that act, by name, with the arguments that switch them on."""
    found = ALWAYS | OF_CELL[cell] | (IN_TRAINING if mode == "training" else {})
    if "proj_size" in found:
        found["proj_size"] = {"proj_size": shape.H // 2}
    return found


def costs(cell: str, mode: str, shape: Shape) -> Contest:
    """Every option, and two directions, for which the cost is that of one."""
    options = options_of(cell, mode, shape)

    def enter() -> dict[str, Contestant]:
        x = workloads.data(shape.T, shape.N, shape.I)

        def contestant(**arguments: Any) -> Contestant:
            layer = workloads.ours(cell, shape.I, shape.H, **arguments).train(mode == "training")
            width = arguments.get("proj_size", shape.H) * (2 if arguments.get("bidirectional") else 1)
            dy = workloads.data(shape.T, shape.N, width, seed=1)
            return Contestant(workloads.call(mode, layer, x, dy), ours=True)

        found = {name: contestant(**arguments) for name, arguments in options.items()}
        return {"plain": contestant()} | found | {"bidirectional": contestant(bidirectional=True)}

    def figures(times: Times) -> dict[str, float]:
        cost = {name: ratio(times, name, "plain") for name in options}
        return cost | {"bidirectional": ratio(times, "bidirectional", "plain") / 2}

    return Contest(f"Options of {cell} {mode}", shape.case(), enter, figures)


def layer_normalised(shape: Shape, settings: Settings) -> Contest:
    """Training, beside the loop that PyTorch's users write in TorchScript."""

    def enter() -> dict[str, Contestant]:
        layer = workloads.ours("LSTM", shape.I, shape.H, layer_norm=True)
        x, dy = workloads.data(shape.T, shape.N, shape.I), workloads.data(shape.T, shape.N, shape.H, seed=1)
        run = workloads.training(layer, x, dy)
        if not settings.peers:
            return {"ours": Contestant(run, ours=True)}
        return {
            "ours": Contestant(run, "TorchScript", ours=True),
            "TorchScript": Contestant(torchscript.trainer(layer, x, dy)),
        }

    return Contest(
        "Layer-normalised LSTM training",
        shape.case(),
        enter,
        times_faster("TorchScript"),
    )
