"""What was found inside a model, in sentences and figures that are read first."""

import numpy as np

from recurra._base.wording import count
from recurra.inspection.inside.formed import Forming
from recurra.inspection.inside.inputs import BOUNDARY
from recurra.inspection.inside.inspection import Inspection
from recurra.inspection.inside_page.steps import listed
from recurra.inspection.wording import listing, number

_SHOWN = 3  # steps that mattered most
_LONGEST = 300  # letters of what it says

_SAYS = {
    "forecast": "It foretells {}.",
    "regress": "It says {}.",
    "tag": "It tags these steps {}.",
    "language-model": "After this it expects {}.",
    "music": "After this it expects {}.",
    "translate": "It writes “{}”.",
    "transcribe": "It hears “{}”.",
}


def verdict(inspection: Inspection) -> list[str]:
    """Sentences in paragraphs, the most important first."""
    trace, forming = inspection.trace, inspection.forming
    paragraphs = [
        [] if forming is None else _says(inspection.task, forming),
        [] if trace is None else [f"It has read {trace.given.what}."],
        [*_mattered(inspection), *_remembers(inspection)],
        [*_training(inspection), *inspection.notes],
    ]
    found = [" ".join(sentences) for sentences in paragraphs if sentences]
    return found or ["No input was given, so this page shows its training and its weights."]


def headline(inspection: Inspection) -> list[tuple[str, str, str]]:
    """The figures to read first: name, value, note."""
    found = [("Weights", f"{inspection.parameters:,}", "set by training")]
    if (memory := inspection.memory) is not None:
        note = f"steps back; {number(memory.fresh_effective)} with fresh weights"
        found.append(("Effective memory", number(memory.effective), note))
    elif inspection.matrices:
        widest = max(inspection.matrices, key=lambda one: one.radius)
        found.append(("Largest |eigenvalue|", number(widest.radius), f"of {widest.name}, gate {widest.gate}"))
    if inspection.trace is None:
        return [*found, ("Epochs", f"{len(inspection.epochs):,}", "of training")]
    steps = inspection.trace.given.steps
    note = f"with {BOUNDARY} before the first" if steps[0] == BOUNDARY else ""
    found.append(("Steps read", f"{len(steps):,}", note))
    shares = [
        (max(one.low, one.high), f"of {one.gate}, {one.layer}")
        for layer in inspection.layers
        for one in layer.saturation
    ]
    if shares:
        share, where = max(shares)
        found.append(("Most saturated", f"{100 * share:.1f} %", where))
    return found


def _says(task: str, forming: Forming) -> list[str]:
    final = forming.final if len(forming.final) <= _LONGEST else f"{forming.final[:_LONGEST]}…"
    if task == "classify":
        share = 100 * forming.values[-1].max()
        found = [f"It says “{final}” ({share:.0f} %)."]
    else:
        found = [_SAYS[task].format(_ahead(forming) if task == "forecast" else final or "nothing")]
    if task == "classify" and forming.flips:
        times = "once" if len(forming.flips) == 1 else f"{len(forming.flips)} times"
        last = f"after {listed(forming.steps, forming.flips[-1:])}"
        found.append(
            f"It changes its mind {times}, {last}."
            if times == "once"
            else f"It changes its mind {times}, at last {last}."
        )
    return found


def _ahead(forming: Forming) -> str:
    """``OT of 9.27 1 step ahead and 9.05 24 steps ahead``, from the medians."""
    when = list(dict.fromkeys(label.rsplit(", ", 1)[-1] for label in forming.labels))
    values = [f"{value} {ahead}" for value, ahead in zip(forming.final.split(" … "), when)]
    return f"{forming.unit} of {listing(values)}"


def _mattered(inspection: Inspection) -> list[str]:
    if not inspection.attributions or len(inspection.attributions[0].steps) <= _SHOWN:
        return []
    one = inspection.attributions[0]
    if not np.any(np.nan_to_num(one.by_step)):
        return []
    most = np.sort(np.argsort(-np.abs(np.nan_to_num(one.by_step)), kind="stable")[:_SHOWN])
    return [f"What mattered most: {listed(one.steps, most.tolist())}."]


def _remembers(inspection: Inspection) -> list[str]:
    if (memory := inspection.memory) is None:
        return []
    trained, fresh = number(memory.effective), number(memory.fresh_effective)
    return [f"It looks back about {trained} steps; with fresh weights it would look back {fresh}."]


def _training(inspection: Inspection) -> list[str]:
    amount = len(inspection.warnings)
    if not amount:
        return []
    return [f"Its training calls for a look ({count(amount, 'warning')}): {inspection.warnings[0].text}"]
