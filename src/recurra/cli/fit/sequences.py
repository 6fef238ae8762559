"""Fit an estimator of labelled sequences: cut the data, choose the estimator, say what it was."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra.cli.fit.output import Output
from recurra.cli.fit.parts import Parts
from recurra.cli.fit.run import Job, Story, fit
from recurra.cli.fit.settings import Network, Training, arguments
from recurra.cli.fit.transcription_settings import TranscriptionLayers
from recurra.cli.models import learnt
from recurra.cli.option import with_options

if TYPE_CHECKING:
    from recurra.data import Labelled, Source
    from recurra.tasks import Transcriber
    from recurra.tasks.sequence_estimator import SequenceEstimator

_NAMES = {"training": "train", "validation": "validation", "test": "test"}


def fit_sequences(
    task: str,
    data: Path,
    source: "Callable[[], Source]",
    parts: Parts,
    network: Network | TranscriptionLayers,
    training: Training,
    output: Output,
    *,
    reading: Any,
) -> None:
    """Train the estimator of ``task``, score it, write it with its report, and say how good it is.

    ``source`` gives the reader that the options ``reading`` ask for, or raises InputError.
    """

    def begin() -> Job:
        parts.check()
        asked = arguments(network, training)
        pretrained = asked.pop("pretrained", None)
        reader = source()
        output.check(data, parts.validation_file, parts.test_file)
        cut = parts.cut(data, reader, asked.get("seed", 0), even=task != "transcribe")
        from recurra import tasks  # brings PyTorch, which takes seconds: not before the data is read
        from recurra.inspection.sequence_report import sequence_report

        kinds = {
            "classify": tasks.SequenceClassifier,
            "regress": tasks.SequenceRegressor,
            "tag": tasks.SequenceTagger,
            "transcribe": tasks.Transcriber,
        }
        given: dict[str, Any] = {
            "X": cut.training,
            "validation": cut.validation,
            "test": cut.test,
            "source": reader,
        }
        if pretrained is not None:
            given["pretrained"] = pretrained
        return Job(kinds[task](**asked), given, sequence_report, _story)

    names = [field.name for group in (reading, network, training) for field in fields(group)]
    fit(begin, data, output, resume=training.resume, in_options=partial(_in_options, names=names))


def _in_options(message: str, names: list[str]) -> str:
    """``message`` in the words of the command line, which knows no X and no y."""
    if message.startswith("y must "):
        message = f"the labels must {message.removeprefix('y must ')}"
    message = message.replace("say step_labels where", "use recurra fit tag where")
    return with_options(message, names)


def _story(estimator: "SequenceEstimator | Transcriber") -> Story:
    from recurra.inspection import sequence_summary

    model, parts = estimator.model_, estimator.parts_
    return Story(
        title=learnt(model),
        parts=sequence_summary.parts(parts, label="text" if model.task == "transcribe" else "label"),
        split={_NAMES[name]: _sizes(part) for name, part in parts.items() if part is not None},
        notes=sequence_summary.data_lines(model, parts, estimator.notes_),
    )


def _sizes(part: "Labelled") -> dict[str, int]:
    groups = {} if part.groups is None else {"groups": len(set(part.groups))}
    return {"sequences": len(part), **groups}
