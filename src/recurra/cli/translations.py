"""What an encoder-decoder makes of sources: of a file of them, and line by line as they are typed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from recurra._base.errors import InputError
from recurra.cli import console
from recurra.cli.option import with_options
from recurra.cli.probabilities import Rows

if TYPE_CHECKING:
    from recurra.decoding import Beam
    from recurra.runtime.translation import TranslationModel


def beam_of(size: int | None, n_best: int) -> "Beam":
    """How to search; InputError, in the words of the options, for what is out of range."""
    from recurra.decoding import Beam

    try:
        return Beam(n_best=n_best) if size is None else Beam(size, n_best)
    except InputError as error:
        message = str(error).replace("size must be", "--beam must be")
        raise InputError(with_options(message, ["n_best"])) from error


def of_sources(model: "TranslationModel", data: Path, beam: "Beam") -> tuple[Rows, Rows, list[str]]:
    """A row for each text of each source, as tables have them; an object for each source; and the best texts.

    InputError where the file does not suit the model.
    """
    pairs = model.read(data)
    rows, values, best = [], [], []
    found = model.translate(pairs, beam=beam)
    for name, source, texts in zip(pairs.names, pairs.sources.items, found):
        said = [
            {"text": own.text, "score": own.score, "log_probability": own.log_probability} for own in texts
        ]
        ranked = [{"source": source, "rank": rank, **own} for rank, own in enumerate(said, start=1)]
        rows += [{"source": source, **said[0]}] if beam.n_best == 1 else ranked
        value = {"name": name, "source": source, **said[0]}
        values.append(value if beam.n_best == 1 else {**value, "n_best": said})
        best.append(texts[0].text)
    return rows, values, best


def answer(model: "TranslationModel", beam: "Beam", *, json: bool) -> None:
    """Answer each line of the standard input, until it ends; InputError for a model that reads no texts."""
    if model.kind != "text":
        raise InputError(
            "--interactive is for models that read texts, and this one reads arrays; give it DATA in Python"
        )
    asks = sys.stdin.isatty() and not json
    if asks:
        console.note(["A line in, an answer out; Ctrl-D ends."])
    number = 0
    while True:
        if asks:
            console.err.print("> ", end="")
        line = sys.stdin.readline()
        if not line:
            break
        number += 1
        source = line.rstrip("\r\n")
        if not _is_text(source):
            raise InputError(f"line {number} of the standard input is not UTF-8; give text that is")
        texts = model.translate([source], beam=beam)[0]
        if json:
            said = [{"text": own.text, "score": own.score} for own in texts]
            console.say_json({"source": source, "answers": said})
            console.out.file.flush()
        else:
            for own in texts:
                score = f"{own.score:.3f}\t" if beam.n_best > 1 else ""
                console.write(f"{score}{own.text}\n")


def _is_text(line: str) -> bool:
    """Whether ``line`` has no bytes that stand for nothing in UTF-8."""
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True
