"""A network that goes along one sequence, step by step."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime.network import Network
from recurra.runtime.network_parts import joined


class NetworkStream:
    """A causal network together with the state of one sequence.

    ``state`` is what another stream's `state` gave; None is before the first step. Raises InputError for a
    network with a part that needs what comes later, and for a state that does not fit.
    """

    def __init__(self, network: Network, state: Mapping[str, np.ndarray] | None = None) -> None:
        beside, steps = zip(*network.stepping())
        self._steps = joined(steps)
        self._parts = list(zip(beside[-len(self._steps) :], self._steps))  # what was joined stands first
        self._names = [list(step.state()) for step in self._steps]
        self._start = self.state()
        if state is not None:
            self.restore(state)

    def step(self, x: Any) -> np.ndarray:
        """The output (O,) after the next step: that of the step, or of all so far where they are pooled.

        x is (I,); a whole number where the network begins with an embedding; int64 ids (1 + C,) where it
        begins with words. The bits are those of the whole sequence. Raises InputError for anything else.
        """
        inputs = x
        for beside, step in self._parts:
            x = x + step(inputs) if beside else step(x)
        return x

    def run(self, x: np.ndarray) -> np.ndarray:
        """The outputs (T, O) after each of the next T steps, at least one, at once: the bits of `step`.

        x is (T, I), or int64 (T,) or (T, 1 + C). Raises InputError for ids out of range.
        """
        inputs = x
        for beside, step in self._parts:
            x = x + step.run(inputs) if beside else step.run(x)
        return x

    def state(self) -> dict[str, np.ndarray]:
        """The state after the last step, by name: new arrays."""
        return {name: array for step in self._steps for name, array in step.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from that state, arrays by name, which are copied; InputError for one that does not fit."""
        for name, array in self._start.items():
            if name not in state:
                raise InputError(f"state {name!r} is missing, got {', '.join(map(str, state)) or 'none'}")
            got = state[name]
            if not isinstance(got, np.ndarray) or got.shape != array.shape or got.dtype != array.dtype:
                what = f"{got.dtype} {got.shape}" if isinstance(got, np.ndarray) else type(got).__name__
                raise InputError(f"state {name!r} must be {array.dtype} {array.shape}, got {what}")
        if unknown := state.keys() - self._start.keys():
            raise InputError(f"state {min(map(str, unknown))!r} belongs to no layer")
        for step, names in zip(self._steps, self._names):
            if names:
                step.restore({name: state[name] for name in names})

    def reset(self) -> None:
        """Go back to before the first step."""
        for step in self._steps:
            step.reset()
