"""Sequences with their labels, the groups that they belong to, and where each comes from."""

from dataclasses import dataclass

import numpy as np

from recurra.data.sequences import Sequences

Labels = list[str] | np.ndarray | list[list[str]] | None
"""One class a sequence; one number, float64 (N,); one class a step; or none were read."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """N sequences as a file gave them.

    Attributes:
        sequences: N of one kind.
        labels: N, see `Labels`.
        groups: what must not be split, such as the speaker, for each sequence; None if not known.
        names: where each comes from: "reviews.tsv, line 3", "0_theo_1.wav".
        notes: what was left out or changed, in sentences for people.
    """

    sequences: Sequences
    labels: Labels
    groups: list[str] | None
    names: list[str]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sequences)

    def take(self, index: np.ndarray | slice) -> "Labelled":
        """The items at ``index``: whole numbers, a mask or a slice."""
        rows = np.arange(len(self))[index]
        labels = self.labels
        if labels is not None:
            labels = labels[rows] if isinstance(labels, np.ndarray) else [labels[row] for row in rows]
        return Labelled(
            sequences=self.sequences.take(rows),
            labels=labels,  # pyright: ignore[reportArgumentType]
            groups=None if self.groups is None else [self.groups[row] for row in rows],
            names=[self.names[row] for row in rows],
            notes=self.notes,
        )
