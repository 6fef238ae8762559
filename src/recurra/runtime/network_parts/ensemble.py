"""Several networks that answer together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime import schema
from recurra.runtime.network_parts.chain import check_order, joined, shapes_of, widths_of
from recurra.runtime.network_parts.crf import Crf
from recurra.runtime.network_parts.part import Bound, Part, Step, check_width


@dataclass(frozen=True)
class Ensemble(Part):
    """The mean of what ``count`` networks of the same ``layers`` put out, each with tensors of its own.

    Hansen & Salamon, "Neural network ensembles", IEEE PAMI 12 (1990). Of logits, the mean is the logarithm of
    the networks' probabilities multiplied with one another, but for a constant. Network k's tensors are named
    ``name.k.…``.
    """

    name: str
    count: int
    layers: tuple[Part, ...]

    type = "ensemble"
    fields: ClassVar = {"name": schema.TEXT, "count": schema.SIZE, "layers": schema.DICTS}

    def __post_init__(self) -> None:
        for part in self.layers:
            if part.beside or isinstance(part, Crf | Ensemble):
                raise InputError(f"{self.name!r} must not have {part.type} within its networks")
        check_order(self.layers, f"the layers of {self.name!r}")
        widths_of(self.layers)

    @property
    def first(self) -> Part:
        return self.layers[0]

    @property
    def takes_ids(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.first.takes_ids

    @property
    def pools(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return any(part.pools for part in self.layers)

    def output_size(self, input_size: int) -> int:
        check_width(self.name, widths_of(self.layers)[0], input_size)
        return widths_of(self.layers)[-1]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        own = shapes_of(self.layers)
        return {f"{self.name}.{k}.{name}": shape for k in range(self.count) for name, shape in own.items()}

    def network(self, k: int, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The tensors of network k, by the names that it has for them."""
        return {name: tensors[f"{self.name}.{k}.{name}"] for name in shapes_of(self.layers)}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        own = [self.network(k, tensors) for k in range(self.count)]
        return _Ensemble(
            self.name,
            tuple(widths_of(self.layers)),
            [[part.bind(each) for part in self.layers] for each in own],
        )

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "layers": [part.to_dict() for part in self.layers]}

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str) -> Self:  # noqa: ARG003
        """The ensemble with those fields, whose layers `part_from_dict` has read already."""
        return cls(fields["name"], fields["count"], tuple(fields["layers"]))


@dataclass(frozen=True, eq=False)
class _Ensemble(Bound):
    name: str
    widths: tuple[int, ...]
    networks: list[list[Bound]]

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        outputs = []
        for network in self.networks:
            y = x
            for bound in network:
                y = bound(y, lengths, threads)
            outputs.append(y)
        return _mean(outputs)

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        rows = []
        for k, network in enumerate(self.networks):
            steps = [bound.stepping(width) for bound, width in zip(network, self.widths)]
            rows.append(_Row(f"{self.name}.{k}.", joined(steps)))
        return _EnsembleStep(rows)

    def quantized(self, weights: str) -> Bound:
        networks = [[bound.quantized(weights) for bound in network] for network in self.networks]
        return _Ensemble(self.name, self.widths, networks)

    @property
    def quantization_error(self) -> float | None:
        errors = [bound.quantization_error for network in self.networks for bound in network]
        return max((error for error in errors if error is not None), default=None)


class _Row(Step):
    """The steps of one network, the names of whose states begin with ``prefix``."""

    def __init__(self, prefix: str, steps: list[Step]) -> None:
        self._prefix, self._steps = prefix, steps
        self._names = [list(step.state()) for step in steps]

    def __call__(self, x: Any) -> np.ndarray:
        for step in self._steps:
            x = step(x)
        return x

    def run(self, x: np.ndarray) -> np.ndarray:
        for step in self._steps:
            x = step.run(x)
        return x

    def state(self) -> dict[str, np.ndarray]:
        return {self._prefix + name: array for step in self._steps for name, array in step.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for step, names in zip(self._steps, self._names):
            step.restore({name: state[self._prefix + name] for name in names})

    def reset(self) -> None:
        for step in self._steps:
            step.reset()


class _EnsembleStep(Step):
    def __init__(self, rows: list[_Row]) -> None:
        self._rows = rows

    def __call__(self, x: Any) -> np.ndarray:
        return _mean([row(x) for row in self._rows])

    def run(self, x: np.ndarray) -> np.ndarray:
        return _mean([row.run(x) for row in self._rows])

    def state(self) -> dict[str, np.ndarray]:
        return {name: array for row in self._rows for name, array in row.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for row in self._rows:
            row.restore(state)

    def reset(self) -> None:
        for row in self._rows:
            row.reset()


def _mean(outputs: list[np.ndarray]) -> np.ndarray:
    # One after the other: a step then has the bits of a sequence.
    total = outputs[0]
    for output in outputs[1:]:
        total = total + output
    return total / np.float32(len(outputs))
