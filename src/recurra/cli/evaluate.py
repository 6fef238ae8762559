"""recurra evaluate: score a model file on data. No PyTorch."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Score a model on DATA, beside simple baselines.

    A forecaster is scored on every forecast that DATA allows, a language model on every token or step, and
    any other model on every label in DATA, beside what needs no training part: the commonest label, or the
    mean. For a language model there is none.
    """
    from recurra.runtime import ForecastModel, load
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel

    start = time.perf_counter()
    loaded = load(model)
    notes: list[str] = []
    if isinstance(loaded, ForecastModel | MusicModel):
        evaluation: Any = loaded.evaluate(data)
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
        console.say_json({"model": str(model), "data": str(data), "seconds": seconds, **found})
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
