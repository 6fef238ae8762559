"""One step of an LSTM by hand: the gates are given, and the rest is five multiplications a unit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra.cells import LSTM, Stack
from recurra.inspection.figures import figure
from recurra.kernels import PackedStack
from recurra.labs.lab import Check, Lab, Picture, Result, Table

F, I, G, O = (np.array(gate) for gate in ([0.8, 0.3], [0.5, 0.7], [0.2, -0.1], [0.9, 0.6]))  # noqa: E741
MEMORY, OUTPUT = [0.1, -0.07], [0.0897, -0.0419]
"""What the books print for these gates and a memory of zero."""


def run(seeds: Sequence[int], budget: float) -> Result:  # noqa: ARG001
    c = F * np.zeros(2) + I * G
    h = O * np.tanh(c)
    by_cell = through_the_cell()
    tries = {str(seed): by_three_ways(seed) for seed in seeds}

    names = [
        "forget f",
        "input i",
        "candidate g",
        "output o",
        "c before",
        "c = f·c + i·g",
        "tanh c",
        "h = o·tanh c",
    ]
    steps = [F, I, G, O, np.zeros(2), c, np.tanh(c), h]
    step = Table(
        "The step, unit by unit",
        ["", "Unit 1", "Unit 2"],
        [[name, *np.round(values, 4).tolist()] for name, values in zip(names, steps, strict=True)],
    )
    apart = Table(
        "Steps with random weights and states: the largest difference from the equations",
        ["Seed", "Cell in NumPy", "Kernels, 64 bits", "Kernels, 32 bits"],
        [[seed, *found.values()] for seed, found in tries.items()],
        "H = 16, 5 rows: c and h written out as five lines, against the product's own step.",
    )
    worked = np.allclose(c, MEMORY, atol=5e-5) and np.allclose(h, OUTPUT, atol=5e-5)
    same = np.allclose(by_cell["c"], c, atol=1e-12) and np.allclose(by_cell["h"], h, atol=1e-12)
    checks = [
        Check("From a memory of zero, C = [0.1, −0.07] and h = [0.0897, −0.0419].", worked, written(c, h)),
        Check(
            "An LSTM cell whose biases alone make these gates gives the same.",
            same,
            written(by_cell["c"], by_cell["h"]),
        ),
    ]
    for seed, found in tries.items():
        cell, double, single = found.values()
        checks.append(
            Check(
                f"Seed {seed}: equations, cell and kernels agree on a step with random weights and states.",
                cell < 1e-12 and double < 1e-12 and single < 1e-5,
                f"largest differences {cell:.1e}, {double:.1e} and, with 32 bits, {single:.1e}",
            )
        )
    given: dict[str, Any] = {"C": c.tolist(), "h": h.tolist(), "cell": by_cell, "differences": tries}
    return Result([step, apart], [Picture("From gates to output", bars(c, h))], checks, given)


def through_the_cell() -> dict[str, list[float]]:
    """The same step by `recurra.cells.LSTM`: with all weights zero, the biases say what the gates are."""
    cell = LSTM(input_size=1, hidden_size=2)
    p = {name: np.zeros(shape) for name, shape in cell.parameter_shapes().items()}
    logit = {gate: np.log(value / (1 - value)) for gate, value in (("i", I), ("f", F), ("o", O))}
    p["bias_ih"] = np.concatenate([logit["i"], logit["f"], np.arctanh(G), logit["o"]])
    state = {"h": np.zeros((1, 2)), "c": np.zeros((1, 2))}
    new, _ = cell.step(np, p, np.zeros((1, 1)), state, cell.no_noise())
    return {name: array[0].tolist() for name, array in new.items()}


def by_three_ways(seed: int) -> dict[str, float]:
    """The largest difference from the equations, for random weights and states."""
    rng, N, H = np.random.default_rng(seed), 5, 16
    stack = Stack(LSTM(input_size=3, hidden_size=H))
    p = {name: rng.normal(size=shape) for name, shape in stack.parameter_shapes().items()}
    x, h_before, c_before = rng.normal(size=(N, 3)), rng.normal(size=(N, H)), rng.normal(size=(N, H))

    a = x @ p["weight_ih_l0"].T + p["bias_ih_l0"] + h_before @ p["weight_hh_l0"].T + p["bias_hh_l0"]
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * c_before + i * g
    h = o * np.tanh(c)

    state = {"h": h_before[None], "c": c_before[None]}
    found = {"cell": stack.forward(p, x[None], state)[1]}
    for name, dtype in (("kernels 64", np.float64), ("kernels 32", np.float32)):
        packed = PackedStack(stack, {name: array.astype(dtype) for name, array in p.items()})
        start = {name: array.astype(dtype) for name, array in state.items()}
        found[name] = packed.forward(x[None].astype(dtype), start)[1]
    return {
        name: max(float(np.abs(new["h"][0] - h).max()), float(np.abs(new["c"][0] - c).max()))
        for name, new in found.items()
    }


def written(c: Any, h: Any) -> str:
    texts = (", ".join(f"{value:.6f}" for value in values) for values in (c, h))
    return "C = [{}], h = [{}]".format(*texts)


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def bars(c: np.ndarray, h: np.ndarray) -> Any:
    names = ["forget f", "input i", "candidate g", "output o", "memory c", "output h"]
    units = np.stack([F, I, G, O, c, h]).T
    traces = [
        go.Bar(x=names, y=values, name=f"unit {k + 1}", marker={"color": colour, "pattern": {"shape": shape}})
        for k, (values, colour, shape) in enumerate(
            zip(units, ("var(--model)", "var(--last)"), ("", "/"), strict=True)
        )
    ]
    return figure(traces, x={"type": "category"}, barmode="group")


LAB = Lab(
    name="gates",
    title="What does one step of an LSTM compute, by hand?",
    claim="With f = [0.8, 0.3], i = [0.5, 0.7], g = [0.2, −0.1] and o = [0.9, 0.6], a memory of zero becomes "
    "C = [0.1, −0.07] and shows h = [0.0897, −0.0419]; cells and kernels compute just these equations.",
    run=run,
)
