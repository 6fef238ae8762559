"""What models of labelled sequences share: reading sequences, and running the network over them."""

import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.artifact import Artifact
from recurra.data import Labelled, Sequences, SeriesFeatures, Source, as_labelled, as_sequences
from recurra.evaluation import Baselines, Comparison
from recurra.runtime import schema
from recurra.runtime.features import (
    Features,
    features_from_dict,
    features_to_dict,
    first_part,
    kind_of,
    pad_inputs,
)
from recurra.runtime.model import Model
from recurra.runtime.network_artifact import network_artifact
from recurra.runtime.network_parts import Part
from recurra.runtime.sequence_stream import SequenceStream

KINDS = {"text": "texts", "tokens": "lists of words", "series": "arrays", "audio": "clips"}
"""What items of each kind are called."""

_MOST_STEPS = 2**15  # of a batch, so that memory stays small; the bits are the same for any number
_MOST_ROWS = 256


class SequenceModel(Model):
    """Base of models of labelled sequences."""

    pools: ClassVar[bool]
    """Whether a sequence has one output, and not one a step."""
    fields: ClassVar[Mapping[str, schema.Field]]
    """Of the preprocessing, beside ``features`` and ``source``."""

    def _take(self, artifact: Artifact) -> None:
        fields = artifact.preprocessing
        known = {"features": schema.DICT, "source": schema.DICT_OR_NONE, **self.fields}
        schema.check_fields(fields, known, "preprocessing")
        self.features: Features = features_from_dict(fields["features"])
        self.kind = kind_of(self.features)
        self.source = None if fields["source"] is None else Source.from_dict(fields["source"])
        self._adopt(fields)
        _check_sizes(self)

    @property
    @abstractmethod
    def output_size(self) -> int:
        """The width of the network's output."""

    @abstractmethod
    def _adopt(self, fields: Mapping[str, Any]) -> None:
        """Take the task's own fields of the preprocessing; InputError where they are not right."""

    @abstractmethod
    def predict(self, X: Any) -> Any:
        """What the model says of each sequence; ``X`` as for `read`."""

    @abstractmethod
    def evaluate(self, X: Any, y: Any = None, *, baselines: Baselines[Any] | None = None) -> Comparison:
        """Score the model on labelled sequences, beside ``baselines`` that were fitted on a training part."""

    @abstractmethod
    def stream(self, state: bytes | None = None) -> SequenceStream:
        """A stream of single steps, see `SequenceStream`."""

    def read(self, X: Any) -> Sequences:
        """``X`` as sequences of the kind that the model reads, none of them empty.

        ``X`` is what `recurra.data.as_sequences` takes, labelled sequences, or a `pathlib.Path`: a file such
        as the model was trained on, or a text file with an item a line. A text that is only blanks has no
        steps, so that all such texts get one answer. Raises InputError for anything else.
        """
        if isinstance(X, Path):
            X = self.read_file(X, labelled=False)
        columns = self.features.size if isinstance(self.features, SeriesFeatures) else None
        names = X.names if isinstance(X, Labelled) else None
        sequences = X.sequences if isinstance(X, Labelled) else as_sequences(X)
        return check_sequences(sequences, self.kind, names, columns=columns)

    def read_file(self, path: str | os.PathLike[str], *, labelled: bool) -> Labelled:
        """The sequences of a file, with their labels or without.

        It is read as the file that the model was trained on. A .txt without labels has an item a line, unless
        the model was trained on a word a line, in columns between white space, which a .txt may hold, too.
        Raises InputError where the model was not trained on a file, or this one can't be read.
        """
        path = Path(path)
        lines = self.kind in ("text", "tokens") and not _has_columns(self.source)
        if not labelled and path.suffix.lower() == ".txt" and lines:
            return Source.lines(self.kind).read(path, labelled=False)
        if self.source is None:
            raise InputError(
                f"{path} can't be read, as the model was trained on {KINDS[self.kind]} and on no file; "
                f"read it with recurra.data and give the {KINDS[self.kind]}"
            )
        return self.source.read(path, labelled=labelled)

    def labelled(self, X: Any, y: Any) -> Labelled:
        """``X`` with its labels ``y``; those of a file or of labelled sequences where ``y`` is None."""
        if isinstance(X, Path):
            X = self.read_file(X, labelled=True)
        return as_labelled(X, y)

    def outputs(self, sequences: Sequences, *, threads: int = 1) -> list[np.ndarray]:
        """The network's output for each sequence, float32: (O,), or (T_i, O) where it does not pool.

        An output has the same bits whatever else is among the sequences.
        """
        outputs: list[np.ndarray] = [np.empty(0, np.float32)] * len(sequences)
        for rows, x, lengths in batches(self.features(sequences.items)):
            for row, output, length in zip(rows, self.network(x, lengths, threads=threads), lengths):
                outputs[row] = output if self.pools else output[:length]
        return outputs


def sequence_artifact(
    task: str,
    parts: Sequence[Part],
    tensors: Mapping[str, np.ndarray],
    features: Features,
    fields: Mapping[str, Any],
    *,
    source: Source | None,
    history: dict[str, Any],
    card: dict[str, Any],
) -> Artifact:
    """The artifact of a model of labelled sequences; ``fields`` are the task's own of the preprocessing."""
    preprocessing = {
        "features": features_to_dict(features),
        "source": None if source is None else source.to_dict(),
        **fields,
    }
    return network_artifact(task, parts, tensors, preprocessing, output="output", history=history, card=card)


def check_sequences(
    sequences: Sequences, kind: str, names: Sequence[str] | None = None, *, columns: int | None = None
) -> Sequences:
    """The ``sequences``, of that kind, with those ``columns``, and none empty; or InputError."""
    if sequences.kind != kind:
        raise InputError(f"X must hold {KINDS[kind]}, as the training part does, got {KINDS[sequences.kind]}")
    empty = np.flatnonzero(sequences.lengths() == 0)
    if len(empty):
        name = f"X[{empty[0]}]" if names is None else names[empty[0]]
        raise InputError(f"{name} is empty; give every sequence at least one step, or leave it out")
    if columns is not None and (got := sequences.items[0].shape[1]) != columns:
        raise InputError(
            f"X must hold arrays with {count(columns, 'column')}, as the training part does, got {got}"
        )
    return sequences


def batches(
    arrays: Sequence[np.ndarray], most_steps: int = _MOST_STEPS
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Row numbers (n,), padded arrays (n, T, …) and lengths (n,), of about the same length together.

    A batch has ``most_steps`` at most, padding among them, or one row.
    """
    order = np.argsort([-len(array) for array in arrays], kind="stable")
    start = 0
    while start < len(order):
        longest = max(1, len(arrays[order[start]]))
        rows = order[start : start + max(1, min(_MOST_ROWS, most_steps // longest))]
        yield rows, *pad_inputs([arrays[row] for row in rows])
        start += len(rows)


def _has_columns(source: Source | None) -> bool:
    return source is not None and source.reader == "tagged" and source.options.get("separator") != "tab"


def _check_sizes(model: SequenceModel) -> None:
    network = model.network
    if network.pools != model.pools:
        how = "pool its sequence" if model.pools else "have an output at every step"
        raise InputError(f"the network of the task {model.task!r} must {how}")
    if network.output_size != model.output_size:
        raise InputError(
            f"the preprocessing reads {model.output_size} outputs, but the network has {network.output_size}"
        )
    part = network.parts[0]
    place = "spec.layers[0]" if part.first is part else "spec.layers[0].layers[0]"
    for name, size in first_part(model.features).items():
        if (got := part.first.to_dict().get(name)) != size:
            raise InputError(f"{place}.{name} must be {size!r}, as the features say, got {got!r}")
