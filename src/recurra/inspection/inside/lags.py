"""Gradients by lag: how much of what happened k steps ago still reaches a state, by the native backward."""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.cells import Direction, Stack

Arrays = dict[str, np.ndarray]


class Reading(NamedTuple):
    """One run of a cell over a sequence, as a stack of its own in one direction."""

    run: Direction
    """What it is in the stack that it comes from."""
    stack: Stack
    parameters: Arrays
    x: np.ndarray
    """(T, I), what it reads, in the order in which it reads."""


def readings(stack: Stack, parameters: Mapping[str, np.ndarray], x: np.ndarray) -> list[Reading]:
    """Every run of a stack over x (T, I), in the order of its states."""
    found: list[Reading] = []
    for run in stack.layers():
        if not run.reverse and run.layer:
            x = np.concatenate([_output(own) for own in found[-stack.num_directions :]], axis=1)
        own = {f"{name}_l0": array for name, array in run.parameters(parameters).items()}
        found.append(Reading(run, Stack(run.cell), own, x[::-1] if run.reverse else x))
    return found


def states_before(packed: kernels.PackedStack, x: np.ndarray) -> Arrays:
    """The states (T, L, ·), by name, in which each step of x (T, I) finds a stack in one direction."""
    stream = kernels.StackStream(packed)
    states = []
    for step in x:
        states.append(stream.state())
        stream.step(step)
    return {name: np.stack([state[name] for state in states]) for name in packed.stack.cell.states}


def by_lag(
    stack: Stack,
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    at: np.ndarray,
    d_state: Mapping[str, np.ndarray],
    lags: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The norms of gradients with respect to the inputs of 0, 1, … steps ago, and to the states of some.

    (K, J) of inputs, K being ``lags[-1] + 1``, and (S, J) of states.

    Args:
        stack: in one direction; with ``parameters`` and x (T, I) in one precision.
        at: (J,) steps from which to go back.
        d_state: (L, J, ·) by name, the gradient of J numbers with respect to the states after those steps.
        lags: (S,) of the states, ascending from 0, the last no more than ``min(at)``.

    Backpropagation through time with J rows together, from one of the lags to the next: as much work as one
    pass over the sequence, and for each lag the packing of the weights, which is that of some ten steps.
    """
    packed = kernels.PackedStack(stack, parameters)
    before = states_before(packed, x)
    by_input, by_state = np.empty((lags[-1] + 1, len(at))), np.empty((len(lags), len(at)))
    d_state = dict(d_state)
    for place, (lag, further) in enumerate(pairwise([*lags.tolist(), len(by_input)])):
        by_state[place] = norms(np.concatenate(list(d_state.values()), axis=2).swapaxes(0, 1))
        steps = at - np.arange(further - 1, lag - 1, -1)[:, None]
        own = {name: states[steps[0]].swapaxes(0, 1) for name, states in before.items()}
        output, _, tape = packed.forward_train(x[steps], own)
        nothing = np.zeros_like(output)
        dx, d_state, _ = kernels.backward(
            stack, parameters, x[steps], own, None, None, output, tape, nothing, d_state
        )
        assert dx is not None  # noqa: S101 - it was asked for
        by_input[lag:further] = [norms(rows) for rows in dx[::-1]]
    return by_input, by_state


def norms(rows: np.ndarray) -> np.ndarray:
    """The Euclidean norm of each row (J, …), also where squares would leave the range of float64."""
    rows = rows.reshape(len(rows), -1)
    largest = np.abs(rows).max(axis=1, initial=0.0, keepdims=True)
    scale = np.where(largest > 0, largest, 1.0)
    return scale[:, 0] * np.sqrt(np.square(rows / scale).sum(axis=1))


def layer_memory(
    stack: Stack,
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    *,
    lags: int | None = None,
    probes: int = 8,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """How strongly the last output of a bare recurrent stack depends on what was k steps ago.

    (K,) of inputs and (K,) of states, k = 0, 1, …: ‖∂ h_T / ∂ x_{T−k}‖ and ‖∂ h_T / ∂ (h, c)_{T−k}‖ over all
    layers, the Frobenius norm over √R for R outputs, so that a state that is carried on unchanged has 1.

    Args:
        stack: in one direction, with ``parameters`` of its own; computed in float64.
        x: (T, I), at least one step, from the zero state.
        lags: K, at most and by default T.
        probes: directions of the output to go back from. With as many as outputs the norm is exact; fewer,
            at random and at right angles, estimate its square without bias (Hutchinson 1990).
        seed: of those directions.

    Raises InputError for two directions, an x without a step and more lags than steps.
    """
    if stack.bidirectional:
        raise InputError("stack must run in one direction, got bidirectional=True")
    T, R = len(x), stack.output_size
    if not T:
        raise InputError(f"x must hold at least one step, got shape {x.shape}")
    K = T if lags is None else positive_int("lags", lags)
    if K > T:
        raise InputError(f"lags must be at most the steps of x, {T}, got {lags}")
    J = min(positive_int("probes", probes), R)
    directions = np.linalg.qr(np.random.default_rng(seed).standard_normal((R, J)))[0].T
    d_state = stack.zero_state(J, np.float64)
    d_state["h"][-1] = directions if J < R else np.eye(R)
    own = {name: array.astype(np.float64) for name, array in parameters.items()}
    found = by_lag(stack, own, x.astype(np.float64), np.full(J, T - 1), d_state, np.arange(K))
    by_input, by_state = (np.sqrt(np.square(gains).mean(axis=1)) for gains in found)
    return by_input, by_state


def _output(own: Reading) -> np.ndarray:
    """(T, R), in the order of time."""
    output = kernels.PackedStack(own.stack, own.parameters).forward(own.x[:, None])[0][:, 0]
    return output[::-1] if own.run.reverse else output
