"""The parts of labelled sequences that a fit learns from, chooses by and is scored on."""

import dataclasses
import numbers
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d

from recurra._base.errors import InputError
from recurra.data import Labelled, as_labelled, split_labels
from recurra.runtime.sequence_model import check_sequences

NAMES = ("training", "validation", "test")

Read = Callable[[Any], Any]
"""From a user's labels to those of the task; InputError for labels that are none."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Labelled sequences of one kind, and what those that are learnt from weigh, (N,) float32."""

    training: Labelled
    validation: Labelled
    test: Labelled | None
    training_weights: np.ndarray
    validation_weights: np.ndarray

    @classmethod
    def of(
        cls,
        given: Labelled,
        read: Read,
        *,
        sample_weight: Any,
        validation: Any,
        test: Any,
        share: Any,
        seed: int,
        even: bool = True,
    ) -> "Parts":
        """The parts of ``given``, of which ``share`` is held out where there is no ``validation`` part.

        With ``even`` each class gives its share of that. A sequence that weighs 0 is left out, as if it were
        not there. Raises InputError for labels, weights or sequences that do not do, with the part in front
        where it is not the training part.
        """
        kind = given.sequences.kind
        columns = given.sequences.items[0].shape[1] if kind == "series" else None
        given = _checked(given, kind, columns, read)
        weights = _weights(sample_weight, len(given))
        given, weights = given.take(weights > 0), weights[weights > 0]
        tested = None
        if test is not None:
            with _naming("test"):
                tested = _checked(_labelled(test), kind, columns, read)
        if validation is not None:
            with _naming("validation"):
                held_out = _checked(_labelled(validation), kind, columns, read)
            return cls(given, held_out, tested, weights, np.ones(len(held_out), np.float32))
        if not (isinstance(share, numbers.Real) and 0 < float(share) < 1):
            raise InputError(f"validation_share must be above 0 and below 1, got {share!r}")
        if len(given) < 2:
            raise InputError(
                "fit needs at least 2 sequences, one of them to hold out for validation, got n_samples = 1; "
                "give more, or a validation part"
            )
        strata = _strata(given.labels) if even else np.zeros(len(given))
        rows, held = split_labels(
            strata, groups=_many(given.groups, float(share)), fraction=float(share), seed=seed
        )
        return cls(given.take(rows), given.take(held), tested, weights[rows], weights[held])

    def by_name(self) -> dict[str, Labelled | None]:
        """The parts as their names say, None for one that there is not."""
        return {name: getattr(self, name) for name in NAMES}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to any part, each note once."""
        parts = [part for part in self.by_name().values() if part is not None]
        return tuple(dict.fromkeys(note for part in parts for note in part.notes))


def one_column(labels: Any) -> Any:
    """Labels (N, 1) as (N,), with scikit-learn's warning; others as they are."""
    if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[1] == 1:
        return column_or_1d(labels, warn=True)
    return labels


def _many(groups: list[str] | None, share: float) -> list[str] | None:
    """The groups, where they are so many that one is no more than the share that is held out."""
    return groups if groups is not None and len(set(groups)) * share >= 1 else None


@contextmanager
def _naming(part: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(f"{part}: {error}") from error


def _labelled(part: Any) -> Labelled:
    if isinstance(part, Labelled):
        return as_labelled(part)
    if isinstance(part, tuple) and len(part) == 2:
        return as_labelled(*part)
    raise InputError(f"it must be labelled sequences or (X, y), got {type(part).__name__}")


def _checked(part: Labelled, kind: str, columns: int | None, read: Read) -> Labelled:
    check_sequences(part.sequences, kind, part.names, columns=columns)
    return dataclasses.replace(part, labels=read(part.labels))


def _strata(labels: Any) -> Any:
    """What a split is to be even over: classes are, whatever their type, and numbers and tags as they are."""
    return labels if isinstance(labels, np.ndarray) or isinstance(labels[0], list) else list(map(str, labels))


def _weights(sample_weight: Any, count: int) -> np.ndarray:
    """(N,) float32, 1 on average of those above 0; raises InputError where they do not fit."""
    if sample_weight is None:
        return np.ones(count, np.float32)
    try:
        weights = np.asarray(sample_weight, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"sample_weight must be numbers: {error}") from None
    if weights.ndim == 0:
        weights = np.full(count, weights)
    if weights.shape != (count,):
        raise InputError(f"sample_weight must have shape ({count},), got {weights.shape}")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise InputError("sample_weight must be finite, at least 0, and not zero for every sequence")
    return (weights / weights[weights > 0].mean()).astype(np.float32)
