"""Training's figures as a table that grows while it runs."""

import csv
import os
from pathlib import Path

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
    "learning_rate",
    "is_best",
)


class CsvLog:
    """A listener that writes a row of ``COLUMNS`` for every epoch to a CSV file, as soon as it is over.

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
                self._write("a", [[_text(getattr(event, name)) for name in COLUMNS]])

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


def _text(value: float | bool | None) -> str:
    return "" if value is None else str(value).lower()
