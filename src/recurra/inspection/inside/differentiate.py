"""Gradients of a whole model: by the native backward, or rebuilt in PyTorch where there is no such way.

A network is differentiated with respect to the vectors that enter its recurrent layers: the numbers of a
step, or what a symbol or word is embedded as. It is seen along the ray from zero to those of one input.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from recurra import kernels
from recurra._base.errors import MissingExtraError
from recurra.cells import Stack
from recurra.inspection.inside.aims import Aim, aim_at, aim_of
from recurra.inspection.inside.inputs import Given
from recurra.inspection.inside.pullbacks import Pullback, pulled
from recurra.inspection.inside.recurring import Recurring, recurring
from recurra.runtime import Bag, Recurrent
from recurra.runtime.network_parts import Part, part_from_dict
from recurra.runtime.translation import TranslationModel

_MOST_VALUES = 2**26
"""Of a tape, float64, so that a pass over several rows stays below 512 MB; one row takes what it takes."""


@dataclass(frozen=True, eq=False)
class Gradient:
    """Of one number that a model says, with respect to the vectors of one input.

    Attributes:
        aim: what the number is.
        value: the number.
        vectors: (T, I) float64, what enters the recurrent layers.
        gradient: (T, I) float64, of the number with respect to these.
    """

    aim: str
    value: float
    vectors: np.ndarray
    gradient: np.ndarray


def gradients(model: Any, given: Given, target: Any = None) -> Gradient:
    """The gradient of what ``model`` says of an input; ``target`` as for `recurra.inspection.inside.aims`.

    Raises InputError for a target that there is not, MissingExtraError for an encoder-decoder without
    PyTorch.
    """
    network = differentiable(model, given)
    aim = network.aim(target)
    found = network.pull(np.ones(1), [aim])
    return Gradient(aim.name, float(found.values[0]), network.vectors, found.vectors[0])


class Pulled(NamedTuple):
    """Of N numbers, each its own aim at its own point of the ray, the values and the gradients."""

    values: np.ndarray
    """(N,)"""
    vectors: np.ndarray
    """(N, T, I), with respect to the vectors."""
    added: np.ndarray
    """(N, T), with respect to a factor of what each step adds to the output beside the layers: a bag's."""
    states: dict[str, np.ndarray]
    """(L·D, N, ·), with respect to the states of each run of the recurrent layers, steps added up."""


class Differentiable(ABC):
    """The network of a model with one input.

    Attributes:
        stack, parameters: its recurrent layers, in float64.
        vectors: (T, I) float64, what enters them.
    """

    def __init__(self, stack: Stack, parameters: Mapping[str, np.ndarray], vectors: np.ndarray) -> None:
        self.stack = stack
        self.parameters = parameters
        self.vectors = vectors

    @abstractmethod
    def aim(self, target: Any = None) -> Aim:
        """What the model says, see `recurra.inspection.inside.aims`."""

    @abstractmethod
    def aims(self, steps: Sequence[int]) -> list[Aim]:
        """What it says at these steps; where all have one output, that alone."""

    @abstractmethod
    def _pull(self, scales: np.ndarray, aims: Sequence[Aim]) -> Pulled: ...

    def pull(self, scales: np.ndarray, aims: Sequence[Aim]) -> Pulled:
        """Values and gradients of N ``aims``, each where the vectors are multiplied by its scale (N,)."""
        size = kernels.tape_size(self.stack, len(self.vectors), 1, np.float64)
        rows = max(1, _MOST_VALUES // max(1, size))
        found = [
            self._pull(scales[start : start + rows], aims[start : start + rows])
            for start in range(0, len(aims), rows)
        ]
        return Pulled(
            np.concatenate([one.values for one in found]),
            np.concatenate([one.vectors for one in found]),
            np.concatenate([one.added for one in found]),
            {name: np.concatenate([one.states[name] for one in found], axis=1) for name in found[0].states},
        )


def differentiable(model: Any, given: Given, *, fresh: int | None = None) -> Differentiable:
    """The network of ``model`` with that input.

    With a seed ``fresh`` its recurrent layers have weights from which training could begin.

    Raises MissingExtraError where PyTorch is needed and not there, InputError for a model whose weights are
    rounded.
    """
    layers = recurring(model, given.x)
    if not isinstance(model, TranslationModel):
        return _Parts(model, given, layers, fresh)
    try:
        from recurra.inspection.inside.rebuild import Rebuilt
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("torch", "train") from error
    return Rebuilt(model, given.x, layers, fresh)


class _Parts(Differentiable):
    """A network of parts in a row."""

    def __init__(self, model: Any, given: Given, layers: Recurring, fresh: int | None) -> None:
        super().__init__(layers.stack, layers.parameters, layers.vectors)
        if fresh is not None:
            self.parameters = self.stack.initialise(np.random.default_rng(fresh), np.float64)
        own = {f"{layers.name}.{name}": array for name, array in self.parameters.items()}
        self._tensors = {name: array.astype(np.float64) for name, array in (model.tensors | own).items()}
        self._model, self._given = model, given
        parts = [part_from_dict(layer, "spec.layers") for layer in model.spec["layers"]]
        self._parts = parts[1:] if parts[0].takes_ids else parts
        bags = [part for part in parts if isinstance(part, Bag)]
        self._added = sum(
            (_by_step(bag, model.tensors, given.x) for bag in bags), np.zeros((len(given.x), 1))
        )

    def aim(self, target: Any = None) -> Aim:
        return aim_of(self._model, self._given, self._output(), target)

    def aims(self, steps: Sequence[int]) -> list[Aim]:
        if self._model.network.pools:
            return [self.aim()]
        output = self._output()
        return [aim_at(self._model, output, step) for step in steps]

    def _output(self) -> np.ndarray:
        return self._model.network(self._given.x[None])[0].astype(np.float64)

    def _pull(self, scales: np.ndarray, aims: Sequence[Aim]) -> Pulled:
        inputs = scales[:, None] * self.vectors[:, None]
        y, pullbacks = inputs, []
        for part in self._parts:
            if isinstance(part, Bag):
                y = y + scales[:, None] * self._added.sum(axis=0)
                continue
            output, pull = pulled(part, self._tensors, inputs if part.beside else y)
            y = y + output if part.beside else output
            pullbacks.append((part, pull))
        pooled = self._model.network.pools
        outputs = y if pooled else y.swapaxes(0, 1)
        found = [aim.of(output) for aim, output in zip(aims, outputs)]
        d = np.stack([gradient for _, gradient in found])
        added = d @ self._added.T if pooled and self._added.any() else np.zeros((len(aims), len(inputs)))
        dx, read = _pulled_back(pullbacks, d if pooled else d.swapaxes(0, 1), inputs)
        return Pulled(
            np.array([value for value, _ in found]),
            dx.swapaxes(0, 1),
            added,
            last_states(self.stack, read.sum(axis=0)),
        )


def last_states(stack: Stack, read: np.ndarray) -> dict[str, np.ndarray]:
    """The gradient ``read`` (N, D·R) of a stack's output as one of its states (L·D, N, ·)."""
    d_states = stack.zero_state(len(read), read.dtype)
    D = stack.num_directions
    d_states["h"][-D:] = np.stack(np.split(read, D, axis=1))
    return d_states


def _pulled_back(
    pullbacks: Sequence[tuple[Part, Pullback]], d: np.ndarray, inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The gradient of the inputs, and that of what the recurrent layers put out."""
    beside, read = np.zeros_like(inputs), np.empty(0)
    for part, pull in reversed(pullbacks):
        if part.beside:
            beside += pull(d)
            continue
        if isinstance(part, Recurrent):
            read = d
        d = pull(d)
    return d + beside, read


def _by_step(bag: Bag, tensors: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """What each step adds to a bag's total (T, O): its word and the pair that it ends, if they are new."""
    T = len(x)
    so_far = bag.bind(tensors)(np.repeat(x[:, None], T, axis=1), np.arange(1, T + 1))
    return np.diff(so_far.astype(np.float64), axis=0, prepend=0.0)
