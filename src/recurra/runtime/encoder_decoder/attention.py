"""Attention over a source: which of its steps matter now, and their weighted mean.

    w = softmax over the source's own s of score(q, m_s),    context = Σ_s w_s m_s

for the decoder's output q (H,) and what the encoder says of each step, m (S, M). What a score needs of the
source and no query changes, its keys, is made once. Sources as in `recurra.nn.attention`.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.runtime import schema

Memory = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""One source, as queries read it: contexts (n, M) and weights (n, S), of queries (n, ·)."""


@dataclass(frozen=True, eq=False)
class BoundAttention(ABC):
    """An attention with its tensors, at work."""

    M: int

    @abstractmethod
    def keys(self, values: np.ndarray, threads: int) -> np.ndarray:
        """(…, ·), what the score needs of the source (…, M)."""

    @abstractmethod
    def query(self, h: np.ndarray, threads: int) -> np.ndarray:
        """(N, ·), what the score needs of the decoder's outputs (N, H)."""

    @abstractmethod
    def memory(self, keys: np.ndarray, values: np.ndarray) -> Memory:
        """One source, of its keys (S, ·) and values (S, M)."""

    def memories(self, values: np.ndarray, lengths: Sequence[int], threads: int) -> tuple[Memory, ...]:
        """Of N sources, values (S, N, M), each cut to its own length, at least 1."""
        keys = self.keys(values, threads)
        return tuple(self.memory(keys[:length, n], values[:length, n]) for n, length in enumerate(lengths))

    def __call__(
        self, h: np.ndarray, memories: Sequence[Memory], threads: int
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """The context of each row (N, M) and its weights, N of (S_n,); row n reads ``memories[n]``."""
        query, start = self.query(h, threads), 0
        if memories and memories.count(memories[0]) == len(memories):  # as where one source is searched
            means, shares = memories[0](query)
            return means, list(shares)
        contexts, weights = np.empty((len(h), self.M), np.float32), []
        for memory, rows in itertools.groupby(memories):
            end = start + len(list(rows))
            contexts[start:end], own = memory(query[start:end])
            weights.extend(own)
            start = end
        return contexts, weights


class Attention(ABC):
    """Which attention it is: its specification."""

    type: ClassVar[str]
    """What the model file calls it."""
    fields: ClassVar[Mapping[str, schema.Field]] = {}
    """Of its specification in the model file, by the names that it has here."""

    @abstractmethod
    def shapes(self, H: int, M: int) -> dict[str, tuple[int, ...]]:
        """The shape of each of its tensors; InputError for widths that do not go together."""

    @abstractmethod
    def bind(self, M: int, tensors: Mapping[str, np.ndarray]) -> BoundAttention:
        """The attention at work, with tensors of the right names and shapes, which it copies."""

    def to_dict(self) -> dict[str, Any]:
        """Its specification in the model file."""
        return {"type": self.type, **{name: getattr(self, name) for name in self.fields}}

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str) -> Self:
        """The attention with that specification, less its type; InputError names the place below ``name``."""
        schema.check_fields(fields, cls.fields, name)
        return cls(**fields)


@dataclass(frozen=True)
class Additive(Attention):
    """score(q, m) = vᵀ tanh(W_q q + W_m m)

    ``query.weight`` (A, H) is W_q, ``key.weight`` (A, M) is W_m, ``score.weight`` (1, A) is v.
    """

    size: int

    type = "additive"
    fields: ClassVar = {"size": schema.SIZE}

    def shapes(self, H: int, M: int) -> dict[str, tuple[int, ...]]:
        return {
            "query.weight": (self.size, H),
            "key.weight": (self.size, M),
            "score.weight": (1, self.size),
        }

    def bind(self, M: int, tensors: Mapping[str, np.ndarray]) -> BoundAttention:
        W_q, W_m = (kernels.Linear(tensors[f"{name}.weight"]) for name in ("query", "key"))
        return _Additive(M, W_q, W_m, tensors["score.weight"][0].copy())


@dataclass(frozen=True, eq=False)
class _Additive(BoundAttention):
    W_q: kernels.Linear
    W_m: kernels.Linear
    v: np.ndarray

    def keys(self, values: np.ndarray, threads: int) -> np.ndarray:
        return self.W_m(values, threads=threads)

    def query(self, h: np.ndarray, threads: int) -> np.ndarray:
        return self.W_q(h, threads=threads)

    def memory(self, keys: np.ndarray, values: np.ndarray) -> Memory:
        # Of the one source, not views of all.
        keys, values = np.ascontiguousarray(keys), np.ascontiguousarray(values)
        return lambda query: kernels.additive_attention(query, keys, self.v, values)


@dataclass(frozen=True)
class Dot(Attention):
    """score(q, m) = qᵀ m, without tensors."""

    type = "dot"

    def shapes(self, H: int, M: int) -> dict[str, tuple[int, ...]]:
        if H != M:
            raise InputError(
                "spec.decoder.attention must not be dot, which needs a decoder as wide as the encoder's "
                f"output, got {H} and {M}"
            )
        return {}

    def bind(self, M: int, tensors: Mapping[str, np.ndarray]) -> BoundAttention:  # noqa: ARG002
        return _Dot(M)


class _Dot(BoundAttention):
    def keys(self, values: np.ndarray, threads: int) -> np.ndarray:  # noqa: ARG002
        return values

    def query(self, h: np.ndarray, threads: int) -> np.ndarray:  # noqa: ARG002
        return h

    def memory(self, keys: np.ndarray, values: np.ndarray) -> Memory:
        score, mean = kernels.Linear(keys), kernels.Linear(values.T)

        def read(query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            weights = _softmax(score(query))
            return mean(weights), weights

        return read


def _softmax(scores: np.ndarray) -> np.ndarray:
    """The softmax of each row (N, K), in place."""
    scores -= np.maximum.reduce(scores, axis=1, keepdims=True)  # reduce: without the detours of max and sum
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores, axis=1, keepdims=True)
    return scores


@dataclass(frozen=True)
class General(Attention):
    """score(q, m) = qᵀ W m; ``key.weight`` (H, M) is W."""

    type = "general"

    def shapes(self, H: int, M: int) -> dict[str, tuple[int, ...]]:
        return {"key.weight": (H, M)}

    def bind(self, M: int, tensors: Mapping[str, np.ndarray]) -> BoundAttention:
        return _General(M, kernels.Linear(tensors["key.weight"]))


@dataclass(frozen=True, eq=False)
class _General(_Dot):
    W: kernels.Linear

    def keys(self, values: np.ndarray, threads: int) -> np.ndarray:
        return self.W(values, threads=threads)


ATTENTIONS: dict[str, type[Attention]] = {kind.type: kind for kind in (Additive, Dot, General)}


def attention_from_dict(fields: dict[str, Any], name: str) -> Attention:
    """The attention that ``to_dict`` described; raises InputError, naming the place below ``name``."""
    kind = ATTENTIONS[one_of(f"{name}.type", fields.get("type"), ATTENTIONS)]
    return kind.from_dict({field: value for field, value in fields.items() if field != "type"}, name)
