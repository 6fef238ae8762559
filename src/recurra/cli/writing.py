"""Texts and music from a language model, to standard output or a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.cli import console
from recurra.cli.drawing import Drawing
from recurra.cli.output import check_output

if TYPE_CHECKING:
    from recurra.data import Piece
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel

_MIDI = (".mid", ".midi")


def write_texts(
    model: "TextModel",
    path: Path,
    prompt: str,
    drawing: Drawing,
    seed: int,
    output: Path | None,
    *,
    json: bool,
) -> None:
    """Print texts piece by piece as they are drawn, or write them to ``output``; for machines one object."""
    from recurra.artifact.writing import replace_file
    from recurra.runtime.language import generator_of

    if output is not None:
        if output.suffix.lower() in _MIDI:
            raise InputError(f"-o must name a text file, as {path} writes texts, got {output}")
        check_output(output, {"model": path}, ())
    options = {**drawing.given("length", "stop"), "sampling": drawing.sampling()}
    samples = positive_int("samples", 1 if drawing.samples is None else drawing.samples)
    generator = generator_of(seed)
    done: list[dict[str, Any]] = []

    def pieces() -> Iterator[str]:
        for sample in range(samples):
            writer = model.write(prompt, **options, seed=generator)
            if sample == 0 and not json:
                console.note([_how_drawn(drawing, seed)])
            elif sample and not model.lines:
                yield "\n"
            yield prompt
            text = ""
            for piece in writer:
                text += piece
                yield piece
            yield "\n"
            told = {"tokens": writer.tokens, "stopped": writer.stopped}
            done.append({"text": text, **told, "log_probability": writer.log_probability})

    if output is not None:
        replace_file(output, "".join(pieces()).encode())
    else:
        for piece in pieces():
            if not json:
                console.write(piece)
    if json:
        console.say_json({**_marked(model, seed), "prompt": prompt, "samples": done})


def write_music(
    model: "MusicModel",
    path: Path,
    prompt: str | None,
    drawing: Drawing,
    seed: int,
    output: Path | None,
    *,
    json: bool,
) -> None:
    """Write a MIDI file of what comes after the one that ``prompt`` names, and say so."""
    from recurra.artifact.writing import replace_file
    from recurra.data import midi_bytes

    drawing.check_music()
    if output is None:
        raise InputError(f"-o must name a MIDI file to write, such as tune.mid, as {path} writes music")
    check_output(output, {"model": path, **({} if prompt is None else {"prompt": Path(prompt)})}, _MIDI)
    before = None if prompt is None else _read(prompt, model)
    (piece,) = model.generate(before, **drawing.given("length", "temperature"), seed=seed)
    replace_file(output, midi_bytes(piece, generated=True))
    notes = [] if before is None else [f"{before.name}: {note}" for note in before.notes]
    notes += [] if piece.roll.any() else ["No key sounds in what was written."]
    if json:
        what = {"prompt": prompt, "file": str(output), "steps": len(piece), "notes": notes}
        console.say_json({**_marked(model, seed), **what})
        return
    console.note([*notes, _how_drawn(drawing, seed)])
    console.say(f"{len(piece)} steps, {piece.steps_per_beat:g} a beat, marked as generated: {output}")


def _marked(model: "TextModel | MusicModel", seed: int) -> dict[str, Any]:
    """What stands before all that a model wrote."""
    return {"generated": True, "model": model.fingerprint, "seed": seed}


def _read(prompt: str, model: "MusicModel") -> "Piece":
    """The MIDI file ``prompt`` on the grid of ``model``; raises InputError where it is none."""
    from recurra.data import read_midi

    try:
        return read_midi(Path(prompt), steps_per_beat=model.template.steps_per_beat)
    except InputError as error:
        raise InputError(f"--prompt must be a MIDI file for music: {error}") from error


def _how_drawn(drawing: Drawing, seed: int) -> str:
    """What people should know to have it written again."""
    if drawing.temperature == 0:
        return "Temperature 0 is greedy: always the most probable, and nothing is drawn, whatever the seed."
    return f"Drawn with --seed {seed}."
