"""Two models, or two checkpoints of one, side by side on the same input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.inspection.inside.inspection import Inspection, inspect
from recurra.runtime.load import Model


@dataclass(frozen=True)
class Comparison:
    """What was found inside two models.

    Attributes:
        first, second: what `inspect` found in each.
        moved: how far each weight of the second is from the first's, ‖b − a‖ / ‖a‖, by name; empty where the
            two have other weights, or of other shapes.
    """

    first: Inspection
    second: Inspection
    moved: Mapping[str, float]


def compare(
    model: Model,
    against: Model,
    X: Any = None,
    *,
    row: int = 0,
    names: tuple[str, str] = ("first", "second"),
    seed: int = 0,
) -> Comparison:
    """Look inside two models that have the same task, at what they do with the same input.

    Arguments as for `inspect`; ``names`` say what to call the two. Raises InputError where their tasks
    differ, and what `inspect` raises.
    """
    if against.task != model.task:
        raise InputError(
            f"against must be a model for the same task, {model.task}, got one for {against.task}"
        )
    first = inspect(model, X, row=row, name=names[0], seed=seed)
    try:
        second = inspect(against, X, row=row, name=names[1], seed=seed)
    except InputError as error:
        raise InputError(f"against must read this input, too: {error}") from error
    return Comparison(first, second, _moved(model.tensors, against.tensors))


def _moved(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> dict[str, float]:
    shapes = [{name: weight.shape for name, weight in own.items()} for own in (first, second)]
    if shapes[0] != shapes[1]:
        return {}
    found = {}
    for name in sorted(first):
        a, b = (np.asarray(own[name], np.float64) for own in (first, second))
        size = float(np.linalg.norm(a))
        found[name] = float(np.linalg.norm(b - a)) / size if size else float("nan")
    return found
