"""The units of a layer: how many sit at the ends of their range, and orders that show who goes with whom."""

from dataclasses import dataclass

import numpy as np

from recurra._base.errors import MissingExtraError
from recurra._base.validation import one_of
from recurra.inspection.inside.trace import CANDIDATE, LayerTrace

LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Saturation:
    """How often the units of a gate, or of h, are at the ends of their range, where they hardly learn.

    Attributes:
        layer: its name.
        gate: "input", …, "candidate", or "h".
        low: the share of all steps and units that is below 0.1; 0 for what a tanh makes.
        high: the share above 0.9; of what a tanh makes, beyond 0.9 on either side.
    """

    layer: str
    gate: str
    low: float
    high: float


def saturation(layer: LayerTrace) -> tuple[Saturation, ...]:
    """Of each gate, and of h; without a candidate or an h that nothing bounds, see `LayerTrace.bounded`."""
    found = []
    for name, values in {**layer.gates, "h": layer.states["h"]}.items():
        if name in (CANDIDATE, "h"):
            if name in layer.bounded:
                found.append(Saturation(layer.name, name, 0.0, float((np.abs(values) > HIGH).mean())))
        else:
            low, high = float((values < LOW).mean()), float((values > HIGH).mean())
            found.append(Saturation(layer.name, name, low, high))
    return tuple(found)


def by_activity(layer: LayerTrace, of: str = "h") -> np.ndarray:
    """The units (K,) of a state or a gate by the mean of their absolute values, the highest first."""
    return np.argsort(-np.abs(_values(layer, of)).mean(axis=0), kind="stable")


def by_cluster(layer: LayerTrace, of: str = "h") -> np.ndarray:
    """The units (K,) of a state or a gate so that those that rise and fall together stand together.

    The leaves, from one side to the other, of a tree that joins by average linkage; two units are as far
    apart as 1 less their correlation over time, so that units that mirror each other are farthest. One that
    never moves goes with no other. Raises MissingExtraError without SciPy, InputError for an unknown name.
    """
    values = _values(layer, of).astype(np.float64)
    if values.shape[1] == 1:
        return np.zeros(1, np.int64)
    try:
        from scipy.cluster.hierarchy import leaves_list, linkage
    except ImportError as error:
        raise MissingExtraError.of("scipy", "data") from error
    centred = values - values.mean(axis=0)
    size = np.linalg.norm(centred, axis=0)
    standard = np.divide(centred, size, out=np.zeros_like(centred), where=size > 1e-6 * np.sqrt(len(values)))
    rows, columns = np.triu_indices(values.shape[1], 1)
    apart = np.maximum(1 - (standard.T @ standard)[rows, columns], 0)
    return leaves_list(linkage(apart, "average", optimal_ordering=True)).astype(np.int64)


def _values(layer: LayerTrace, of: str) -> np.ndarray:
    known = {**layer.states, **layer.gates}
    return known[one_of("of", of, known)]
