"""Layers of one cell, in one direction or both: the specification of a recurrent network, and its oracle.

Time-major: x (T, N, I), output (T, N, D·R) with the forward direction first (R: width of a cell's output),
states (L·D, N, ·) ordered by layer, then direction; parameters and states as in torch.nn.
"""

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.cells import loop
from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.registry import cell


@dataclass(frozen=True)
class Direction:
    """One run of a cell over time within a stack."""

    index: int
    """Its place in the stack's states."""
    layer: int
    reverse: bool
    suffix: str
    """What the parameters' names end in: ``_l0``, ``_l0_reverse``, ``_l1``, …"""
    cell: Cell

    def parameters(self, p: Mapping[str, Array]) -> Arrays:
        """This cell's own parameters out of the stack's, without the suffix."""
        return {name: p[name + self.suffix] for name in self.cell.parameter_shapes()}


@dataclass(frozen=True)
class Stack:
    """``num_layers`` layers of ``cell``, whose input size is the stack's; both directions if wanted."""

    cell: Cell
    num_layers: int = 1
    bidirectional: bool = False

    # What follows from the rest, worked out once.
    _runs: list[Direction] = field(init=False, repr=False, compare=False)
    _shapes: dict[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "num_layers", positive_int("num_layers", self.num_layers))
        if not isinstance(self.bidirectional, bool):
            raise InputError(f"bidirectional must be True or False, got {self.bidirectional!r}")
        inner = dataclasses.replace(self.cell, input_size=self.output_size)
        pairs = itertools.product(range(self.num_layers), (False, True)[: self.num_directions])
        runs = [
            Direction(k, layer, reverse, f"_l{layer}{'_reverse' * reverse}", inner if layer else self.cell)
            for k, (layer, reverse) in enumerate(pairs)
        ]
        shapes = {
            name + run.suffix: shape for run in runs for name, shape in run.cell.parameter_shapes().items()
        }
        object.__setattr__(self, "_runs", runs)
        object.__setattr__(self, "_shapes", shapes)

    @property
    def num_directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """Width of the last layer's output, D·R."""
        return self.num_directions * self.cell.output_size

    def layers(self) -> list[Direction]:
        """Every run, by layer and then direction; run k has state k."""
        return list(self._runs)

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter, in the order of torch.nn's ``state_dict``."""
        return dict(self._shapes)

    def initialise(self, rng: np.random.Generator, dtype: Any = np.float32) -> Arrays:
        """Fresh parameters, as each cell draws its own."""
        return {
            name + run.suffix: array
            for run in self.layers()
            for name, array in run.cell.initialise(rng, dtype).items()
        }

    def state_shapes(self, N: int) -> dict[str, tuple[int, int, int]]:
        """Shape (L·D, N, ·) of each state of N rows."""
        runs = self.num_layers * self.num_directions
        return {name: (runs, N, size) for name, size in self.cell.state_sizes().items()}

    def zero_state(self, N: int, dtype: Any = np.float32) -> Arrays:
        """The state (L·D, N, ·) in which a sequence starts unless another is given."""
        return {name: np.zeros(shape, dtype) for name, shape in self.state_shapes(N).items()}

    def forward(
        self,
        p: Mapping[str, Array],
        x: Array,
        state: Mapping[str, Array],
        lengths: Any = None,
        dropout_masks: Array | None = None,
        *,
        noise: Mapping[str, Array] | None = None,
        xp: Any = np,
    ) -> tuple[Array, Arrays, list[loop.Tape]]:
        """Run all layers over x (T, N, I): output (T, N, D·R), final states (L·D, N, ·), tapes.

        ``dropout_masks`` (L-1, T, N, D·R) multiply what each layer passes to the next (already scaled by
        1/(1-p)); None for no dropout. ``noise`` is that of `recurra.cells.loop` with one axis more in front,
        of the L·D runs. Lengths and errors as there.
        """
        runs = self.layers()
        states_n, tapes = [], []
        for layer in range(self.num_layers):
            if layer and dropout_masks is not None:
                x = x * dropout_masks[layer - 1]
            outputs = []
            for run in runs[layer * self.num_directions : (layer + 1) * self.num_directions]:
                own_state = {name: state[name][run.index] for name in self.cell.states}
                own_noise = {name: array[run.index] for name, array in (noise or {}).items()}
                output, state_n, tape = loop.forward(
                    run.cell, run.parameters(p), x, own_state, lengths, run.reverse, noise=own_noise, xp=xp
                )
                outputs.append(output)
                states_n.append(state_n)
                tapes.append(tape)
            x = xp.concatenate(outputs, -1)
        return x, {name: xp.stack([s[name] for s in states_n]) for name in self.cell.states}, tapes

    def backward(
        self,
        p: Mapping[str, Array],
        tapes: list[loop.Tape],
        d_output: Array,
        d_state_n: Mapping[str, Array],
        dropout_masks: Array | None = None,
    ) -> tuple[Array, Arrays, Arrays]:
        """Gradients of x (T, N, I), of the initial states (L·D, N, ·) and of the parameters; NumPy only.

        ``d_output`` (T, N, D·R) and ``d_state_n`` (L·D, N, ·) are the gradients of what `forward` returned,
        ``dropout_masks`` those that it was given.
        """
        runs = self.layers()
        d_state = {name: np.empty_like(d_state_n[name]) for name in self.cell.states}
        d_p: Arrays = {}
        dx = d_output
        for layer in reversed(range(self.num_layers)):
            layer_runs = runs[layer * self.num_directions : (layer + 1) * self.num_directions]
            d_outputs = np.split(dx, self.num_directions, axis=-1)
            dx = 0.0
            for run, d_own_output in zip(layer_runs, d_outputs):
                d_own_state_n = {name: d_state_n[name][run.index] for name in self.cell.states}
                dx_run, d_own_state, d_own_p = loop.backward(
                    run.cell, run.parameters(p), tapes[run.index], d_own_output, d_own_state_n
                )
                dx = dx + dx_run
                d_p |= {name + run.suffix: gradient for name, gradient in d_own_p.items()}
                for name in self.cell.states:
                    d_state[name][run.index] = d_own_state[name]
            if layer and dropout_masks is not None:
                dx = dx * dropout_masks[layer - 1]
        return dx, d_state, {name: d_p[name] for name in self.parameter_shapes()}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, from which `from_dict` makes an equal stack."""
        return {
            **self.cell.to_dict(),
            "num_layers": self.num_layers,
            "bidirectional": self.bidirectional,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Stack":
        """The stack that `to_dict` described; InputError names what is missing, unknown or out of range."""
        missing = [name for name in ("cell", "num_layers", "bidirectional") if name not in fields]
        if missing:
            raise InputError(f"a stack needs {', '.join(missing)}, got only {', '.join(map(str, fields))}")
        cell_fields = {str(name): value for name, value in fields.items()}
        name, num_layers, bidirectional = map(cell_fields.pop, ("cell", "num_layers", "bidirectional"))
        return cls(cell(name, **cell_fields), num_layers, bidirectional)
