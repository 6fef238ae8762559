"""What happened in training, epoch by epoch, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.wording import count
from recurra.inspection import wording
from recurra.inspection.tables import Table

_WHY = {"time": ", until time was up", "early": ", until the validation loss no longer fell"}
_FIGURES = {
    "Training loss": "loss",
    "Validation loss": "validation_loss",
    "Gradient norm": "gradient_norm",
    "Weight norm": "weight_norm",
}


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
    """Read the history that a model file keeps; those of older files have fewer figures."""
    epochs = history["epochs"]
    numbers = [epoch["epoch"] for epoch in epochs]
    losses = {name: [epoch[name] for epoch in epochs] for name in ("loss", "validation_loss")}
    kept = numbers.index(history["best_epoch"])
    why = _WHY.get(history.get("stopped", ""), "")
    columns = _columns(epochs)
    rows = [
        [f"{epoch}{' (kept)' if i == kept else ''}", *row]
        for i, (epoch, *row) in enumerate(zip(numbers, *columns.values()))
    ]
    return TrainingStory(
        np.asarray(numbers),
        np.asarray(losses["loss"], dtype=float),
        np.asarray(losses["validation_loss"], dtype=float),
        kept,
        Table(["Epoch", *columns], rows),
        f"{count(len(epochs), 'epoch')}{why}; the weights of epoch {history['best_epoch']} were "
        "kept, where the validation loss was lowest.",
    )


def _columns(epochs: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Texts by epoch, of each figure that the epochs have."""
    columns = {
        title: wording.numbers(epoch[name] for epoch in epochs)
        for title, name in _FIGURES.items()
        if name in epochs[0]
    }
    if "clipped" in epochs[0]:
        columns["Clipped batches"] = [f"{epoch['clipped']:.0%}".replace("%", " %") for epoch in epochs]
    if epochs[0].get("spectral_radius"):
        radii = (max(max(gates.values()) for gates in epoch["spectral_radius"].values()) for epoch in epochs)
        columns["Largest spectral radius"] = wording.numbers(radii)
    return columns
