"""recurra stream: a model goes along its input and tells what it makes of it at once. No PyTorch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recurra._base.errors import InputError
from recurra.cli.detect import Detecting, detect
from recurra.cli.grouped import grouped
from recurra.cli.steps import say_steps
from recurra.cli.transcripts import say_heard

if TYPE_CHECKING:
    from recurra.runtime import SequenceModel


@grouped
def stream(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A model file that was fitted with --no-bidirectional.")
    ],
    data: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="For a model of clips a WAV or FLAC file; for any other a file such as it was trained on, "
            "or - for lines of standard input: a text, the words of a sentence, or the numbers of a step.",
        ),
    ],
    *,
    detecting: Detecting,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line, for machines; what was found last.")
    ] = False,
) -> None:
    """Go along INPUT step by step, and print what the model says of it the moment it can.

    A classifier of clips detects events, such as a wake word: a line for each, with its time in seconds,
    label and probability, and at the end their number, also by the hour. A transcriber writes as it hears: a
    line whenever there is more, with the time and the text so far. Any other model prints a line for each
    step, with the label and its probability after that step; an empty line lies between sequences.
    """
    from recurra.runtime import ClassificationModel, TranscriptionModel, load

    loaded = _causal(load(model), model)
    if loaded.kind == "audio" and data == "-":
        raise InputError("INPUT must be a WAV or FLAC file for a model of clips, got -")
    if loaded.kind == "audio" and isinstance(loaded, ClassificationModel):
        detect(loaded, Path(data), detecting, json=json)
        return
    if given := detecting.given():
        raise InputError(f"{given[0]} is for a classifier of clips; leave it out")
    if isinstance(loaded, TranscriptionModel):
        say_heard(loaded, data, json=json)
    else:
        say_steps(loaded, data, json=json)


def _causal(model: object, path: Path) -> "SequenceModel":
    """The ``model``; raises InputError, with the fix, where it can't go step by step."""
    from recurra.runtime import ForecastModel, NetworkStream

    if isinstance(model, ForecastModel):
        raise InputError(f"{path} is a forecaster, which has no stream; use recurra predict")
    if model.task in ("language-model", "music"):  # pyright: ignore[reportAttributeAccessIssue]
        raise InputError(
            f"{path} is a language model, which labels nothing; use recurra generate to write with it, or "
            "recurra predict --tokens to score each step"
        )
    if model.task == "translate":  # pyright: ignore[reportAttributeAccessIssue]
        raise InputError(
            f"{path} writes an answer once the whole source is in; use recurra predict, with --interactive "
            "to answer line by line"
        )
    if model.network.crf is not None:  # pyright: ignore[reportAttributeAccessIssue]
        raise InputError(
            f"{path} cannot stream, as it decides on labels together, once all steps are in; fit it without "
            "--crf, and with --no-bidirectional"
        )
    try:
        NetworkStream(model.network)  # pyright: ignore[reportAttributeAccessIssue]
    except InputError as error:
        raise InputError(
            f"{path} cannot stream, as it reads its sequences from both ends; fit it with --no-bidirectional"
        ) from error
    return model  # pyright: ignore[reportReturnType]
