"""What the kernels are to reach, and what a run reached of it."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.tables import present

Case = Mapping[str, Any]


@dataclass(frozen=True)
class Ratio:
    """How many times faster than a peer, over the grid: geometric mean and least; None for no goal."""

    goal: str
    table: str
    figure: str
    mean: float
    least: float | None = None
    stretch: float | None = None

    def reached(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[float, float] | None:
        """The measured mean and minimum; None where the run did not measure it."""
        values = present(tables.get(self.table, ()), self.figure)
        return (statistics.geometric_mean(values), min(values)) if values else None

    def met(self, mean: float, least: float) -> bool:
        """Whether both are reached."""
        return mean >= self.mean and (self.least is None or least >= self.least)


@dataclass(frozen=True)
class Bound:
    """A bound on a figure in every row of some tables that the condition picks.

    ``figures`` None is every figure of those tables. ``stretch`` is a better value that nobody promised.
    """

    goal: str
    tables: tuple[str, ...]
    figures: tuple[str, ...] | None
    bound: float
    at_most: bool = False
    where: Callable[[Case], bool] = lambda case: True  # noqa: ARG005
    stretch: float | None = None

    def worst(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[float, str] | None:
        """The figure that is farthest on the wrong side, and where it stands; None if none was measured."""
        found = [
            (value, f"{name}, {table}, {', '.join(f'{k} {v}' for k, v in row['case'].items())}")
            for table in self.tables
            for row in tables.get(table, ())
            if self.where(row["case"])
            for name, value in row["figures"].items()
            if self.figures is None or name in self.figures
        ]
        return (max if self.at_most else min)(found, default=None)

    def met(self, value: float) -> bool:
        """Whether a value is within the bound."""
        return value <= self.bound if self.at_most else value >= self.bound


RATIOS = (
    Ratio("LSTM training", "LSTM training", "× torch.nn", 1.8, 1.0, 2.2),
    Ratio("GRU training", "GRU training", "× torch.nn", 4.8, 1.7, 5.5),
    Ratio("RNN training", "RNN training", "× torch.nn", 4, 1.4, 5),
    Ratio("LSTM inference", "LSTM inference", "× torch.nn", 2.1, 1.1, 2.5),
    Ratio("GRU inference", "GRU inference", "× torch.nn", 4.5, 1.6, 5.5),
    Ratio("RNN inference", "RNN inference", "× torch.nn", 4.5, 1.6, 5.5),
    Ratio("LSTM training, ragged", "LSTM training, ragged", "× PackedSequence", 8, 3, 12),
    Ratio("GRU training, ragged", "GRU training, ragged", "× PackedSequence", 8, 3, 12),
    Ratio("GRU training beside Keras", "GRU training beside Keras", "× Keras on JAX", 2, 1.3, 2.5),
    Ratio(
        "LSTM inference beside ONNX Runtime",
        "LSTM inference beside ONNX Runtime",
        "× ONNX Runtime",
        1.2,
        0.95,
        1.5,
    ),
    Ratio(
        "Layer-normalised LSTM training beside TorchScript",
        "Layer-normalised LSTM training",
        "× TorchScript",
        4,
    ),
)

CELLS = ("LSTM", "GRU", "RNN")
MODES = ("inference", "training")
TRAINING = tuple(f"{cell} training" for cell in CELLS)
OPTIONS = tuple(f"Options of {cell} {mode}" for cell in CELLS for mode in MODES)
STEPS = {32: 15, 64: 8, 128: 3.5, 256: 2, 512: 1.6}
"""How many times faster one step is to be than ONNX Runtime's, by hidden units."""

BOUNDS = (
    *(
        Bound(
            f"{table}: share of the product ceiling, {where}",
            (table,),
            ("share of product",),
            bound,
            where=condition,
            stretch=stretch,
        )
        for table in TRAINING
        for where, condition, bound, stretch in (
            ("H ≥ 256", lambda case: case["H"] >= 256, 0.85, 0.95),
            ("H = 128", lambda case: case["H"] == 128, 0.7, 0.8),
            ("H = 64, N = 32", lambda case: case["H"] == 64 and case["N"] == 32, 0.5, 0.6),
        )
    ),
    Bound(
        "Ragged time ÷ (dense time × live steps), N ≥ 32",
        tuple(f"{cell} {mode}, ragged" for cell in ("LSTM", "GRU") for mode in MODES),
        ("of dense × live",),
        1.1,
        at_most=True,
        where=lambda case: case["N"] >= 32,
    ),
    Bound("Options ÷ plain, H ≥ 128", OPTIONS, None, 1.3, at_most=True, where=lambda case: case["H"] >= 128),
    Bound("Options ÷ plain, H < 128", OPTIONS, None, 1.6, at_most=True, where=lambda case: case["H"] < 128),
    *(
        Bound(
            f"One step beside ONNX Runtime, {cell}, H = {hidden}",
            (f"{cell}, one step in one thread",),
            ("× ONNX Runtime",),
            bound,
            where=lambda case, hidden=hidden: case["H"] == hidden,
        )
        for cell in ("LSTM", "GRU")
        for hidden, bound in STEPS.items()
    ),
    *(
        Bound(
            f"One step, {weights} weights beside float32, {cell}, H ≥ 256",
            (f"{cell}, one step with smaller weights",),
            (f"{weights}, × float32",),
            bound,
            where=lambda case: case["H"] >= 256,
        )
        for cell in CELLS
        for weights, bound in (("int8", 2), ("bfloat16", 1.6))
    ),
    *(
        Bound(
            f"64 streams together ÷ one by one, H = 256, {threads}",
            ("LSTM, 64 streams", "GRU, 64 streams"),
            (f"× together, {threads}",),
            bound,
            where=lambda case: case["H"] == 256,
        )
        for threads, bound in (("1 thread", 3), ("2 threads", 5))
    ),
    Bound(
        "Around the layers in an optimiser's step, ours ÷ PyTorch's",
        tuple(
            f"Step of a {model}, {cell}" for model in ("language model", "forecaster") for cell in CELLS[:2]
        ),
        ("around the layers",),
        1.05,
        at_most=True,
    ),
    *(
        Bound(
            f"Floats kept for the backward pass ÷ H, {cell}",
            (f"Kept for the backward pass, {cell}",),
            ("floats ÷ H",),
            gates + 2,
            at_most=True,
        )
        for cell, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1))
    ),
    Bound(
        "Float64 ÷ float32 rate, H ≥ 128",
        tuple(f"{cell} training in float64" for cell in CELLS),
        ("share of float32",),
        0.4,
    ),
)


def missed_goals(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """The names of the goals that the run measured and did not reach."""
    ratios = [(target, target.reached(tables)) for target in RATIOS]
    bounds = [(target, target.worst(tables)) for target in BOUNDS]
    return [
        *(target.goal for target, reached in ratios if reached and not target.met(*reached)),
        *(target.goal for target, worst in bounds if worst and not target.met(worst[0])),
    ]
