"""recurra predict: what a model file says of data. No PyTorch."""

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli import console
from recurra.cli.output import check_output


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as recurra fit writes it.")],
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Data such as the model was trained on, labels not needed; a .txt has a text on each line, "
            "unless the model is of language and was fitted without --lines.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            metavar="OUT",
            help="The file to write, ending in .csv, .jsonl or .parquet, or .tsv for tags of words. Without "
            "it the predictions are printed.",
        ),
    ] = None,
    tokens: Annotated[
        bool,
        typer.Option(
            "--tokens", help="Of a language model: a row for each token of a text, or step of a piece."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Say what a model makes of DATA.

    A forecaster gives the steps after the last row: time, point (the median) and the quantiles q0.1, q0.5
    and q0.9. A classifier gives a label and its probability for each text, series or clip, a regressor a
    number with quantiles. A tagger of words prints a word and its tag on each line, with an empty line
    between sentences. A language model scores each text or piece: the natural logarithm of its probability,
    nats a token and bits a character, or nll, the nats a step of music after the first. All else is printed
    as CSV.

    Where the times in DATA have a time zone, time is UTC and says so. What was missing in DATA and had to be
    imputed, or was resampled, is said on standard error.
    """
    from recurra.artifact.writing import replace_file
    from recurra.cli.predictions import endings, predictions
    from recurra.runtime import load

    loaded = load(model)
    if output is not None:
        check_output(output, {"model": model, "data": data}, endings(loaded))
    said = predictions(loaded, data, steps=tokens)
    if not json:
        console.note(said.notes)
    if output is not None:
        replace_file(output, said.writers[output.suffix.lower()]())
    if json:
        found = {"predictions": said.values, "notes": list(said.notes)}
        console.say_json({"model": str(model), "data": str(data), **found})
    elif output is None:
        console.out.file.write(next(iter(said.writers.values()))().decode())
