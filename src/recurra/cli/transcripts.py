"""What a transcriber writes: of whole clips, and of one that it hears as it goes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from recurra._base.errors import InputError
from recurra.cli import console
from recurra.cli.models import resampled
from recurra.cli.option import with_options
from recurra.cli.probabilities import Rows
from recurra.cli.steps import sequences

if TYPE_CHECKING:
    from recurra.data import Labelled
    from recurra.runtime import TranscriptionModel

_PIECE = 0.1  # seconds of sound at a time


def of_sequences(
    model: "TranscriptionModel", items: "Labelled", *, beam: int | None, n_best: int
) -> tuple[Rows, Rows]:
    """A row for each text of each of the ``items``, as tables have them; and an object for each item.

    Raises InputError, in the words of the options, for a beam that can't be.
    """
    try:
        transcriptions = model.transcribe(items, beam=beam, n_best=n_best)
    except InputError as error:
        message = with_options(str(error), ["beam", "n_best"]).replace("give beam=", "give --beam ")
        raise InputError(message) from error
    rows, values = [], []
    for name, found in zip(items.names, transcriptions):
        texts = [{"text": own.text, "log_probability": own.log_probability} for own in found.transcripts]
        ranked = [{"name": name, "rank": rank, **own} for rank, own in enumerate(texts, start=1)]
        rows += [{"name": name, "text": texts[0]["text"]}] if n_best == 1 else ranked
        best = found.transcripts[0]
        value = {"name": name, **texts[0], "symbols": list(best.symbols), "times": list(best.times)}
        values.append(value if n_best == 1 else {**value, "n_best": texts})
    return rows, values


def say_heard(model: "TranscriptionModel", data: str, *, json: bool) -> None:
    """Print what the file ``data`` says so far whenever that is more, and since when; - is standard input."""
    for place, sequence in enumerate(_sequences(model, data, json=json)):
        if place and not json:
            console.say()
        heard = ""
        for when, text in _heard(model, sequence):
            if text == heard:
                continue
            heard = text
            if json:
                console.say_json({**when, "text": text})
            else:
                console.say("  ".join([*map(_shown, when.values()), text]))
            console.out.file.flush()
        if json:
            console.say_json({"transcript": heard})


def _sequences(model: "TranscriptionModel", data: str, *, json: bool) -> Iterator[Any]:
    from recurra.data import Sequences, read_clip

    if model.kind != "audio":
        yield from sequences(model, data)
        return
    clip = read_clip(data)
    if not json:
        console.note(resampled(model, Sequences("audio", [clip])))
    yield clip


def _heard(model: "TranscriptionModel", sequence: Any) -> Iterator[tuple[dict[str, float], str]]:
    """What is said up to each step of a series, or each tenth of a second of a clip, and where that is."""
    from recurra.data import resample

    stream = model.stream()
    if model.kind != "audio":
        for step, row in enumerate(sequence, start=1):
            stream.step(row)
            yield {"step": step}, stream.text
        return
    clip = resample(sequence, model.features.rate)  # pyright: ignore[reportAttributeAccessIssue]
    size = round(_PIECE * clip.rate)
    for start in range(0, len(clip.samples), size):
        stream.push(clip.samples[start : start + size])
        yield {"time": min(start + size, len(clip.samples)) / clip.rate}, stream.text


def _shown(value: float) -> str:
    return f"{value:9}" if isinstance(value, int) else f"{value:9.2f} s"
