"""Encoder, bridge and decoder as one model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime.check_tensors import check_tensors
from recurra.runtime.encoder_decoder.bridge import Bridge
from recurra.runtime.encoder_decoder.decoder import Decoder, State, below
from recurra.runtime.encoder_decoder.encoder import Encoder, check_sequence
from recurra.runtime.encoder_decoder.spec import EncoderDecoderSpec
from recurra.runtime.network_parts.part import check_ids


class EncoderDecoder:
    """A source into a sequence of symbols, one at a time: a `recurra.decoding.OneStepModel`.

    Computes in float32. A row gives the same bits whatever else is in the batch, and with any number of
    threads. Raises InputError where specification and tensors do not fit together.
    """

    def __init__(self, spec: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
        parts = EncoderDecoderSpec.from_dict(spec, most_layers=len(tensors))
        check_tensors(parts.shapes(), tensors)
        symbols, stack = parts.encoder.embedding, parts.encoder.layer
        self.input_size = stack.cell.input_size if symbols is None else None
        """The width of a source's vectors; None where a source is ids."""
        self.source_symbols = None if symbols is None else symbols.count
        """How many ids a source may hold; None where it is vectors."""
        self.target_symbols = parts.decoder.embedding.count
        """V, how many symbols a target may hold; the last is `boundary`."""
        self.has_attention = parts.decoder.attention is not None
        """Whether each step looks at the source anew."""
        self._decoder = Decoder(parts.decoder, stack.output_size, below("decoder", tensors))
        own = tensors.get("encoder.embedding.weight")
        shared = self._decoder.table[: self.source_symbols] if parts.shared else None
        self._encoder = Encoder(stack, below("encoder.layer", tensors), shared if own is None else own.copy())
        self._bridge = Bridge(parts.decoder.layer, below("bridge", tensors))

    @property
    def takes_ids(self) -> bool:
        """Whether a source is ids rather than vectors."""
        return self.source_symbols is not None

    @property
    def boundary(self) -> int:
        """The symbol that stands before a target's first token and after its last one."""
        return self.target_symbols - 1

    def initial_state(self, source: Sequence[np.ndarray], *, threads: int = 1) -> State:
        """The state before the first token of N rows, each with a source of its own.

        A source is int64 ids (S_n,), or float32 vectors (S_n, I), S_n at least 1; InputError for any other.
        ``threads`` compute this and the steps from here on.
        """
        encoded = self._encoder(source, threads)
        return self._decoder.start(encoded, self._bridge(encoded.state, threads), threads)

    def step(self, tokens: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Advance each row by its token, tokens (N,) int64 below V.

        Gives the log-probabilities (N, V) float32 of the symbol after it, and the new state. Raises
        InputError for other tokens.
        """
        rows = len(state.feed)
        if tokens.shape != (rows,) or tokens.dtype != np.int64:
            raise InputError(
                f"tokens must be int64 of shape ({rows},), got {tokens.dtype} of shape {tokens.shape}"
            )
        check_ids("tokens", tokens, self.target_symbols)
        return self._decoder.step(tokens, state)

    def select(self, state: State, rows: np.ndarray) -> State:
        """The state of those rows, in that order; ``rows`` (N′,) int64, repetition allowed."""
        return state.select(rows)

    def attention(
        self, source: Sequence[np.ndarray], tokens: Sequence[np.ndarray], *, threads: int = 1
    ) -> list[np.ndarray]:
        """Where each step of given targets looks: weights (T_n + 1, S_n) for each row, the last for its end.

        ``source`` as for `initial_state`, ``tokens`` N arrays (T_n,) of int64 ids. Row t's weights are those
        with which token t is foretold, so they sum to 1. Raises InputError for other tokens, and for a model
        without attention.
        """
        if not self.has_attention:
            raise InputError("the model has no attention to tell of")
        if len(tokens) != len(source):
            raise InputError(
                f"tokens must be of {len(source)} targets, one for each source, got {len(tokens)}"
            )
        inputs = [self._with_boundary(own, f"tokens[{n}]") for n, own in enumerate(tokens)]
        state, live = self.initial_state(source, threads=threads), np.arange(len(inputs))
        found: list[list[np.ndarray]] = [[] for _ in inputs]
        for t in range(max(map(len, inputs), default=0)):
            stay = np.flatnonzero([len(inputs[n]) > t for n in live])
            live, state = live[stay], state.select(stay)
            now = np.array([inputs[n][t] for n in live])
            _, weights, state = self._decoder.advance(now, state)
            for n, own in zip(live, weights):
                found[n].append(own)
        return [np.stack(own) for own in found]

    def _with_boundary(self, tokens: np.ndarray, name: str) -> np.ndarray:
        check_sequence(name, tokens, np.int64, ("T",))
        check_ids(f"ids of {name}", tokens, self.target_symbols)
        return np.append(self.boundary, tokens)
