"""What a causal model says after each step of a sequence."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cli import console

if TYPE_CHECKING:
    from recurra.runtime import SequenceModel

_NUMBERS = "numbers between commas"


def say_steps(model: "SequenceModel", data: str, *, json: bool) -> None:
    """Print a line for each step of the sequences in the file ``data``, or in standard input for ``-``."""
    for place, sequence in enumerate(_sequences(model, data)):
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


def _sequences(model: "SequenceModel", data: str) -> Iterator[Any]:
    """Each one's steps: texts, words, rows of numbers, or a clip."""
    if data != "-":
        read = model.read(model.read_file(data, labelled=False))
        yield from map(model.features.tokens, read.items) if model.kind == "text" else read.items  # pyright: ignore[reportAttributeAccessIssue]
    elif model.kind == "series":
        yield from _rows(line.strip() for line in sys.stdin)
    else:
        for line in sys.stdin:
            if line.strip():
                yield model.features.tokens(line.strip()) if model.kind == "text" else line.split()  # pyright: ignore[reportAttributeAccessIssue]


def _rows(lines: Iterable[str]) -> Iterator[Iterator[np.ndarray]]:
    """Sequences of rows, which empty lines end; each row as soon as its line is there."""
    numbered = enumerate(lines, start=1)

    def rows(first: tuple[int, str]) -> Iterator[np.ndarray]:
        yield _row(*first)
        for number, line in numbered:
            if not line:
                return
            yield _row(number, line)

    for number, line in numbered:
        if line:
            yield rows((number, line))


def _row(number: int, line: str) -> np.ndarray:
    try:
        return np.array([float(value) for value in line.split(",")], np.float32)
    except ValueError:
        raise InputError(f"line {number} of standard input must hold {_NUMBERS}, got {line!r}") from None


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
