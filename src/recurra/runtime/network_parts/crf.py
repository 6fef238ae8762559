"""The scores of a linear chain over tags; what they mean is up to who decodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step, check_width


class CrfScores(NamedTuple):
    """What `recurra.decoding.viterbi` takes after emissions and lengths."""

    transitions: np.ndarray
    """(K, K), from a tag to the next one."""
    start: np.ndarray
    """(K,), of a first tag."""
    end: np.ndarray
    """(K,), of a last tag."""


@dataclass(frozen=True)
class Crf(Part):
    """A linear-chain conditional random field over ``tags`` tags (Lafferty, McCallum & Pereira 2001).

    Its inputs are the emissions (T, N, K), which it passes on; `scores` is for decoding.
    """

    name: str
    tags: int

    type = "crf"
    fields: ClassVar = {"name": schema.TEXT, "tags": schema.SIZE}
    takes_steps = True

    def output_size(self, input_size: int) -> int:
        check_width(self.name, self.tags, input_size)
        return self.tags

    def shapes(self) -> dict[str, tuple[int, ...]]:
        K = self.tags
        return {f"{self.name}.transitions": (K, K), f"{self.name}.start": (K,), f"{self.name}.end": (K,)}

    def scores(self, tensors: Mapping[str, np.ndarray]) -> CrfScores:
        """Its own tensors, copied."""
        return CrfScores(*(tensors[name].copy() for name in self.shapes()))

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:  # noqa: ARG002
        return _Identity()


class _Identity(Bound):
    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:  # noqa: ARG002
        return x

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return Step()
