"""What was found inside a model as plain values, for JSON."""

import dataclasses
from typing import Any

import numpy as np

from recurra.inspection.inside.compare import Comparison
from recurra.inspection.inside.inspection import Inspection, Layer
from recurra.inspection.inside.jacobian import Spectrum
from recurra.inspection.inside.memory import Memory


def plain(found: Inspection | Comparison) -> dict[str, Any]:
    """Every figure of the page by name, save for the gates and states of single units, which are too many.

    A complex number is a pair of its parts; what an input had to be given for is null without one.
    """
    if isinstance(found, Comparison):
        return {**plain(found.first), "against": plain(found.second), "moved": dict(found.moved)}
    given = None if found.trace is None else found.trace.given
    return {
        "name": found.name,
        "task": found.task,
        "fingerprint": found.fingerprint,
        "parameters": found.parameters,
        "history": _values(found.history),
        "warnings": _values(found.warnings),
        "matrices": [
            {"name": one.name, "gate": one.gate, "radius": one.radius, "norm": one.norm}
            for one in found.matrices
        ],
        "given": None
        if given is None
        else {"what": given.what, "steps": given.steps, "inputs": given.inputs},
        "layers": [_layer(layer) for layer in found.layers],
        "forming": _values(found.forming),
        "attended": _values(found.attended),
        "posteriors": _values(found.posteriors),
        "memory": _memory(found.memory),
        "spectra": [_spectrum(one) for one in found.spectra],
        "attributions": _values(found.attributions),
        "notes": list(found.notes),
    }


def _memory(memory: Memory | None) -> dict[str, Any] | None:
    if memory is None:
        return None
    lengths = {"effective": memory.effective, "fresh_effective": memory.fresh_effective}
    return {**_values(memory), **lengths, "shrink": memory.shrink, "fresh_shrink": memory.fresh_shrink}


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.trace.name,
        "cell": layer.trace.cell,
        "units": layer.trace.states["h"].shape[1],
        "steps": layer.trace.steps,
        "norm": layer.trace.norm.tolist(),
        "saturation": [{"gate": one.gate, "low": one.low, "high": one.high} for one in layer.saturation],
    }


def _spectrum(one: Spectrum) -> dict[str, Any]:
    pairs = np.stack([np.real(one.eigenvalues), np.imag(one.eigenvalues)], axis=1)
    return {**_values(one), "radius": one.radius, "eigenvalues": pairs.tolist()}


def _values(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _values(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_values(one) for one in value]
    if isinstance(value, dict):
        return {name: _values(one) for name, one in value.items()}
    return value
