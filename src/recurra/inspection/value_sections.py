"""The sections about predicted numbers: against the actual ones, residuals, the largest errors."""

import numpy as np

from recurra._base.wording import count
from recurra.data import Labelled
from recurra.evaluation import RegressionEvaluation
from recurra.inspection import figures, sequence_figures
from recurra.inspection.section import Section
from recurra.inspection.showing import Example, show
from recurra.inspection.tables import Table
from recurra.inspection.wording import numbers
from recurra.runtime.sequence_model import SequenceModel

_MOST_EXAMPLES = 12
_BINS = 8


def value_sections(model: SequenceModel, evaluation: RegressionEvaluation, part: Labelled) -> list[Section]:
    """All of them, for the ``part`` that was scored."""
    return [_against(evaluation), _residuals(evaluation), _errors(model, evaluation, part)]


def _against(evaluation: RegressionEvaluation) -> Section:
    actual, point = evaluation.labels, evaluation.estimates.point
    quantiles = evaluation.estimates.quantiles
    shown = figures.every(len(actual), 1500)
    order = np.argsort(point, kind="stable")
    groups = [rows for rows in np.array_split(order, min(_BINS, len(order))) if len(rows)]
    resolution = float(np.std(actual)) / 10 or None
    texts = numbers(
        [float(v) for rows in groups for v in (point[rows].mean(), actual[rows].mean())],
        resolution=resolution,
    )
    rows = [
        [f"{i + 1} of {len(groups)}", f"{len(rows):,}", *texts[2 * i : 2 * i + 2]]
        for i, rows in enumerate(groups)
    ]
    content = {
        "note": f"{count(len(actual), 'label')}"
        + ("." if len(shown) == len(actual) else f", {len(shown):,} of them drawn."),
        "table": Table(["From the lowest predicted", "Labels", "Mean predicted", "Mean actual"], rows),
    }
    drawn = sequence_figures.against_figure(
        actual[shown], point[shown], None if quantiles is None else quantiles[shown][:, [0, -1]]
    )
    return Section("against", "Predicted against actual", "against.html", content, {"against-figure": drawn})


def _residuals(evaluation: RegressionEvaluation) -> Section:
    found = evaluation.residuals
    low, middle, high = np.quantile(found, [0.1, 0.5, 0.9])
    largest = float(found[np.abs(found).argmax()])
    mean, middle, spread, low, high, worst = numbers(
        map(float, [found.mean(), middle, found.std(), low, high, largest]),
        resolution=float(high - low) / 10 or None,
    )
    facts = [
        ("Mean (bias)", mean),
        ("Median", middle),
        ("Standard deviation", spread),
        ("Inner 80 %", f"{low} to {high}"),
        ("Largest", worst),
    ]
    quantiles, rows = evaluation.estimates.quantiles, []
    if quantiles is not None:
        for level, column in zip(evaluation.levels, quantiles.T):
            below = float((evaluation.labels < column).mean())
            rows.append(
                [f"below the {100 * level:g} % quantile", f"{100 * level:.1f} %", f"{100 * below:.1f} %"]
            )
    content = {"facts": facts, "calibration": Table(["Actual value", "should be", "was"], rows)}
    return Section(
        "residuals",
        "Residuals",
        "residuals.html",
        content,
        {"histogram-figure": figures.histogram_figure(found)},
    )


def _errors(model: SequenceModel, evaluation: RegressionEvaluation, part: Labelled) -> Section:
    size = np.abs(evaluation.residuals)
    worst = np.argsort(-size, kind="stable")[:_MOST_EXAMPLES]
    estimates = evaluation.estimates
    examples = []
    for row in worst.tolist():
        values = [evaluation.labels[row], estimates.point[row]]
        interval = [] if estimates.quantiles is None else estimates.quantiles[row, [0, -1]].tolist()
        actual, point, *ends = numbers(
            map(float, [*values, *interval]), resolution=float(np.std(evaluation.labels)) / 10 or None
        )
        facts = [("actual", actual), ("predicted", point)]
        if ends:
            facts.append(("10 to 90 %", f"{ends[0]} to {ends[1]}"))
        examples.append(Example(part.names[row], facts, show(model, part, row)))
    note = f"The {count(len(worst), 'label')} that the predictions are farthest from."
    return Section(
        "errors", "The largest errors", "examples.html", {"groups": [("", examples)], "note": note}
    )
