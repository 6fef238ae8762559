"""Training's figures as a table that grows while it runs."""

import csv
import os
from pathlib import Path
from typing import Any

from recurra._base.errors import InputError
from recurra.artifact import check_writable
from recurra.training.events import EpochEnd, Event, Started

COLUMNS = (
    "epoch",
    "seconds",
    "loss",
    "validation_loss",
    "score",
    "gradient_norm",
    "gradient_norm_max",
    "clipped_norm",
    "clipped",
    "weight_norm",
    "spectral_radius",
    "dead_units",
    "saturated_units",
    "learning_rate",
    "is_best",
)


class CsvLog:
    """A listener that writes a row of ``COLUMNS`` for every epoch to a CSV file, as soon as it is over.

    Of what is measured matrix by matrix or layer by layer, the largest stands there, or nothing where nothing
    was. See `EpochEnd` and `VitalSigns` for what the columns mean.

    A run that begins replaces the file. One that goes on from a checkpoint keeps the rows of the epochs
    before, so that the file ends up as if there had been one run. Raises InputError if the file cannot be
    written, or is to be gone on with and is no such log.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        check_writable(path)
        self.path = Path(path)

    def __call__(self, event: Event) -> None:
        match event:
            case Started(epoch=epoch):
                self._write("w", [list(COLUMNS), *(self._rows()[: epoch - 1] if epoch > 1 else [])])
            case EpochEnd():
                figures = vars(event.signs) | vars(event)
                self._write("a", [[_text(figures[name]) for name in COLUMNS]])

    def _rows(self) -> list[list[str]]:
        """The rows of the epochs so far; none where there is no file."""
        if not self.path.exists():
            return []
        try:
            with self.path.open(newline="", encoding="utf-8") as file:
                names, *rows = csv.reader(file)
        except (ValueError, csv.Error):
            names, rows = [], []
        if tuple(names) != COLUMNS:
            raise InputError(f"{self.path} is no log of training to go on with; give another path")
        return rows

    def _write(self, mode: str, rows: list[list[str]]) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


def _text(value: Any) -> str:
    largest = _largest(value)
    return "" if largest is None else str(largest).lower()


def _largest(value: Any) -> Any:
    """Of a nest of figures, or the figure itself."""
    return max(map(_largest, value.values()), default=None) if isinstance(value, dict) else value
