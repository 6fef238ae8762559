"""What a model must do for its sequences to be decoded, whatever it is made of."""

from typing import Protocol, TypeVar

import numpy as np

Source = TypeVar("Source", contravariant=True)
State = TypeVar("State")


class OneStepModel(Protocol[Source, State]):
    """A distribution over sequences, one token at a time, over N rows that know nothing of one another.

    A state is a value, opaque to who decodes: no call changes the one that it was given, so any number of
    continuations may start from it.
    """

    def initial_state(self, source: Source) -> State:
        """The state before the first token, for a source of N rows, of whatever kind the model reads."""
        ...

    def step(self, tokens: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Advance each row by its token, tokens (N,) int64.

        Gives the log-probabilities (N, V) of the token after it, −∞ for one that cannot follow, and the
        new state.
        """
        ...

    def select(self, state: State, rows: np.ndarray) -> State:
        """The state of those rows, in that order; ``rows`` (N′,) int64, repetition allowed.

        It reorders a beam, repeats a source over one, and drops rows that have ended.
        """
        ...
