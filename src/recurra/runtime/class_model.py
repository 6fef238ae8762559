"""What models that choose among classes share."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime import schema
from recurra.runtime.sequence_model import SequenceModel
from recurra.runtime.sequence_stream import SequenceStream


class ClassModel(SequenceModel):
    """Base of models of labelled sequences whose outputs are the odds of classes."""

    fields: ClassVar[Mapping[str, schema.Field]] = {"classes": schema.CLASSES, "counts": schema.SIZES}

    classes: np.ndarray
    """(K,), as they were in training: text, whole numbers, numbers or truth values."""

    @property
    def output_size(self) -> int:
        return len(self.classes)

    def _adopt(self, fields: Mapping[str, Any]) -> None:
        self.classes = np.array(fields["classes"])
        self._counts = np.array(fields["counts"], np.float64)  # of the training part, by class
        if len(self._counts) != len(self.classes):
            raise InputError(f"there are {len(self.classes)} classes, but counts of {len(self._counts)}")

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """The softmax (N, K) float64 of outputs (N, K) of the network."""
        scores = outputs.astype(np.float64)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def stream(self, state: bytes | None = None) -> SequenceStream:
        """Probabilities (K,) after each step, see `recurra.runtime.sequence_stream.SequenceStream`."""
        return SequenceStream(self, lambda output: self.probabilities(output[None])[0], state)

    def _majority(self, where: str) -> tuple[np.ndarray, str, str]:
        """Each class's share (K,) of the training part, the class most often seen there, and a note on it.

        ``where`` is where a baseline gives that class.
        """
        shares = self._counts / self._counts.sum()
        most = str(self.classes[shares.argmax()])
        return shares, most, f"{most!r} {where}, {100 * shares.max():.1f} % of the training part"
