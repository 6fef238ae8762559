"""The progress bar of training, on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from recurra.cli.console import err

if TYPE_CHECKING:
    from recurra.training.events import Event


@contextmanager
def training_progress() -> Iterator[Callable[["Event"], None]]:
    """Give a listener for the events of training, which draws them while the block runs."""
    from recurra.training.events import BatchEnd, EpochEnd, Finished, Started

    bar = Progress(
        TextColumn("Training"),
        BarColumn(bar_width=16),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=err,
    )
    task = bar.add_task("", total=None)
    epochs, best = 0, float("inf")

    def listen(event: "Event") -> None:
        nonlocal epochs, best
        match event:
            case Started():
                epochs = event.epochs
                done = (event.epoch - 1) * event.batches + event.batch  # more than 0 from a checkpoint on
                now = f"epoch {min(event.epoch, epochs)}/{epochs}"
                bar.update(task, total=epochs * event.batches, completed=done, description=now)
                bar.start()  # not earlier: until here the data may turn out to be wrong
            case BatchEnd():
                bar.advance(task)
            case EpochEnd():
                best = event.validation_loss if event.is_best else best
                losses = f"validation {event.validation_loss:.4f}, best {best:.4f}"
                bar.update(task, description=f"epoch {event.epoch}/{epochs} {losses}")
            case Finished():  # early stopping may have left epochs out
                kept = f"epoch {event.best_epoch} of {event.epochs} kept, now scoring"
                bar.update(task, total=1, completed=1, description=kept)

    try:
        yield listen
    finally:
        if bar.live.is_started:
            bar.stop()
