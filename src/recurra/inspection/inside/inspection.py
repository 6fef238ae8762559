"""Everything that can be seen of one model, and of one input in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from recurra._base.errors import MissingExtraError
from recurra.inspection.inside.attended import Attended, Posteriors, attended, posteriors
from recurra.inspection.inside.attribution import METHODS, Attribution, attribution
from recurra.inspection.inside.formed import Forming
from recurra.inspection.inside.forming import forming
from recurra.inspection.inside.health import Warning as HealthWarning
from recurra.inspection.inside.health import health
from recurra.inspection.inside.inputs import given
from recurra.inspection.inside.jacobian import Spectrum, spectrum
from recurra.inspection.inside.memory import Memory, memory
from recurra.inspection.inside.one_network import first_network
from recurra.inspection.inside.trace import LayerTrace, Trace, trace
from recurra.inspection.inside.units import Saturation, by_activity, by_cluster, saturation
from recurra.inspection.inside.weights import RecurrentMatrix, recurrent_matrices
from recurra.runtime.load import Model

_LARGE = 256  # units in a state: the eigenvalues of more take a second a step, so that one step must do
_F = TypeVar("_F")


@dataclass(frozen=True)
class Layer:
    """What a recurrent layer did with an input.

    Attributes:
        trace: its gates and states over time.
        saturation: of each gate and state.
        orders: by name, the units (H,) in an order to look at them in.
    """

    trace: LayerTrace
    saturation: tuple[Saturation, ...]
    orders: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Inspection:
    """What `inspect` found. All that depends on an input is empty or None without one.

    Attributes:
        name: what to call the model.
        task, spec, history, card, fingerprint: as its file has them.
        parameters: how many weights it has.
        matrices: its recurrent matrices.
        warnings: what in its training calls for a remedy.
        trace: the input and what the network made of it.
        layers: each recurrent layer of the trace.
        forming: the prediction after each step.
        attended: where attention looked; None where a model has none.
        posteriors: what a transcriber heard; None of other models.
        memory: how far back the prediction depends on the input, and on states.
        spectra: of the Jacobian of one step of each layer, at some steps.
        attributions: how much each step and input had to do with the prediction, by either of `METHODS`.
        notes: what could not be looked at, and why.
    """

    name: str
    task: str
    spec: Mapping[str, Any]
    history: Mapping[str, Any]
    card: Mapping[str, Any]
    fingerprint: str
    parameters: int
    matrices: tuple[RecurrentMatrix, ...]
    warnings: tuple[HealthWarning, ...]
    trace: Trace | None = None
    layers: tuple[Layer, ...] = ()
    forming: Forming | None = None
    attended: Attended | None = None
    posteriors: Posteriors | None = None
    memory: Memory | None = None
    spectra: tuple[Spectrum, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def epochs(self) -> Sequence[Mapping[str, Any]]:
        """Of its history; none of a model that came from elsewhere, which has no record of its own."""
        epochs = self.history.get("epochs", [])
        complete = "best_epoch" in self.history and all("validation_loss" in epoch for epoch in epochs)
        return epochs if complete else []


def inspect(model: Model, X: Any = None, *, row: int = 0, name: str = "model", seed: int = 0) -> Inspection:
    """Look inside ``model``, at what it does with an input where there is one.

    Gradients of an encoder-decoder need PyTorch; without it they are left out, and a note says so. All else
    needs none.

    Args:
        model: as `recurra.load` gives it; of an estimator, its ``model_``.
        X: the input as ``model.predict`` takes it, a `pathlib.Path` of a file included.
        row: which item of ``X``, from 0; of a forecaster, how many windows before the last.
        name: what to call the model.
        seed: of the fresh weights that its memory is compared with.

    Raises:
        InputError: where ``X`` does not fit the model, or has no such ``row``.
    """
    whole, (model, said) = model, first_network(model)
    found = {
        "name": name,
        "task": whole.task,
        "spec": whole.spec,
        "history": model.history,
        "card": whole.card,
        "fingerprint": whole.fingerprint,
        "parameters": sum(int(np.asarray(weight).size) for weight in whole.tensors.values()),
        "matrices": recurrent_matrices(model.tensors),
    }
    if X is None:
        return Inspection(**found, warnings=health(model.history), notes=said)
    one = given(model, X, row)
    seen = trace(model, one)
    notes = [*said]

    def gradients(of: Callable[[], _F], empty: _F) -> _F:
        try:
            return of()
        except MissingExtraError as error:
            note = f"Gradients of this network are left out: {error}."
            notes.extend([note] if note not in notes else [])
            return empty

    T = len(one.steps)
    wide = max((sum(state.shape[1] for state in layer.states.values()) for layer in seen.layers), default=0)
    at = [T - 1] if wide > _LARGE else sorted({0, T // 2, T - 1})
    remembered = gradients(lambda: memory(model, one, seed=seed), None)
    return Inspection(
        **found,
        warnings=health(model.history, remembered),
        trace=seen,
        layers=tuple(_layer(layer) for layer in seen.layers),
        forming=forming(whole, one),
        attended=attended(model, one),
        posteriors=posteriors(model, one),
        memory=remembered,
        spectra=tuple(each for step in at for each in spectrum(model, one, step)),
        attributions=gradients(
            lambda: tuple(attribution(model, one, method=method) for method in METHODS), ()
        ),
        notes=tuple(notes),
    )


def _layer(trace: LayerTrace) -> Layer:
    units = np.arange(trace.states["h"].shape[1])
    orders = {"as stored": units, "by activity": by_activity(trace), "by cluster": by_cluster(trace)}
    return Layer(trace, saturation(trace), orders)
