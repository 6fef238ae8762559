"""How probable a language model finds texts and music, as rows."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel

Rows = list[dict[str, Any]]


def of_texts(model: "TextModel", data: Path, *, steps: bool) -> tuple[Rows, list[str]]:
    """A row a document, or a token with ``steps``; and notes of how the file was read.

    Bits a character count the end of a document as one, as `recurra.evaluation.LanguageEvaluation` does.
    """
    corpus = model.read(data)
    scores = model.predict(corpus)
    if steps:
        rows = [
            {"document": document, "step": step, "token": token, "log_probability": value}
            for document, score in enumerate(scores, start=1)
            for step, (token, value) in enumerate(
                zip(score.tokens, score.log_probabilities.tolist()), start=1
            )
        ]
        return rows, list(corpus.notes)
    rows = [
        {
            "document": document,
            "log_probability": score.log_probability,
            "tokens": len(score.tokens),
            "unknown": score.unknown,
            "nats": -score.log_probability / len(score.tokens),
            "bits": -score.log_probability / math.log(2) / (len(text) + model.ends),
            **({"text": text} if model.ends else {}),  # else it is the whole file
        }
        for document, (text, score) in enumerate(zip(corpus.texts, scores), start=1)
    ]
    return rows, list(corpus.notes)


def of_music(model: "MusicModel", data: Path, *, steps: bool) -> tuple[Rows, list[str]]:
    """A row a piece, or a step of one with ``steps``; and notes of what was read and left out.

    The first step of a piece is given, not scored, see `recurra.evaluation.MusicEvaluation`.
    """
    pieces, notes = model.read_noted(data)
    found = [row[1:].tolist() for row in model.predict(pieces)]
    if steps:
        rows = [
            {"name": piece.name, "step": step, "log_probability": value}
            for piece, values in zip(pieces, found)
            for step, value in enumerate(values, start=2)
        ]
        return rows, list(notes)
    rows = [
        {
            "name": piece.name,
            "log_probability": sum(values),
            "steps": len(piece),
            "nll": -sum(values) / len(values) if values else None,
        }
        for piece, values in zip(pieces, found)
    ]
    return rows, list(notes)
