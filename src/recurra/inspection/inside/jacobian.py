"""How one step of a recurrent layer stretches its state: the spectrum of its Jacobian."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.inspection.inside.inputs import Given
from recurra.inspection.inside.lags import readings, states_before
from recurra.inspection.inside.recurring import recurring


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Of J = ∂ state after a step / ∂ state before it, both (S,): h, or h and c.

    Attributes:
        layer: as its trace is called: "layer 1", "layer 1, backwards", "encoder layer 1".
        step: of the input, from 0; what comes before it is the next step where the layer reads backwards.
        eigenvalues: (S,) complex128, the largest in absolute value first. If all steps were like this one,
            what lies along those within the unit circle would fade, and along the others last or grow.
        singular: (S,) float64, descending: the factors by which this step can stretch a gradient. With all
            below 1 gradients must vanish; one above 1 is needed for them to explode (Pascanu, Mikolov and
            Bengio, "On the difficulty of training recurrent neural networks", 2013, section 2.1).
    """

    layer: str
    step: int
    eigenvalues: np.ndarray
    singular: np.ndarray

    @property
    def radius(self) -> float:
        """The spectral radius: the largest absolute eigenvalue."""
        return float(np.abs(self.eigenvalues[0]))


def spectrum(model: Any, given: Given, step: int) -> tuple[Spectrum, ...]:
    """Of each recurrent layer and direction that reads the ``given`` input, at that step, from 0.

    Raises InputError for a step that there is not.
    """
    T = len(given.steps)
    if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 0 <= step < T:
        raise InputError(f"step must be a whole number between 0 and {T - 1}, got {step!r}")
    layers, found = recurring(model, given.x), []
    for own in readings(layers.stack, layers.parameters, layers.vectors):
        place = T - 1 - step if own.run.reverse else step
        before = states_before(kernels.PackedStack(own.stack, own.parameters), own.x[: place + 1])
        state = {name: array[-1] for name, array in before.items()}
        J = jacobian(own.stack, own.parameters, own.x[place], state)
        eigenvalues = np.linalg.eigvals(J).astype(np.complex128)
        order = np.argsort(-np.abs(eigenvalues), kind="stable")
        name = f"{layers.prefix}layer {own.run.layer + 1}{', backwards' * own.run.reverse}"
        found.append(Spectrum(name, int(step), eigenvalues[order], np.linalg.svd(J, compute_uv=False)))
    return tuple(found)


def jacobian(
    stack: Stack, parameters: Mapping[str, np.ndarray], x: np.ndarray, state: Mapping[str, np.ndarray]
) -> np.ndarray:
    """J (S, S) of one step of one layer in one direction, for its input x (I,) and states (1, ·) before.

    By the native backward of S equal rows, each of which asks for another part of the new state; rows and
    columns are those of h, then of c.
    """
    S = sum(array.shape[1] for array in state.values())
    x = np.repeat(x[None, None], S, axis=1)
    rows = {name: np.repeat(array[:, None], S, axis=1) for name, array in state.items()}
    output, _, tape = kernels.PackedStack(stack, parameters).forward_train(x, rows)
    widths = np.cumsum([array.shape[1] for array in state.values()])[:-1]
    ask = dict(zip(state, np.split(np.eye(S, dtype=x.dtype)[None], widths, axis=2)))
    nothing = np.zeros_like(output)
    _, d_state, _ = kernels.backward(
        stack, parameters, x, rows, None, None, output, tape, nothing, ask, need_dx=False
    )
    return np.concatenate([d_state[name][0] for name in state], axis=1)
