"""recurra evaluate: score a model file on data. No PyTorch."""

import time
from pathlib import Path
from typing import Annotated

import typer

from recurra.cli import console
from recurra.cli.scores import say_scores


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as recurra fit writes it.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="CSV, TSV or Parquet with the model's columns.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Score a model on every forecast that DATA allows, beside simple baselines on the same forecasts."""
    from recurra.inspection.wording import count
    from recurra.runtime import load

    start = time.perf_counter()
    loaded = load(model)
    evaluation = loaded.evaluate(data)
    seconds = time.perf_counter() - start
    if json:
        found = evaluation.to_dict()
        console.say_json({"model": str(model), "data": str(data), "seconds": seconds, **found})
        return
    forecasts = count(evaluation.windows, "forecast")
    console.say(f"{forecasts} of {loaded.inputs.target}, {evaluation.first} to {evaluation.last}")
    for line in evaluation.gaps.lines():
        console.say(line)
    say_scores(evaluation)
