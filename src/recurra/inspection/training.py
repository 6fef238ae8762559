"""What happened in training, epoch by epoch, for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.wording import count
from recurra.inspection import wording
from recurra.inspection.tables import Table

_WHY = {"time": ", until time was up", "early": ", until the validation loss no longer fell"}


@dataclass(frozen=True)
class TrainingStory:
    """The curves of training (E,), the place of the epoch whose weights were kept, a table and a note."""

    epochs: np.ndarray
    loss: np.ndarray
    validation_loss: np.ndarray
    kept: int
    table: Table
    note: str


def training_story(history: Mapping[str, Any]) -> TrainingStory:
    """Read the history that a model file keeps."""
    epochs = history["epochs"]
    curves = {
        name: [epoch[name] for epoch in epochs]
        for name in ("epoch", "loss", "validation_loss", "gradient_norm")
    }
    kept = curves["epoch"].index(history["best_epoch"])
    why = _WHY.get(history.get("stopped", ""), "")
    texts = [wording.numbers(curves[name]) for name in ("loss", "validation_loss", "gradient_norm")]
    rows = [
        [f"{epoch}{' (kept)' if i == kept else ''}", *row]
        for i, (epoch, *row) in enumerate(zip(curves["epoch"], *texts))
    ]
    return TrainingStory(
        np.asarray(curves["epoch"]),
        np.asarray(curves["loss"], dtype=float),
        np.asarray(curves["validation_loss"], dtype=float),
        kept,
        Table(["Epoch", "Training loss", "Validation loss", "Gradient norm"], rows),
        f"{count(len(epochs), 'epoch')}{why}; the weights of epoch {history['best_epoch']} were "
        "kept, where the validation loss was lowest.",
    )
