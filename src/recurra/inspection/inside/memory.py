"""How far back a prediction depends on what was: gradients by lag, trained and fresh."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra.inspection.inside.aims import Aim
from recurra.inspection.inside.differentiate import Differentiable, differentiable
from recurra.inspection.inside.inputs import Given
from recurra.inspection.inside.lags import by_lag, norms, readings

_MOST_STEPS = 8
"""Outputs that are gone back from, where there is one at every step."""
_NEAR = 64
"""Lags whose states are all seen; beyond them as many again, at equal ratios, as each costs time."""


@dataclass(frozen=True, eq=False)
class Memory:
    """How much y_t, what a model says after step t, depends on what was k steps before.

    Norms of gradients at k = 0, 1, …, each the mean over ``steps`` t. Where a sequence has one output, t is
    its last step. Inputs are the vectors of a step: its scaled numbers, or what its symbol is embedded as.

    Attributes:
        layer: whose states they are: "network" for those of all recurrent layers together; where layers read
            in both directions "last layer", k steps before t in the order in which each direction reads.
        output: what y is.
        steps: the steps t.
        lags: (K,), the k.
        state_lags: (S,), those of the states: all, or of many fewer and fewer, the last among them.
        by_input: (K,) ‖∂ y_t / ∂ x_{t−k}‖, by whichever way: through a pool too, or around the layers.
        by_state: (S,) ‖∂ y_t / ∂ s_{t−k}‖, s all of the states (h, c), through the recurrent layers alone:
            what reads their outputs, be it a pool over all steps, is taken to read the last.
        fresh_by_input, fresh_by_state: the same for a network whose recurrent layers have fresh weights.
        effective, fresh_effective: of the inputs, see `effective_length`.
    """

    layer: str
    output: str
    steps: tuple[int, ...]
    lags: np.ndarray
    state_lags: np.ndarray
    by_input: np.ndarray
    by_state: np.ndarray
    fresh_by_input: np.ndarray
    fresh_by_state: np.ndarray

    @property
    def effective(self) -> float:
        return effective_length(self.by_input)

    @property
    def fresh_effective(self) -> float:
        return effective_length(self.fresh_by_input)

    @property
    def shrink(self) -> float:
        """By what factor the gradient of the states changes from the first lag to the last."""
        return _ratio(self.by_state)

    @property
    def fresh_shrink(self) -> float:
        """The same for the network with fresh weights."""
        return _ratio(self.fresh_by_state)


def memory(model: Any, given: Given, *, seed: int = 0) -> Memory:
    """The memory of a loaded ``model`` in one input; ``seed`` draws the fresh weights.

    Raises MissingExtraError for an encoder-decoder without PyTorch, InputError for a model whose weights are
    rounded.
    """
    trained, fresh = (differentiable(model, given, fresh=one) for one in (None, seed))
    T, both_ways = len(trained.vectors), trained.stack.bidirectional
    aims = trained.aims(_steps(T, both_ways).tolist())
    steps = np.array([T - 1 if aim.step is None else aim.step for aim in aims])
    by_input, by_state = zip(*(_by_lag(network, aims, steps) for network in (trained, fresh)))
    return Memory(
        "last layer" if both_ways else "network",
        aims[0].name if len(aims) == 1 else aims[0].what,
        tuple(steps.tolist()),
        np.arange(len(by_input[0])),
        state_lags(len(by_input[0])),
        by_input[0],
        by_state[0],
        by_input[1],
        by_state[1],
    )


def effective_length(gains: np.ndarray) -> float:
    """The steps back beyond which lies less than 1/e of all that ``gains`` (K,), by lag, add up to.

    For gains that shrink by one factor a step, e^(−k/τ), it is their time constant τ; for equal ones 63 % of
    K. Between two lags it is interpolated. 0 where all are 0.
    """
    scale = gains.max(initial=0.0)
    if not scale > 0:
        return 0.0
    shares = gains / scale
    beyond = np.append(shares[::-1].cumsum()[::-1], 0.0) / shares.sum()
    return float(np.interp(-np.exp(-1), -beyond, np.arange(len(beyond))))


def state_lags(count: int) -> np.ndarray:
    """Of 0, 1, …, ``count`` - 1: all up to `_NEAR`, and beyond that some, the last among them."""
    if count <= 2 * _NEAR:
        return np.arange(count)
    beyond = np.geomspace(_NEAR, count - 1, _NEAR).round()
    return np.unique(np.concatenate([np.arange(_NEAR), beyond])).astype(np.int64)


def _by_lag(network: Differentiable, aims: list[Aim], steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gains of inputs (K,) and of states (S,), the mean over the steps from which to go back."""
    found = network.pull(np.ones(len(aims)), aims)
    stack, T = network.stack, len(network.vectors)
    if not stack.bidirectional:
        count = int(steps.min()) + 1
        _, by_state = by_lag(
            stack, network.parameters, network.vectors, steps, found.states, state_lags(count)
        )
    else:
        backwards = steps if aims[0].step is None else T - 1 - steps  # of one output both have read all
        count = int(min(steps.min(), backwards.min())) + 1
        directions = zip(
            (-2, -1), (steps, backwards), readings(stack, network.parameters, network.vectors)[-2:]
        )
        each = [
            by_lag(
                own.stack,
                own.parameters,
                own.x,
                at,
                {name: array[place][None] for name, array in found.states.items()},
                state_lags(count),
            )[1]
            for place, at, own in directions
        ]
        by_state = np.hypot(*each)
    rows, places = np.arange(len(steps)), steps - np.arange(count)[:, None]
    by_input = norms(found.vectors[rows, places].reshape(count * len(steps), -1)).reshape(count, -1)
    return by_input.mean(axis=1), by_state.mean(axis=1)


def _ratio(gains: np.ndarray) -> float:
    return float(gains[-1] / gains[0]) if gains[0] > 0 else 0.0


def _steps(T: int, both_ways: bool) -> np.ndarray:
    """From which outputs to go back: in the second half, and where layers look ahead in the middle third."""
    first, last = (T // 3, max(T // 3, 2 * T // 3 - 1)) if both_ways else (T // 2, T - 1)
    return np.unique(np.linspace(first, last, _MOST_STEPS).round().astype(int))
