"""How many weights a recurrent layer has: by the formula, and by counting the arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra import cells
from recurra.inspection.figures import figure
from recurra.labs.lab import Check, Lab, Picture, Result, Table

KINDS = {"RNN": cells.Elman, "LSTM": cells.LSTM, "GRU": cells.GRU}
KNOWN = {"RNN": (96, 105), "LSTM": (384, 393), "GRU": (288, 297)}
"""Input 3, hidden 8, one bias: the layer, and with a linear layer to one output."""


def run(seeds: Sequence[int], budget: float) -> Result:  # noqa: ARG001
    inputs, H = 3, 8
    rows, data = [], {}
    for name, kind in KINDS.items():
        G = len(kind.gates)
        one, two = G * H * (inputs + H + 1), G * H * (inputs + H + 2)
        counted = sum(np.prod(shape) for shape in kind(inputs, H).parameter_shapes().values())
        rows.append([name, G, one, one + H + 1, two, int(counted), two + H + 1])
        data[name] = {
            "one bias": one,
            "with a linear output": one + H + 1,
            "two biases": two,
            "arrays": int(counted),
        }
    known = all(
        (data[name]["one bias"], data[name]["with a linear output"]) == counts
        for name, counts in KNOWN.items()
    )
    checks = [
        Check(
            "Input 3, hidden 8 and one bias make 96 weights of an RNN, 384 of an LSTM and 288 of a GRU; "
            "with a linear layer to one output 105, 393 and 297.",
            known,
            ", ".join(
                f"{name} {found['one bias']} and {found['with a linear output']}"
                for name, found in data.items()
            ),
        ),
        Check(
            "With two biases, as the arrays have them, the formula gives what the arrays hold.",
            all(found["two biases"] == found["arrays"] for found in data.values()),
            ", ".join(f"{name} {found['two biases']} and {found['arrays']}" for name, found in data.items()),
        ),
    ]
    tries = {str(seed): anywhere(seed) for seed in seeds}
    for seed, found in tries.items():
        wrong = [
            row for row in found if not row["formula"] == row["function"] == row["arrays"] == row["layer"]
        ]
        checks.append(
            Check(
                f"Seed {seed}: formula, count_parameters, NumPy arrays and PyTorch layers agree, for sizes, "
                "numbers of layers and directions drawn at random.",
                not wrong,
                f"{len(wrong)} of {len(found)} differ ({', '.join(str(row['arrays']) for row in found)})",
            )
        )
    counts = Table(
        "Input 3, hidden 8",
        ["Cell", "Gates G", "One bias", "and output", "Two biases", "Arrays", "and output"],
        rows,
        "G·H·(I + H + 1) with one bias, G·H·(I + H + 2) with PyTorch's two, as the arrays are; "
        "a linear layer to one output adds H + 1.",
    )  # fmt: skip
    drawn = Table(
        "Drawn at random, by seed",
        ["Cell", "Input", "Hidden", "Layers", "Directions", "Formula", "Arrays"],
        [
            [row[key] for key in ("cell", "I", "H", "L", "D", "formula", "arrays")]
            for found in tries.values()
            for row in found
        ],
    )  # fmt: skip
    return Result(
        [counts, drawn], [Picture("Weights against hidden units", growth())], checks, {**data, "drawn": tries}
    )


def anywhere(seed: int) -> list[dict[str, Any]]:
    """Counts by four ways, for each cell with sizes drawn at random."""
    from recurra import nn

    rng, found = np.random.default_rng(seed), []
    for name, layer in (("RNN", nn.RNN), ("LSTM", nn.LSTM), ("GRU", nn.GRU)):
        inputs, H, L, D = (int(rng.integers(low, high)) for low, high in ((1, 40), (1, 40), (1, 4), (1, 3)))
        G = len(KINDS[name].gates)
        stack = cells.Stack(KINDS[name](inputs, H), L, D == 2)
        # From the second layer on, the input is what both directions below put out.
        formula = D * G * H * (inputs + H + 2) + (L - 1) * D * G * H * (D * H + H + 2)
        arrays = sum(int(np.prod(shape)) for shape in stack.parameter_shapes().values())
        torch_layer = sum(p.numel() for p in layer(inputs, H, L, bidirectional=D == 2).parameters())
        counts = {
            "formula": formula,
            "function": cells.count_parameters(stack),
            "arrays": arrays,
            "layer": torch_layer,
        }
        found.append({"cell": name, "I": inputs, "H": H, "L": L, "D": D, **counts})
    return found


def growth() -> Any:
    sizes = np.arange(1, 257)
    looks = zip(KINDS, ("var(--soft)", "var(--model)", "var(--last)"), ("dot", "solid", "dash"))
    traces = [
        go.Scatter(
            x=sizes,
            y=[cells.count_parameters(KINDS[name](3, int(H)), biases=1) for H in sizes],
            name=name,
            line={"color": colour, "dash": dash},
        )
        for name, colour, dash in looks
    ]
    return figure(traces, x={"title": "hidden units"}, y={"title": "weights (input 3, one bias)"})


LAB = Lab(
    name="parameters",
    title="How many weights does a recurrent layer have?",
    claim="G·H·(I + H + 1) with one bias, where an RNN has one gate, a GRU three and an LSTM four: for input "
    "3 and hidden 8 that is 96, 288 and 384.",
    run=run,
)
