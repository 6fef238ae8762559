"""recurra evaluate: score a model file on data. No PyTorch."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.cli import console
from recurra.cli.models import learnt, resampled
from recurra.cli.scores import say_scores

if TYPE_CHECKING:
    from recurra.evaluation import Evaluation
    from recurra.runtime import ForecastModel


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as recurra fit writes it.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Data such as the model was trained on, with its labels.")
    ],
    targets: Annotated[
        Path | None,
        typer.Argument(
            metavar="TARGETS",
            help="The right texts, line by line those of DATA, where these are sources alone.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Score a model on DATA, beside simple baselines.

    A forecaster is scored on every forecast that DATA allows, a language model on every token or step, and
    a model of recurra fit translate on every answer, any other model on every label in DATA, beside what
    needs no training part: the commonest label, or the mean. For texts that are written there is none.
    """
    from recurra.runtime import ForecastModel, load
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel
    from recurra.runtime.translation import TranslationModel

    start = time.perf_counter()
    loaded = load(model)
    notes: list[str] = []
    if targets is not None and not isinstance(loaded, TranslationModel):
        raise InputError(
            f"TARGETS are for models of recurra fit translate, and the task of this one is {loaded.task}; "
            "leave them out"
        )
    if isinstance(loaded, TranslationModel):
        evaluation: Any = loaded.evaluate(data, targets)
    elif isinstance(loaded, ForecastModel | MusicModel):
        evaluation = loaded.evaluate(data)
    elif isinstance(loaded, TextModel):
        corpus = loaded.read(data)
        notes, evaluation = list(corpus.notes), loaded.evaluate(corpus)
    else:
        labelled = loaded.read_file(data, labelled=True)
        notes = [*labelled.notes, *resampled(loaded, labelled.sequences)]
        evaluation = loaded.evaluate(labelled)
    found = evaluation.to_dict()
    if "notes" in found:
        found["notes"] = [*notes, *found["notes"]]
    seconds = time.perf_counter() - start
    if json:
        files = {"model": model, "data": data, **({} if targets is None else {"targets": targets})}
        paths = {name: str(path) for name, path in files.items()}
        console.say_json({**paths, "seconds": seconds, **found})
    elif isinstance(loaded, ForecastModel):
        _say_forecasts(loaded, evaluation)
    else:
        for line in [learnt(loaded), *notes]:
            console.say(line)
        say_scores(evaluation)


def _say_forecasts(model: "ForecastModel", evaluation: "Evaluation") -> None:

    forecasts = count(evaluation.windows, "forecast")
    console.say(f"{forecasts} of {model.inputs.target}, {evaluation.first} to {evaluation.last}")
    for line in evaluation.gaps.lines():
        console.say(line)
    say_scores(evaluation)
