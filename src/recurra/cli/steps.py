"""What a causal model says after each step of a sequence."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cli import console

if TYPE_CHECKING:
    from recurra.runtime import SequenceModel


def say_steps(model: "SequenceModel", data: str, *, json: bool) -> None:
    """Print a line for each step of the sequences in the file ``data``, or in standard input for ``-``."""
    for place, sequence in enumerate(sequences(model, data)):
        if place and not json:
            console.out.file.write("\n")
        for step, (what, answer) in enumerate(_answers(model, sequence), start=1):
            said = _said(model, answer)
            if json:
                console.say_json({"sequence": place + 1, "step": step, **what, **said})
            else:
                shown = [*(map(str, what.values()) if what else [str(step)]), *map(_shown, said.values())]
                console.out.file.write("\t".join(shown) + "\n")
            console.out.file.flush()


def sequences(model: "SequenceModel", data: str) -> Iterator[Any]:
    """Each one's steps: texts, words, rows of numbers, or a clip."""
    from recurra.data import SeriesFeatures

    if data != "-":
        read = model.read(model.read_file(data, labelled=False))
        yield from map(model.features.tokens, read.items) if model.kind == "text" else read.items  # pyright: ignore[reportAttributeAccessIssue]
    elif isinstance(model.features, SeriesFeatures):
        yield from _rows((line.strip() for line in _lines()), model.features.size)
    else:
        for line in _lines():
            if line.strip():
                yield model.features.tokens(line.strip()) if model.kind == "text" else line.split()  # pyright: ignore[reportAttributeAccessIssue]


def _lines() -> Iterator[str]:
    """The lines of standard input, each as soon as it is there; InputError for one that is no text."""
    if sys.stdin is None:
        raise InputError("- needs lines of standard input, which is closed; give a file, or lines")
    read = 0
    try:
        for line in sys.stdin:
            read += 1
            yield line
    except UnicodeDecodeError:
        raise InputError(f"standard input is not UTF-8 text (after line {read}); give it as UTF-8") from None


def _rows(lines: Iterable[str], columns: int) -> Iterator[Iterator[np.ndarray]]:
    """Sequences of rows, which empty lines end; each row as soon as its line is there."""
    numbered = enumerate(lines, start=1)

    def rows(first: tuple[int, str]) -> Iterator[np.ndarray]:
        yield _row(*first, columns)
        for number, line in numbered:
            if not line:
                return
            yield _row(number, line, columns)

    for number, line in numbered:
        if line:
            yield rows((number, line))


def _row(number: int, line: str, columns: int) -> np.ndarray:
    try:
        row = np.array([float(value) for value in line.split(",")])
    except ValueError:
        row = np.empty(0)
    if len(row) != columns or not (np.abs(row) <= np.finfo(np.float32).max).all():
        wanted = "a finite number" if columns == 1 else f"{columns} finite numbers between commas"
        raise InputError(f"line {number} of standard input must hold {wanted}, got {line!r}")
    return row.astype(np.float32)


def _answers(model: "SequenceModel", sequence: Any) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
    """What each step is called, if not by its number, and the model's answer after it."""
    stream = model.stream()  # pyright: ignore[reportAttributeAccessIssue]
    if model.kind == "audio":
        from recurra.data import resample

        features: Any = model.features
        apart = features.stack * features.hop_samples
        for step, answer in enumerate(stream.push(resample(sequence, features.rate).samples)):
            yield {"time": round((step * apart + features.step_samples) / features.rate, 6)}, answer
        return
    for x in sequence:
        answer = stream.step(x)
        yield ({"token": x} if isinstance(x, str) else {}), answer


def _said(model: "SequenceModel", answer: np.ndarray) -> dict[str, Any]:
    from recurra.runtime import RegressionModel

    if isinstance(model, RegressionModel):
        return {f"q{level:g}": float(value) for level, value in zip(model.levels, answer)}
    best = int(answer.argmax())
    return {"label": model.classes.tolist()[best], "probability": float(answer[best])}  # pyright: ignore[reportAttributeAccessIssue]


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
