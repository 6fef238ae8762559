"""The section about training: curves by epoch, and warnings with the usual remedy."""

from collections.abc import Mapping, Sequence
from os.path import commonprefix
from typing import Any

import numpy as np

from recurra.inspection import figures
from recurra.inspection.inside.inspection import Inspection
from recurra.inspection.inside_page.gates_section import COLOURS, DASHES
from recurra.inspection.inside_page.steps import log_axis, safe, whole_axis
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.training import training_story
from recurra.inspection.wording import MISSING, numbers

_PERCENT = {"y": {"tickformat": ".0%", "hoverformat": ".1%", "rangemode": "tozero"}}


def training_section(inspection: Inspection) -> Section:
    """Of what the model's file has; an older file has the losses and gradients alone."""
    story = training_story(inspection.history)
    epochs = inspection.epochs
    drawn = {
        "learning-figure": figures.learning_figure(
            story.epochs, story.loss, story.validation_loss, story.kept
        )
    }
    pictures = []
    for place, title, curves, layout in _pictures(epochs):
        drawn[place] = _figure(story.epochs, curves, **layout)
        pictures.append((place, title, _table(story.epochs, curves)))
    content = {
        "story": story,
        "loss": "on the training part and on the validation part",
        "warnings": inspection.warnings,
        "pictures": pictures,
        "old": "weight_norm" not in epochs[0],
    }
    return Section("training", "Training", "training.html", content, drawn)


def _pictures(
    epochs: Sequence[Mapping[str, Any]],
) -> list[tuple[str, str, dict[str, np.ndarray], dict[str, Any]]]:
    """Of each picture: its id, title, curves (E,) by name and layout; none of what the file does not have."""
    gradients = {
        "before clipping, mean": _curve(epochs, "gradient_norm"),
        "before clipping, largest": _curve(epochs, "gradient_norm_max"),
        "after clipping, mean": _curve(epochs, "clipped_norm"),
    }
    units = {
        f"{name}, {what}": curve
        for what, key in (("dead", "dead_units"), ("saturated", "saturated_units"))
        for name, curve in _nested(epochs, key).items()
    }
    spread = _spread(gradients) > 100
    log = {"y": log_axis(list(gradients.values())) if spread else {"rangemode": "tozero"}}
    found = [
        ("gradient-figure", "Norm of the gradient", gradients, log),
        (
            "clipped-figure",
            "Share of batches whose gradient was clipped",
            {"clipped": _curve(epochs, "clipped")},
            _PERCENT,
        ),
        ("weights-figure", "Norm of all weights", {"weights": _curve(epochs, "weight_norm")}, {}),
        (
            "radius-figure",
            "Largest |eigenvalue| of each recurrent matrix",
            _nested(epochs, "spectral_radius"),
            {"y": {"rangemode": "tozero"}},
        ),
        ("units-figure", "Share of units that are dead (|h| < 0.01) or saturated (> 0.99)", units, _PERCENT),
    ]
    return [
        (place, title, kept, layout)
        for place, title, curves, layout in found
        if (kept := {name: curve for name, curve in curves.items() if np.isfinite(curve).any()})
    ]


def _curve(epochs: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    return np.array([_number(epoch.get(key)) for epoch in epochs])


def _nested(epochs: Sequence[Mapping[str, Any]], key: str) -> dict[str, np.ndarray]:
    """Curves of what each epoch has by name, or by name and gate."""
    found: dict[str, list[float]] = {}
    for e, epoch in enumerate(epochs):
        for name, value in (epoch.get(key) or {}).items():
            own = (
                {f"{name}, {gate}": one for gate, one in value.items()} if isinstance(value, Mapping) else {}
            )
            for label, one in (own or {name: value}).items():
                found.setdefault(label, [np.nan] * len(epochs))[e] = _number(one)
    return {name: np.array(values) for name, values in found.items()}


def _number(value: Any) -> float:
    return np.nan if value is None or isinstance(value, Mapping) else float(value)


def _spread(curves: Mapping[str, np.ndarray]) -> float:
    values = np.concatenate(list(curves.values()))
    values = values[values > 0]
    return float(values.max() / values.min()) if len(values) else 1.0


def _figure(epochs: np.ndarray, curves: Mapping[str, np.ndarray], **layout: Any) -> Any:
    names = [safe(name, 34) for name in _without_common(list(curves))]
    traces = [
        figures.line(
            epochs,
            curve,
            names[i],
            COLOURS[i % len(COLOURS)],
            width=1.9,
            dash=DASHES[i // len(COLOURS) % len(DASHES)],
        )
        for i, curve in enumerate(curves.values())
    ]
    return figures.figure(traces, x=whole_axis(len(epochs)), showlegend=len(traces) > 1, **layout)


def _without_common(names: list[str]) -> list[str]:
    """The names without what all begin with: ``l0, f`` of ``encoder.weight_hh_l0, f``, so that many fit."""
    common = commonprefix(names)  # noqa: RUF071 - letter by letter is right here
    return [name[common.rfind("_") + 1 :] for name in names]


def _table(epochs: np.ndarray, curves: Mapping[str, np.ndarray]) -> Table:
    columns = [numbers(curve) for curve in curves.values()]
    rows = [[f"{epoch}", *row] for epoch, *row in zip(epochs.tolist(), *columns)]
    return Table(["Epoch", *(name[:1].upper() + name[1:] for name in curves)], rows or [[MISSING]])
