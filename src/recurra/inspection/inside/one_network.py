"""One network of an ensemble, which can be looked into."""

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from recurra._base.errors import InputError
from recurra.runtime import Ensemble, Network
from recurra.runtime.model import Model

_M = TypeVar("_M", bound=Model)


def first_network(model: _M) -> tuple[_M, tuple[str, ...]]:
    """The model itself; of an ensemble, one that is its first network, and a note of that.

    Raises InputError for an ensemble whose weights are rounded.
    """
    if (ensemble := _ensemble_of(model)) is None:
        return model, ()
    if model.network.quantization_error is not None:
        raise InputError("model has rounded weights, whose gates can't be seen; give it as it was loaded")
    alone = copy.copy(model)
    first, *rest = model.spec["layers"]
    alone.spec = {**model.spec, "layers": [*first["layers"], *rest]}
    others = {name: array for name, array in model.tensors.items() if name not in ensemble.shapes()}
    alone.tensors = others | ensemble.network(0, model.tensors)
    alone.network = Network(alone.spec, alone.tensors)
    alone.history = _of_network(f"{ensemble.name}.0.", model.history)
    return alone, (
        f"The model answers by the mean of {ensemble.count} networks. The answer is that of all; gates, "
        "states, weights, gradients and what they tell are those of the first.",
    )


def refuse_ensemble(model: Model) -> None:
    """Raise InputError for a model of several networks."""
    if ensemble := _ensemble_of(model):
        raise InputError(
            f"model has {ensemble.count} networks, each with gates of its own; give "
            "recurra.inspection.inside.first_network(model)[0]"
        )


def _ensemble_of(model: Model) -> Ensemble | None:
    part = model.network.parts[0] if isinstance(model.network, Network) else None
    return part if isinstance(part, Ensemble) else None


def _of_network(prefix: str, history: Mapping[str, Any]) -> dict[str, Any]:
    """The history with that network's layers alone, by the names that it has for them."""
    epochs = [
        {
            field: {name.removeprefix(prefix): own for name, own in value.items() if name.startswith(prefix)}
            if isinstance(value, dict)
            else value
            for field, value in epoch.items()
        }
        for epoch in history.get("epochs", [])
    ]
    return {**history, "epochs": epochs} if epochs else dict(history)
