"""Model cards of encoder-decoders, see `recurra.tasks.card`."""

from collections.abc import Mapping
from typing import Any

from recurra.data import Pairs
from recurra.evaluation import Comparison
from recurra.tasks.card import common_card

_USE = "Texts that sources such as those of the training part become: what they mean, answer or show."
_RISKS = (
    "What the model writes can be fluent and false: it may leave out, add or turn round what a source says. "
    "Mark it as written by a model, and have a person read what matters.",
    "A source that is like nothing in the training part gets an answer, too, and at times a confident one.",
    "What the training pairs say of people, well or ill, the model says, too.",
    "The test part tells how good the model is on pairs of the same origin; on others it may be worse.",
)


def seq2seq_card(
    parts: Mapping[str, Pairs | None],
    evaluation: Comparison | None,
    *,
    settings: Mapping[str, Any],
    notes: tuple[str, ...],
) -> dict[str, Any]:
    """The card of an encoder-decoder, as plain JSON values.

    Args:
        parts: "training", "validation" and "test", None for one that there is not.
        evaluation: of the test part.
        settings: the estimator's arguments by name.
        notes: what was done to the data.
    """
    known = {name: part for name, part in parts.items() if part is not None}
    scores = {} if evaluation is None else evaluation.to_dict()
    return {
        "data": {
            "kind": known["training"].sources.kind,
            "fingerprints": {name: part.fingerprint() for name, part in known.items()},
            "pairs": {name: len(part) for name, part in known.items()},
            "notes": list(notes),
        },
        "metrics": scores.get("metrics"),
        "baselines": scores.get("baselines"),
        "failed_baselines": scores.get("failed_baselines"),
        **common_card(settings),
        "intended_use": _USE,
        "risks": list(_RISKS),
    }
