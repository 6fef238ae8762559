"""The section about the model itself: its parts, and the eigenvalues of what its states are multiplied by."""

from collections.abc import Sequence
from typing import Any

from recurra.inspection.inside.inspection import Inspection
from recurra.inspection.inside.weights import RecurrentMatrix
from recurra.inspection.inside_page.spectrum import spectrum_choice
from recurra.inspection.model_sections import network_words
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import number

_GATES = {
    "i": "input gate",
    "f": "forget gate",
    "g": "candidate",
    "o": "output gate",
    "r": "reset gate",
    "z": "update gate",
    "n": "candidate",
    "h": "state",
}


def weights_section(inspection: Inspection) -> Section:
    """Facts, and the recurrent matrices gate by gate."""
    matrices = inspection.matrices
    drawn: dict[str, Any] = {}
    if matrices:
        drawn["matrix"] = {"choices": [spectrum_choice(one.eigenvalues) for one in matrices]}
    content = {
        "facts": facts(inspection),
        "names": [f"{one.name}, {_GATES[one.gate]}" for one in matrices],
        "table": matrix_table(matrices),
    }
    return Section("weights", "The model and its weights", "weights.html", content, drawn)


def facts(inspection: Inspection) -> list[tuple[str, str]]:
    """What the model is, by name."""
    return [
        ("Model", inspection.name),
        ("Task", inspection.task),
        ("Network", network_words(inspection.spec)),
        ("Weights", f"{inspection.parameters:,}"),
        ("Trained on", inspection.card.get("date") or "unknown"),
        ("Fingerprint", inspection.fingerprint),
    ]


def matrix_table(matrices: Sequence[RecurrentMatrix]) -> Table:
    """How much each recurrent matrix stretches what it is given."""
    rows = [[one.name, _GATES[one.gate], number(one.radius), number(one.norm)] for one in matrices]
    return Table(["Matrix", "Of", "Largest |eigenvalue|", "Largest singular value"], rows)
