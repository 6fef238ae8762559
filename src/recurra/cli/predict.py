"""recurra predict: what a model file says of data. No PyTorch."""

from pathlib import Path
from typing import Annotated

import typer

from recurra._base.errors import InputError
from recurra.cli import console
from recurra.cli.output import check_output


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as recurra fit writes it.")],
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="Data such as the model was trained on, labels not needed; a .txt has a text on each line, "
            "unless the model is of language and was fitted without --lines.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            metavar="OUT",
            help="The file to write, ending in .csv, .jsonl or .parquet, or .tsv for tags of words; for "
            "answers any other ending gives a text a line. Without it the predictions are printed.",
        ),
    ] = None,
    tokens: Annotated[
        bool,
        typer.Option(
            "--tokens", help="Of a language model: a row for each token of a text, or step of a piece."
        ),
    ] = False,
    beam: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Of a model that writes texts from a source or a clip: how many it weighs at a time. "
            "Default: 5; of clips the best symbol at each step.",
            show_default=False,
        ),
    ] = None,
    n_best: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Of the same: how many of them to tell, the best first. Default: 1.",
            show_default=False,
        ),
    ] = 1,
    interactive: Annotated[
        bool,
        typer.Option("--interactive", help="Answer each line that is typed, in place of DATA."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Say what a model makes of DATA.

    A forecaster gives the steps after the last row: time, point (the median) and the quantiles q0.1, q0.5
    and q0.9. A classifier gives a label and its probability for each text, series or clip, a regressor a
    number with quantiles, a transcriber what each clip says. A tagger of words prints a word and its tag on
    each line, with an empty line between sentences. A language model scores each text or piece: the natural
    logarithm of its probability, nats a token and bits a character, or nll, the nats a step of music after
    the first. A model of recurra fit translate answers each source with a line, or with --n-best several,
    with their scores. All else is printed as CSV.

    Where the times in DATA have a time zone, time is UTC and says so. What was missing in DATA and had to be
    imputed, or was resampled, is said on standard error.
    """
    from recurra.artifact.writing import replace_file
    from recurra.cli.predictions import endings, predictions
    from recurra.cli.translations import answer, beam_of
    from recurra.runtime import load
    from recurra.runtime.translation import TranslationModel

    if interactive and (data is not None or output is not None):
        raise InputError("--interactive reads what is typed and prints the answers; leave DATA and -o out")
    if not interactive and data is None:
        raise InputError("DATA is missing; name a file, or give --interactive")
    loaded = load(model)
    if data is None:
        if not isinstance(loaded, TranslationModel):
            raise InputError(
                f"--interactive is for models of recurra fit translate, and the task of this one is "
                f"{loaded.task}; give DATA"
            )
        if tokens:
            raise InputError("--tokens is for language models, and --interactive for others; leave one out")
        answer(loaded, beam_of(beam, n_best), json=json)
        return
    if output is not None:
        check_output(output, {"model": model, "data": data}, endings(loaded, n_best))
    said = predictions(loaded, data, steps=tokens, beam=beam, n_best=n_best)
    if not json:
        console.note(said.notes)
    if output is not None:
        content = said.writers.get(output.suffix.lower()) or said.writers[""]
        replace_file(output, content())
    if json:
        found = {"predictions": said.values, "notes": list(said.notes)}
        console.say_json({"model": str(model), "data": str(data), **found})
    elif output is None:
        console.write(next(iter(said.writers.values()))().decode())
