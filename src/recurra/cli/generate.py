"""recurra generate: texts and music from a language model. No PyTorch."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from recurra._base.errors import InputError
from recurra.cli.drawing import Drawing
from recurra.cli.grouped import grouped
from recurra.cli.option import with_options
from recurra.cli.writing import write_music, write_texts


@grouped
def generate(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A model file, as recurra fit language-model writes it.")
    ],
    *,
    prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT|FILE",
            help="What it goes on from: a text, or for music a MIDI file. Default: the beginning of a "
            "text, or of a piece.",
            show_default=False,
        ),
    ] = None,
    drawing: Drawing,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            metavar="FILE",
            help="The file to write, ending in .mid for music, which needs one. Without it texts are "
            "printed.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Write a text or a tune with a language model. What it writes is generated: it can be fluent and false.

    A text is printed as it is drawn, the prompt first. Several samples have an empty line between them, or a
    line each where the model was fitted with --lines. A MIDI file holds what comes after the prompt, without
    it, in its tempo, and is marked as generated.

    The same seed and settings give the same text on one machine. Without a seed one is drawn and said on
    standard error.
    """
    from recurra.runtime import load
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel

    loaded = load(model)
    seed = secrets.randbelow(2**32) if drawing.seed is None else drawing.seed
    try:
        if isinstance(loaded, TextModel):
            write_texts(loaded, model, prompt or "", drawing, seed, output, json=json)
        elif isinstance(loaded, MusicModel):
            write_music(loaded, model, prompt, drawing, seed, output, json=json)
        else:
            raise InputError(f"{model} writes nothing, as its task is {loaded.task}; use recurra predict")
    except InputError as error:
        message = str(error).replace(", or None, got", ", got")
        raise InputError(with_options(message, ["prompt", *drawing.names()])) from error
