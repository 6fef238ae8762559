"""Model cards of labelled sequences, see `recurra.tasks.card`."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from recurra.data import Labelled
from recurra.evaluation import Comparison
from recurra.tasks.card import common_card, plain
from recurra.tasks.sequence_parts import Parts

_USES = {
    "classify": "The class of a sequence, out of those listed, on data made as the training data was.",
    "regress": "A number for a sequence, on data made and measured as the training data was.",
    "tag": "A label for each step of a sequence, on data made and labelled as the training data was.",
    "transcribe": "What is said in a sequence, in the words of the training data, on data made as that was.",
}
_RISKS = (
    "The test part tells how good the model is on data of the same origin; on data of another origin, or of "
    "a later time, it may be worse.",
    "What is uneven in the training data, such as who wrote or spoke it, is uneven in what the model does; "
    "score it for each group that matters before relying on it.",
    "A sequence that is like nothing in the training data gets an answer, too, and at times a confident one.",
)


def sequence_card(
    task: str,
    parts: Mapping[str, Labelled | None],
    evaluation: Comparison | None,
    *,
    settings: Mapping[str, Any],
    notes: tuple[str, ...],
) -> dict[str, Any]:
    """The card of a model of labelled sequences, as plain JSON values.

    Args:
        task: "classify", "regress", "tag" or "transcribe".
        parts: "training", "validation" and "test", None for one that there is not.
        evaluation: of the test part.
        settings: the estimator's arguments by name.
        notes: what was done to the data.
    """
    training = parts["training"]
    scores = {} if evaluation is None else evaluation.to_dict()
    return {
        "data": {
            "kind": training.sequences.kind if training else None,
            "fingerprints": {
                name: data_fingerprint(part) for name, part in parts.items() if part is not None
            },
            "sequences": {name: len(part) for name, part in parts.items() if part is not None},
            "notes": list(notes),
        },
        "metrics": scores.get("metrics"),
        "baselines": scores.get("baselines"),
        "failed_baselines": scores.get("failed_baselines"),
        **common_card(settings),
        "intended_use": _USES[task],
        "risks": list(_RISKS),
    }


def run_fingerprint(parts: Parts, arguments: Mapping[str, Any], pretrained: str | None = None) -> str:
    """SHA-256 of what makes a run's weights: data, the estimator's arguments, the network to begin with."""
    learnt = [(parts.training, parts.training_weights), (parts.validation, parts.validation_weights)]
    contents = {
        "data": [data_fingerprint(part) for part, _ in learnt],
        "weights": [weights.tolist() for _, weights in learnt],
        "settings": {name: plain(value) for name, value in arguments.items()},
        "pretrained": pretrained,
    }
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def data_fingerprint(part: Labelled) -> str:
    """SHA-256, in hexadecimal, of the sequences and their labels."""
    labels: Any = part.labels
    contents = [part.sequences.fingerprint(), [plain(own) for own in labels]]
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()
