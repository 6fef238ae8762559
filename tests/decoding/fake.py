"""A model for tests of decoding: small, deterministic, and as unruly as a model may be."""

import zlib

import numpy as np


class FakeModel:
    """Log-probabilities that depend on the row's source and on every token so far, drawn from a hash.

    A source is N whole numbers, a state the text of each row's past, so that any sequence can be scored by
    itself and a search compared with trying everything. ``impossible`` tokens have probability 0.
    """

    def __init__(self, vocabulary: int, impossible: tuple[int, ...] = ()) -> None:
        self.vocabulary, self.impossible = vocabulary, list(impossible)

    def initial_state(self, source: np.ndarray) -> tuple[str, ...]:
        return tuple(f"{number}:" for number in source)

    def step(self, tokens: np.ndarray, state: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
        state = tuple(f"{past} {token}" for past, token in zip(state, tokens, strict=True))
        return np.array([self._after(past) for past in state]).reshape(-1, self.vocabulary), state

    def select(self, state: tuple[str, ...], rows: np.ndarray) -> tuple[str, ...]:
        return tuple(state[row] for row in rows)

    def score(self, source: int, tokens: tuple[int, ...]) -> float:
        """The log-probability of tokens[1:] after tokens[0], without `step`."""
        return sum(self.after(source, tokens[:t])[tokens[t]] for t in range(1, len(tokens)))

    def after(self, source: int, tokens: tuple[int, ...]) -> np.ndarray:
        """The log-probabilities (V,) of the token after ``tokens``, without `step`."""
        return self._after(" ".join([f"{source}:", *map(str, tokens)]))

    def _after(self, past: str) -> np.ndarray:
        logits = np.random.default_rng(zlib.crc32(past.encode())).normal(0, 2, self.vocabulary)
        logits[self.impossible] = -np.inf
        return logits - np.log(np.exp(logits).sum())
