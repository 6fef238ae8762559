"""The writer of targets: a recurrent language model conditioned on a source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recurra import kernels
from recurra.cells import Stack
from recurra.runtime.encoder_decoder.attention import Memory
from recurra.runtime.encoder_decoder.encoder import Encoded
from recurra.runtime.encoder_decoder.spec import DecoderSpec
from recurra.runtime.network_parts.recurrent import LARGEST_TABLE

_Stepped: TypeAlias = tuple[np.ndarray, dict[str, np.ndarray]]
_Step: TypeAlias = Callable[..., _Stepped]


@dataclass(frozen=True, eq=False)
class State:
    """All that the next step of N rows depends on, apart from their tokens; every row on its own."""

    recurrent: Mapping[str, np.ndarray]
    """The layer's states (L, N, ·), by name."""
    feed: np.ndarray
    """(N, ·), what enters the layer beside the token: the attentional vector of the step before (O), nothing
    (0) without input feeding, or without attention the context vector (M)."""
    memories: tuple[Memory, ...]
    """The source of each row, one for all that read the same; empty without attention."""
    threads: int
    """That compute the steps from here on; no bit depends on it."""

    def select(self, rows: np.ndarray) -> "State":
        """The state of those rows (N′,), in that order; repetition allowed."""
        return State(
            {name: states.take(rows, axis=1) for name, states in self.recurrent.items()},
            self.feed.take(rows, axis=0),
            tuple(self.memories[row] for row in rows.tolist()) if self.memories else (),
            self.threads,
        )


class Decoder:
    """The equations of `recurra.nn.decoder.Decoder`.

    h_t = layer([embedding(y_t) ; a_{t−1}])
    c_t = attention(h_t, source)
    a_t = tanh(W_c [c_t ; h_t])
    logits_t = W_s a_t + b_s
    """

    def __init__(self, spec: DecoderSpec, M: int, tensors: Mapping[str, np.ndarray]) -> None:
        self.table = tensors["embedding.weight"].copy()
        self._recur = self._recurrence(spec.layer, below("layer", tensors))
        self._attention = (
            None if spec.attention is None else spec.attention.bind(M, below("attention", tensors))
        )
        self._combine = kernels.Linear(tensors["combine.weight"])
        self._output = kernels.Linear(
            self.table if spec.tied else tensors["output.weight"], tensors["output.bias"]
        )
        self._feeds_back = spec.feeds_back

    def start(self, encoded: Encoded, recurrent: Mapping[str, np.ndarray], threads: int) -> State:
        """The state before the first token, with the layer's initial states (L, N, ·) by name."""
        if self._attention is None:
            return State(recurrent, encoded.context, (), threads)
        feed = np.zeros((len(encoded.lengths), self._combine.outputs * self._feeds_back), np.float32)
        memories = self._attention.memories(encoded.output, encoded.lengths, threads)
        return State(recurrent, feed, memories, threads)

    def step(self, tokens: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """The log-probabilities (N, V) of what follows ``tokens`` (N,), and the new state."""
        attended, _, state = self.advance(tokens, state)
        return kernels.log_softmax(self._output(attended, threads=state.threads)), state

    def advance(self, tokens: np.ndarray, state: State) -> tuple[np.ndarray, list[np.ndarray], State]:
        """The attentional vectors (N, O), each row's weights (S_n,) if there is attention, the new state."""
        threads = state.threads
        h, recurrent = self._recur(np.ascontiguousarray(tokens), state.feed, state.recurrent, threads=threads)
        context, weights = state.feed, []
        if self._attention is not None:
            context, weights = self._attention(h, state.memories, threads)
        attended = kernels.tanh(self._combine(np.concatenate([context, h], axis=1), threads=threads))
        feed = attended if self._feeds_back else state.feed
        return attended, weights, State(recurrent, feed, state.memories, threads)

    def _recurrence(self, stack: Stack, parameters: Mapping[str, np.ndarray]) -> _Step:
        """The layer's step; what it makes of a token is looked up where that takes not too much memory."""
        packed = kernels.PackedStack(stack, parameters)
        if stack.cell.input_size > self.table.shape[1]:
            size = kernels.Projected.bytes_of(packed, len(self.table))
            if 0 < size <= LARGEST_TABLE:
                return kernels.SymbolStack(packed, parameters, self.table).step_rows

        def step(tokens: np.ndarray, feed: np.ndarray, recurrent: Any, *, threads: int) -> _Stepped:
            x = np.concatenate([self.table.take(tokens, axis=0), feed], axis=1)
            return packed.step_rows(x, recurrent, threads=threads)

        return step


def below(name: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors called ``name.…``, without that."""
    return {
        key.removeprefix(f"{name}."): array for key, array in tensors.items() if key.startswith(f"{name}.")
    }
