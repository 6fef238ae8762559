"""Which steps and which inputs a prediction is owed to."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from recurra._base.validation import one_of
from recurra.inspection.inside.aims import Aim
from recurra.inspection.inside.differentiate import Differentiable, differentiable
from recurra.inspection.inside.inputs import Given

METHODS = ("integrated gradients", "gradient × input")

_POINTS, _MOST_POINTS = 16, 256
"""Of the Gauss-Legendre rule: four times as many as long as F bends too sharply for the shares to add up."""
_EXACT = 0.01  # of what the shares come to without their signs, by which they may miss the total
_ROUGH = 0.1
_MOST_STEPS = 32_768  # of the input, over all points, so that a long one does not take minutes


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each step of one input has to do with a number F that a model says.

    Attributes:
        steps: (T,), what each is called.
        inputs: (I,), names of the columns; empty where steps are symbols or words.
        by_step: (T,) the share of each step, in the unit of F.
        by_input: (T, I) of each column of each step; None where steps are symbols or words.
        method: one of `METHODS`.
        target: what F is.
        total: F(x) − F(0), what the shares would add up to if they explained all.
        difference: ``total`` less the sum of the shares.
    """

    steps: tuple[str, ...]
    inputs: tuple[str, ...]
    by_step: np.ndarray
    by_input: np.ndarray | None
    method: str
    target: str
    total: float
    difference: float

    @property
    def rough(self) -> bool:
        """Whether the shares miss the total by over a tenth of what they come to without their signs."""
        return abs(self.difference) > _ROUGH * float(np.abs(self.by_step).sum())


def attribution(model: Any, given: Given, *, method: str = METHODS[0], target: Any = None) -> Attribution:
    """The share of each step of an input in what a loaded ``model`` says of it.

    Both methods compare with the zero input: a series at its mean, for windows that are centred that of the
    changes from the last value; symbols whose vectors are zero, and which are not in the bag of words, if
    there is one.

    Args:
        model: the model.
        given: its input.
        method: "gradient × input", x · ∇F(x), how F changes to first order; or "integrated gradients",
            x · ∫₀¹ ∇F(αx) dα, whose shares add up to F(x) − F(0) (Sundararajan, Taly and Yan, "Axiomatic
            attribution for deep networks", ICML 2017), by Gauss-Legendre quadrature.
        target: which F, see `recurra.inspection.inside.aims.aim_of`; of an encoder-decoder the step of its
            answer, None for all of it.

    Raises InputError for a method or target that there is not, MissingExtraError for an encoder-decoder
    without PyTorch.
    """
    one_of("method", method, METHODS)
    network = differentiable(model, given)
    aim = network.aim(target)
    found = (
        _integrated(network, aim) if method == METHODS[0] else _shares(network, aim, np.ones(1), np.ones(1))
    )
    return Attribution(
        given.steps,
        given.inputs,
        found.by_step,
        found.vectors if given.inputs else None,
        method,
        aim.name,
        found.total,
        found.difference,
    )


class _Shares(NamedTuple):
    vectors: np.ndarray
    """(T, I)"""
    by_step: np.ndarray
    """(T,), with those of what stands beside the vectors."""
    total: float

    @property
    def difference(self) -> float:
        return self.total - float(self.by_step.sum())

    @property
    def exact(self) -> bool:
        return abs(self.difference) <= _EXACT * float(np.abs(self.by_step).sum())


def _integrated(network: Differentiable, aim: Aim, points: int = _POINTS) -> _Shares:
    nodes, weights = np.polynomial.legendre.leggauss(points)
    found, more = _shares(network, aim, (nodes + 1) / 2, weights / 2), 4 * points
    if found.exact or more > _MOST_POINTS or more * len(network.vectors) > _MOST_STEPS:
        return found
    return _integrated(network, aim, more)


def _shares(network: Differentiable, aim: Aim, points: np.ndarray, weights: np.ndarray) -> _Shares:
    """x · Σ_p w_p ∇F(α_p x), and F(x) − F(0)."""
    scales = np.concatenate([points, [0.0, 1.0]])
    found = network.pull(scales, [aim] * len(scales))
    vectors = network.vectors * np.tensordot(weights, found.vectors[:-2], axes=1)
    by_step = vectors.sum(axis=1) + weights @ found.added[:-2]
    return _Shares(vectors, by_step, float(found.values[-1] - found.values[-2]))


def by_input(attribution: Attribution) -> tuple[tuple[str, float], ...]:
    """The share of each column over all steps, in their order; none where steps are symbols or words."""
    if attribution.by_input is None:
        return ()
    return tuple(zip(attribution.inputs, attribution.by_input.sum(axis=0).tolist()))
