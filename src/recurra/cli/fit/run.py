"""One fit from data to files: read, train, score, write the model and its report, and tell."""

import time as clock
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra._base.errors import RecurraError
from recurra._base.wording import count
from recurra.cli import console
from recurra.cli.fit.output import Output
from recurra.cli.progress import training_progress
from recurra.cli.scores import say_scores

if TYPE_CHECKING:
    from recurra.inspection.tables import Table
    from recurra.training.events import Event


@dataclass(frozen=True)
class Job:
    """An estimator that is not fitted yet, and what it is to be fitted on.

    Attributes:
        estimator: of any task that trains by epochs.
        fitting: the arguments of its ``fit``, without those of how training goes.
        report: of the fitted one, with ``data`` and ``path``, the page to write.
        tell: what is to be told of the fitted one.
    """

    estimator: Any
    fitting: dict[str, Any]
    report: Callable[..., str]
    tell: "Callable[[Any], Story]"


@dataclass(frozen=True)
class Story:
    """What people and machines are told of a fitted estimator, beside its scores.

    Attributes:
        title: what the model tells of what.
        parts: the parts of the data as a table.
        split: the same for machines.
        notes: what was done to the data, in sentences.
        sample: lines of what it writes, where it does.
    """

    title: str
    parts: "Table"
    split: dict[str, dict[str, int]]
    notes: Sequence[str]
    sample: Sequence[str] = ()


def fit(
    begin: Callable[[], Job], data: Path, output: Output, *, resume: bool, in_options: Callable[[str], str]
) -> None:
    """Fit the job that ``begin`` makes, write it with its report, and say how good it is.

    ``in_options`` brings the library's messages into the words of the command line.
    """
    start = clock.perf_counter()
    try:
        job = begin()
        _train(job, data, output, resume=resume)
    except RecurraError as error:
        raise type(error)(in_options(str(error))) from error
    seconds = clock.perf_counter() - start
    story = job.tell(job.estimator)
    if output.json:
        console.say_json(_summary(job.estimator, story, output, seconds))
    elif not output.quiet:
        _say(job.estimator, story)
        console.say()
        console.say_files({"Model": output.model, "Report": output.page}, seconds)


def _train(job: Job, data: Path, output: Output, *, resume: bool) -> None:
    from recurra.artifact.writing import replace_file

    going_on = resume and output.checkpoint.exists()
    show = not (output.json or output.quiet)
    if show and resume:
        console.note([_resuming(output.checkpoint, going_on)])
    with _kept(output.checkpoint), training_progress() if show else nullcontext() as draw:
        job.estimator.fit(
            **job.fitting,
            on_event=_listeners(draw, output.metrics),
            checkpoint=output.checkpoint,
            resume=going_on,
        )
    page = job.report(job.estimator, data=str(data), path=str(output.model))
    job.estimator.save(output.model)
    replace_file(output.page, page.encode())
    output.checkpoint.unlink(missing_ok=True)


def _listeners(
    draw: "Callable[[Event], None] | None", metrics: Path | None
) -> "Callable[[Event], None] | None":
    """One listener of all that listen."""
    from recurra.training.csv_log import CsvLog

    listeners = [each for each in (draw, None if metrics is None else CsvLog(metrics)) if each is not None]

    def tell(event: "Event") -> None:
        for listener in listeners:
            listener(event)

    return tell if listeners else None


@contextmanager
def _kept(checkpoint: Path) -> Iterator[None]:
    """Say on an interrupt that the run can go on, if this one has written its checkpoint."""
    before = _written(checkpoint)
    try:
        yield
    except KeyboardInterrupt:
        if _written(checkpoint) not in (None, before):
            console.note(
                [f"The run is kept in {checkpoint}; the same command with --resume goes on from it."]
            )
        raise


def _written(path: Path) -> tuple[int, int] | None:
    """Which file it is, and of when; None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _resuming(checkpoint: Path, going_on: bool) -> str:
    if going_on:
        return f"Going on from {checkpoint}."
    return f"There is no {checkpoint} to go on from; training begins at the start."


def _say(estimator: Any, story: Story) -> None:
    """Print what the data was, how training went, how good the model is and what it writes."""

    console.say(story.title)
    console.say_table(story.parts.columns, story.parts.rows)
    for line in story.notes:
        console.say(line)
    history = estimator.history_
    epochs = len(history["epochs"])
    why = {"time": ", when time was up", "early": ", as the validation loss no longer fell"}
    console.say(
        f"Trained for {count(epochs, 'epoch')}{why.get(history['stopped'], '')}; "
        f"epoch {history['best_epoch']} was the best and is kept."
    )
    console.say()
    if estimator.evaluation_ is not None:
        say_scores(estimator.evaluation_)
    if story.sample:
        console.say()
        console.say("Generated by the model:", "dim")
        for line in story.sample:
            console.say(f"  {line}")


def _summary(estimator: Any, story: Story, output: Output, seconds: float) -> dict[str, Any]:
    history = estimator.history_
    found = {} if estimator.evaluation_ is None else estimator.evaluation_.to_dict()
    return {
        "model": str(output.model),
        "report": str(output.page),
        "seconds": seconds,
        **found,
        "notes": [*story.notes, *found.get("notes", [])],
        "split": story.split,
        "training": {
            "epochs": len(history["epochs"]),
            "best_epoch": history["best_epoch"],
            "stopped": history["stopped"],
        },
        "fingerprint": estimator.model_.fingerprint,
    }
