"""Fit an estimator of labelled sequences: cut the data, train, write, tell."""

import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra._base.errors import RecurraError
from recurra.cli import console
from recurra.cli.fit.output import Output
from recurra.cli.fit.parts import Parts
from recurra.cli.fit.settings import Network, Training, arguments
from recurra.cli.models import learnt
from recurra.cli.option import with_options
from recurra.cli.progress import training_progress
from recurra.cli.scores import say_scores

if TYPE_CHECKING:
    from recurra.data import Labelled, Source
    from recurra.tasks.sequence_estimator import SequenceEstimator
    from recurra.training.events import Event

_NAMES = {"training": "train", "validation": "validation", "test": "test"}


def fit_sequences(
    task: str,
    data: Path,
    source: "Callable[[], Source]",
    parts: Parts,
    network: Network,
    training: Training,
    output: Output,
    *,
    reading: Any,
) -> None:
    """Train the estimator of ``task``, score it, write it with its report, and say how good it is.

    ``source`` gives the reader that the options ``reading`` ask for, or raises InputError.
    """
    start = clock.perf_counter()
    names = [field.name for group in (reading, network, training) for field in fields(group)]
    try:
        parts.check()
        asked = arguments(network, training)
        reader = source()
        output.check(data, parts.validation_file, parts.test_file)
        estimator = _fit(task, data, reader, asked, parts, output, resume=training.resume)
    except RecurraError as error:
        raise type(error)(_in_options(str(error), names)) from error
    seconds = clock.perf_counter() - start
    if output.json:
        console.say_json(_summary(estimator, output, seconds))
    elif not output.quiet:
        _say(estimator)
        console.say()
        console.say_files({"Model": output.model, "Report": output.page}, seconds)


def _fit(
    task: str,
    data: Path,
    source: "Source",
    asked: dict[str, Any],
    parts: Parts,
    output: Output,
    *,
    resume: bool,
) -> "SequenceEstimator":
    from recurra.artifact.writing import replace_file

    cut = parts.cut(data, source, asked.get("seed", 0))
    from recurra import tasks  # brings PyTorch, which takes seconds: not before the data is read
    from recurra.inspection.sequence_report import sequence_report

    kinds = {
        "classify": tasks.SequenceClassifier,
        "regress": tasks.SequenceRegressor,
        "tag": tasks.SequenceTagger,
    }
    estimator = kinds[task](**asked)
    going_on = resume and output.checkpoint.exists()
    show = not (output.json or output.quiet)
    if show and resume:
        console.note([_resuming(output.checkpoint, going_on)])
    with _kept(output.checkpoint), training_progress() if show else nullcontext() as draw:
        estimator.fit(
            cut.training,
            validation=cut.validation,
            test=cut.test,
            source=source,
            on_event=_listeners(draw, output.metrics),
            checkpoint=output.checkpoint,
            resume=going_on,
        )
    page = sequence_report(estimator, data=str(data), path=str(output.model))
    estimator.save(output.model)
    replace_file(output.page, page.encode())
    output.checkpoint.unlink(missing_ok=True)
    return estimator


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


def _in_options(message: str, names: list[str]) -> str:
    """``message`` in the words of the command line, which knows no X and no y."""
    if message.startswith("y must "):
        message = f"the labels must {message.removeprefix('y must ')}"
    message = message.replace("say step_labels where", "use recurra fit tag where")
    return with_options(message, names)


def _say(estimator: "SequenceEstimator") -> None:
    """Print what the data was, how training went and how good the model is."""
    from recurra.inspection import sequence_summary
    from recurra.inspection.wording import count

    console.say(learnt(estimator.model_))
    parts = sequence_summary.parts(estimator.parts_)
    console.say_table(parts.columns, parts.rows)
    for line in _notes(estimator):
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


def _notes(estimator: "SequenceEstimator") -> list[str]:
    """What was done to the data, in sentences."""
    from recurra.inspection import sequence_summary

    return sequence_summary.data_lines(estimator.model_, estimator.parts_, estimator.notes_)


def _summary(estimator: "SequenceEstimator", output: Output, seconds: float) -> dict[str, Any]:
    history, parts = estimator.history_, estimator.parts_
    found = {} if estimator.evaluation_ is None else estimator.evaluation_.to_dict()
    return {
        "model": str(output.model),
        "report": str(output.page),
        "seconds": seconds,
        **found,
        "notes": [*_notes(estimator), *found.get("notes", [])],
        "split": {_NAMES[name]: _sizes(part) for name, part in parts.items() if part is not None},
        "training": {
            "epochs": len(history["epochs"]),
            "best_epoch": history["best_epoch"],
            "stopped": history["stopped"],
        },
        "fingerprint": estimator.model_.fingerprint,
    }


def _sizes(part: "Labelled") -> dict[str, int]:
    groups = {} if part.groups is None else {"groups": len(set(part.groups))}
    return {"sequences": len(part), **groups}
