"""recurra inspect: look inside a model, at its training and at what it does with an input."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recurra._base.errors import InputError
from recurra.cli import console
from recurra.cli.option import with_options
from recurra.cli.output import check_output

if TYPE_CHECKING:
    from recurra.inspection import Comparison, Inspection

_PAGES = (".html", ".htm")


def inspect(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as recurra fit writes it.")],
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="INPUT",
            help="A file as for recurra predict, of which one item is looked at: its first, or of a "
            "forecaster's table the last window. Without it the page shows training and weights.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", metavar="PAGE", help="The page to write, ending in .html.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A sentence in place of INPUT.", show_default=False),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Which item of INPUT, from 0; of a forecaster's table how many windows before the last. "
            "Default: 0.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="OTHER",
            help="Another model for the same task, or another checkpoint, to be shown beside it.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print the figures as one JSON object, for machines: all but the gates of single units.",
        ),
    ] = False,
) -> None:
    """Look inside a model: gates over time, memory, what mattered, and its training.

    With INPUT, or --text, the page shows what the model does with it: the prediction as it forms, which
    steps mattered, attention, every gate and state of every unit, and how far back it remembers. Gradients
    of encoder-decoders take PyTorch; all else does not.
    """
    from recurra.artifact.writing import replace_file
    from recurra.inspection import Comparison

    start = time.perf_counter()
    if output is None and not json:
        raise InputError("-o is missing; name a page to write, such as inside.html, or give --json")
    if data is not None and text is not None:
        raise InputError("--text stands in place of INPUT; leave one of them out")
    if row is not None and data is None:
        raise InputError("--row is for the items of INPUT; name a file, or leave it out")
    if output is not None:
        files = {"model": model, "input": data, "other model": against}
        check_output(output, {name: path for name, path in files.items() if path is not None}, _PAGES)
    found = _found(model, data if text is None else text, row or 0, against)
    if output is not None:
        from recurra.inspection import inspection_page

        replace_file(output, inspection_page(found).encode())
    if json:
        from recurra.inspection.inside.plain import plain

        page = None if output is None else str(output)
        console.say_json({"model": str(model), "page": page, **plain(found)})
        return
    from recurra.inspection.inside_page.sentences import verdict

    for one in [found.first, found.second] if isinstance(found, Comparison) else [found]:
        console.say(f"Inside {one.name}")
        for paragraph in verdict(one):
            console.say(paragraph)
    console.say_files({"Page": output} if output else {}, time.perf_counter() - start)


def _found(path: Path, X: Path | str | None, row: int, against: Path | None) -> "Inspection | Comparison":
    from recurra.inspection import compare, inspect
    from recurra.runtime import load

    model = load(path)
    try:
        if against is None:
            return inspect(model, X, row=row, name=path.name)
        names = (path.name, against.name) if path.name != against.name else (str(path), str(against))
        return compare(model, load(against), X, row=row, names=names)
    except InputError as error:
        raise InputError(_as_written(str(error), X)) from error


def _as_written(message: str, X: Path | str | None) -> str:
    """The library's ``message``, with its arguments as the user writes them."""
    message = with_options(message, ["row", "against"])
    if isinstance(X, str):
        message = re.sub(
            r"\bX is a text, but (.*) and has no vocabulary; give .*$",
            r"--text is a sentence, but \1 and has no vocabulary; give INPUT in its place",
            message,
        )
    return re.sub(r"\bX(\[0\])?(?=\W|$)", "INPUT" if isinstance(X, Path) else "--text", message)
