"""Print how a model did beside the baselines."""

import math
from typing import TYPE_CHECKING

from rich.text import Text

from recurra.cli import console

if TYPE_CHECKING:
    from recurra.evaluation import Comparison, Evaluation, Metric


def say_scores(evaluation: "Evaluation") -> None:
    """Print every metric of the model and of each baseline, the best in bold, and what they say."""
    from recurra.inspection import summary

    rows = [
        [score.metric.label, *(Text(text, "bold" if best else "") for text, best in score.cells)]
        for score in summary.scores(evaluation)
    ]
    console.say_table(["Metric", *summary.names(evaluation)], rows)
    for line in [*summary.baseline_lines(evaluation), "", *summary.verdict(evaluation)]:
        console.say(line)


def say_comparison(evaluation: "Comparison") -> None:
    """The same of a model of labelled sequences."""
    from recurra.inspection.wording import MODEL, numbers

    by_name = {MODEL: evaluation.metrics, **evaluation.baselines}
    rows = []
    for metric in evaluation.table:
        values = [found[metric.key] for found in by_name.values()]
        if not any(map(math.isfinite, values)):
            continue
        away = [_away(metric, value) for value in values]
        texts = numbers(values, scale=metric.scale, suffix=metric.suffix)
        cells = [Text(text, "bold" if off == min(away) else "") for text, off in zip(texts, away)]
        rows.append([metric.label, *cells])
    console.say_table(["Metric", *by_name], rows)
    made = [f"{name}: {note}." for name, note in evaluation.baseline_notes.items()]
    failed = [f"No {name}: {reason}." for name, reason in evaluation.failed_baselines.items()]
    for line in [*made, *failed, *evaluation.notes, "", *_verdict(evaluation)]:
        console.say(line)


def _verdict(evaluation: "Comparison") -> list[str]:
    """How the model did beside the best baseline by the metric that is read first, in sentences."""
    from recurra.inspection.wording import count, numbers

    metric = evaluation.METRICS[0]
    others = {name: found[metric.key] for name, found in evaluation.baselines.items()}
    name = min(others, key=lambda name: _away(metric, others[name]), default=None)
    ours = evaluation.metrics[metric.key]
    texts = numbers(
        [ours, *([] if name is None else [others[name]])], scale=metric.scale, suffix=metric.suffix
    )
    scored = count(evaluation.count, evaluation.COUNTED)
    error = getattr(evaluation, "accuracy_standard_error", None)
    if error is None:
        sentence = f"{metric.label} {texts[0]} over {scored}"
    else:
        sentence = f"{texts[0]} of {scored} are right (standard error {100 * error:.1f} %)"
    if name is None:
        return [f"{sentence}; there is no baseline."]
    if _away(metric, ours) < _away(metric, others[name]):
        return [f"{sentence}; the best baseline, {name}, has {texts[1]}."]
    return [
        f"{sentence}; the best baseline, {name}, has {texts[1]}.",
        f"Here {name} is no worse, unless other settings or more data change that.",
    ]


def _away(metric: "Metric", value: float) -> float:
    """How far a value is from the metric's best; one that is not defined is farthest."""
    return abs(value - metric.best) if math.isfinite(value) else math.inf
