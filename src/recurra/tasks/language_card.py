"""Model cards of language models, see `recurra.tasks.card`."""

import hashlib
from collections.abc import Mapping
from typing import Any

from recurra.data import Corpus, Piece
from recurra.evaluation import Comparison
from recurra.tasks.card import common_card

_TEXT_USE = (
    "Writing texts like those of the training part, for people to read as such, and telling how probable a "
    "text is among them."
)
_MUSIC_USE = "Writing music like that of the training part, and telling how probable a piece is among it."
_TEXT_RISKS = (
    "What the model writes can be fluent and false: it tells which words follow which, not what is so. Mark "
    "it as generated wherever it goes.",
    "It can repeat parts of the training texts word for word, with what is private or protected in them.",
    "What the training texts say of people, well or ill, the model says, too.",
    "The test part tells how good the model is on texts of the same origin; on others it may be worse.",
)
_MUSIC_RISKS = (
    "What the model writes is generated, and no composer's work; mark it so wherever it goes.",
    "It can repeat parts of the training pieces note for note, with whatever rights there are in them.",
    "The test part tells how good the model is on music of the same origin; on other music it may be worse.",
)


def language_card(
    parts: Mapping[str, Any],
    evaluation: Comparison | None,
    *,
    settings: Mapping[str, Any],
    notes: tuple[str, ...],
) -> dict[str, Any]:
    """The card of a language model, as plain JSON values.

    Args:
        parts: "training", "validation" and "test", each a `Corpus` or a list of pieces; None for none.
        evaluation: of the test part.
        settings: the estimator's arguments by name.
        notes: what was done to the data.
    """
    known = {name: part for name, part in parts.items() if part is not None}
    texts = isinstance(parts["training"], Corpus)
    scores = {} if evaluation is None else evaluation.to_dict()
    return {
        "data": {
            "kind": "texts" if texts else "music",
            "fingerprints": {name: part_fingerprint(part) for name, part in known.items()},
            "documents": {name: len(part) for name, part in known.items()},
            "characters" if texts else "steps": {
                name: part.characters if texts else sum(map(len, part)) for name, part in known.items()
            },
            "notes": list(notes),
        },
        "metrics": scores.get("metrics"),
        "baselines": scores.get("baselines"),
        "failed_baselines": scores.get("failed_baselines"),
        **common_card(settings),
        "intended_use": _TEXT_USE if texts else _MUSIC_USE,
        "risks": list(_TEXT_RISKS if texts else _MUSIC_RISKS),
    }


def part_fingerprint(part: Corpus | list[Piece]) -> str:
    """SHA-256, in hexadecimal, of the texts, or of the rolls."""
    if isinstance(part, Corpus):
        return part.fingerprint()
    digest = hashlib.sha256()
    for piece in part:
        digest.update(f"{len(piece)} ".encode() + piece.roll.tobytes())
    return digest.hexdigest()
