"""Reductions over time that go step by step, so that a sequence has the same bits whole and as a stream.

A state is a dict of arrays (N, ·). Each step reads only its own row, in the order of time.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from recurra.runtime.network_parts.part import Step

State: TypeAlias = dict[str, np.ndarray]

ZERO, ONE = np.float32(0), np.float32(1)


class Running(ABC):
    """A reduction over time of x (T, N, size), and of what else it needs of each step."""

    @abstractmethod
    def start(self, N: int, size: int) -> State:
        """The state of N rows before their first step."""

    @abstractmethod
    def update(self, state: State, *inputs: np.ndarray) -> State:
        """The state after a step with x (N, size), …; changes nothing in place."""

    @abstractmethod
    def result(self, state: State) -> np.ndarray:
        """(N, size), or a multiple of that size, of rows that have had a step."""

    def whole(self, lengths: np.ndarray, x: np.ndarray, *more: np.ndarray) -> np.ndarray:
        """The result for x (T, N, size), … up to each row's length (N,), zero for length 0."""
        _, N, size = x.shape
        state = self.start(N, size)
        for t in range(lengths.max(initial=0)):
            live = (lengths > t)[:, None]
            new = self.update(state, x[t], *(array[t] for array in more))
            all_live = live.all()
            state = {name: new[name] if all_live else np.where(live, new[name], state[name]) for name in new}
        return np.where(lengths[:, None] > 0, self.result(state), ZERO)


class Mean(Running):
    """Σ_t x_t / T"""

    def start(self, N: int, size: int) -> State:
        return {"sum": np.zeros((N, size), np.float32), "steps": np.zeros((N, 1), np.float32)}

    def update(self, state: State, *inputs: np.ndarray) -> State:
        (x,) = inputs
        return {"sum": state["sum"] + x, "steps": state["steps"] + ONE}

    def result(self, state: State) -> np.ndarray:
        return state["sum"] / np.maximum(state["steps"], ONE)


class Max(Running):
    """max_t x_t"""

    def start(self, N: int, size: int) -> State:
        return {"maximum": np.full((N, size), -np.inf, np.float32)}

    def update(self, state: State, *inputs: np.ndarray) -> State:
        (x,) = inputs
        return {"maximum": np.maximum(state["maximum"], x)}

    def result(self, state: State) -> np.ndarray:
        # Which of -0 and 0 is the larger depends on the vector width: make it 0.
        return state["maximum"] + ZERO


class MeanMax(Running):
    """The mean beside the maximum, (N, 2 size)."""

    def start(self, N: int, size: int) -> State:
        return Mean().start(N, size) | Max().start(N, size)

    def update(self, state: State, *inputs: np.ndarray) -> State:
        return Mean().update(state, *inputs) | Max().update(state, *inputs)

    def result(self, state: State) -> np.ndarray:
        return np.concatenate([Mean().result(state), Max().result(state)], axis=1)


class WeightedMean(Running):
    """Σ_t w_t x_t with w the softmax over t of scores (T, N, 1).

    The highest score so far is taken off before each exponential, and the sums are scaled when it rises
    (Milakov & Gimelshein 2018, arXiv:1805.02867, algorithm 3), for a stream does not know the highest.
    """

    def start(self, N: int, size: int) -> State:
        return {
            "highest": np.full((N, 1), -np.inf, np.float32),
            "weight": np.zeros((N, 1), np.float32),
            "sum": np.zeros((N, size), np.float32),
        }

    def update(self, state: State, *inputs: np.ndarray) -> State:
        x, score = inputs
        highest = np.maximum(state["highest"], score)
        keep, weight = np.exp(state["highest"] - highest), np.exp(score - highest)
        return {
            "highest": highest,
            "weight": state["weight"] * keep + weight,
            "sum": state["sum"] * keep + weight * x,
        }

    def result(self, state: State) -> np.ndarray:
        # The highest score's own weight is 1: less is a row without a step.
        return state["sum"] / np.maximum(state["weight"], ONE)


class RunningStep(Step):
    """The reduction over the steps so far; its state is called ``pool.…``, for a network has one pool."""

    def __init__(self, running: Running, size: int) -> None:
        self._running = running
        self._size = size
        self.reset()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.push(x)

    def push(self, *inputs: np.ndarray) -> np.ndarray:
        """The result of one row after a step with x (size,), …"""
        self._state = self._running.update(self._state, *(array[None] for array in inputs))
        return self._running.result(self._state)[0]

    def state(self) -> dict[str, np.ndarray]:
        return {f"pool.{name}": array[0].copy() for name, array in self._state.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._state = {name: state[f"pool.{name}"][None].copy() for name in self._state}

    def reset(self) -> None:
        self._state = self._running.start(1, self._size)
