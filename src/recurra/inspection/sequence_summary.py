"""The evaluation of a model of sequences, and its data, as sentences and tables of text."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.wording import count, plural
from recurra.data import AudioFeatures, Labelled
from recurra.evaluation import (
    Comparison,
    LanguageEvaluation,
    MusicEvaluation,
    RegressionEvaluation,
    TaggingEvaluation,
    TranscriptionEvaluation,
)
from recurra.inspection import tables, wording
from recurra.inspection.tables import Score, Table
from recurra.inspection.wording import MODEL, metric_texts
from recurra.runtime.sequence_model import SequenceModel

ITEMS = {"text": "text", "tokens": "sentence", "series": "series", "audio": "clip"}
"""What one sequence of each kind is called."""

STEPS = {"text": "token", "tokens": "word", "series": "step", "audio": "frame"}
"""What one step of it is called."""


def names(evaluation: Comparison) -> list[str]:
    """The columns of `scores`: the model, then the baselines."""
    return [MODEL, *evaluation.baselines]


def scores(evaluation: Comparison) -> list[Score]:
    """Every metric of the model and the baselines, on the same labels; without those that none has."""
    return tables.score_rows(evaluation.table, {MODEL: evaluation.metrics, **evaluation.baselines})


def baseline_lines(evaluation: Comparison) -> list[str]:
    """How each baseline was made, and why there is none where it could not be."""
    return tables.baseline_lines(evaluation.baseline_notes, evaluation.failed_baselines)


def verdict(evaluation: Comparison) -> list[str]:
    """How the model did beside the best baseline, by the metric that is read first, in sentences."""
    metric = evaluation.METRICS[0]
    ours, name = evaluation.metrics[metric.key], best_baseline(evaluation, metric.key)
    theirs = math.nan if name is None else evaluation.baselines[name][metric.key]
    texts = metric_texts(metric, [ours, theirs])
    scored = count(evaluation.count, evaluation.COUNTED)
    error = standard_error(evaluation)
    if isinstance(evaluation, RegressionEvaluation):
        sentence = f"The predictions are off by {texts[0]} on average (MAE over {scored})"
        change = wording.change(ours, theirs)
    elif isinstance(evaluation, TranscriptionEvaluation):
        words = count(evaluation.words, "word")
        chance = f" (standard error {100 * error:.1f} %)" if math.isfinite(error) else ""
        sentence = f"The word error rate is {texts[0]}{chance} over {words} in {scored}"
        change = wording.change(ours, theirs)
    elif isinstance(evaluation, LanguageEvaluation | MusicEvaluation):
        chance = f" (standard error {rounded(error)})" if math.isfinite(error) else ""
        sentence = f"Over {scored}, the model is surprised by {texts[0]} nats a {evaluation.COUNTED}{chance}"
        change = wording.change(ours, theirs)
    else:
        sentence = f"Of {scored}, {texts[0]} are predicted rightly (standard error {100 * error:.1f} %)"
        change = _points(ours - theirs)
    if name is None:
        return [f"{sentence}; there is no baseline."]
    return [
        f"{sentence}, {change} the best baseline, {name} ({texts[1]}).",
        *_how_sure(abs(ours - metric.best) - abs(theirs - metric.best), error, name, evaluation.COUNTED),
        *_of_spans(evaluation),
    ]


def best_baseline(evaluation: Comparison, key: str) -> str | None:
    """The baseline that is best by the metric ``key``, or None."""
    metric = next(metric for metric in evaluation.METRICS if metric.key == key)
    values = {name: found[key] for name, found in evaluation.baselines.items()}
    return next(iter(wording.best_of(metric, values)), None)


def standard_error(evaluation: Comparison) -> float:
    """Of the metric that is read first; or of the MAE less that of the best baseline."""
    if isinstance(evaluation, LanguageEvaluation | MusicEvaluation):
        return evaluation.standard_error
    if isinstance(evaluation, TranscriptionEvaluation):
        return evaluation.word_error_rate_standard_error
    if not isinstance(evaluation, RegressionEvaluation):
        return evaluation.accuracy_standard_error  # pyright: ignore[reportAttributeAccessIssue]
    size = np.abs(evaluation.residuals)
    name = best_baseline(evaluation, "mae")
    if name is not None:
        size = size - np.abs(evaluation.labels - evaluation.baseline_points[name])
    return float(size.std() / math.sqrt(len(size)))


def parts(by_name: Mapping[str, Labelled | None], *, label: str = "label") -> Table:
    """The parts of the data: sequences, steps that have labels, different labels, and groups.

    ``label`` is what a label is called.
    """
    present = {name: part for name, part in by_name.items() if part is not None}
    first = next(iter(present.values()))
    rows = {name: [len(part)] for name, part in present.items()}
    columns = [plural(ITEMS[first.sequences.kind]).capitalize()]
    if isinstance(first.labels, list) and not isinstance(first.labels[0], float):
        tagged = isinstance(first.labels[0], list)
        different = f"Different {plural(label)}"
        columns += [plural(label).capitalize(), different] if tagged else [different]
        for name, part in present.items():
            labels: list[Any] = part.labels  # pyright: ignore[reportAssignmentType]
            if tagged:
                labels = [tag for row in labels for tag in row]
                rows[name].append(len(labels))
            rows[name].append(len(set(labels)))
    if any(part.groups is not None for part in present.values()):
        columns.append("Groups")
        for name, part in present.items():
            rows[name].append(len(set(part.groups or [])))
    return Table(
        ["Part", *columns], [[name, *(f"{amount:,}" for amount in row)] for name, row in rows.items()]
    )


def data_lines(
    model: SequenceModel, by_name: Mapping[str, Labelled | None], notes: tuple[str, ...]
) -> list[str]:
    """What people should know about the data, each once: the ``notes`` of the fit, and those of the parts."""
    lines = list(notes)
    for name, part in by_name.items():
        if part is None:
            continue
        own = [note for note in part.notes if note not in notes]
        if isinstance(model.features, AudioFeatures):
            own += model.features.resampled(part.sequences.items)
        lines += [f"{note.removesuffix('.')} ({name} part)." for note in own]
    return list(dict.fromkeys(lines))


def rounded(error: float) -> str:
    """An error with two significant figures."""
    return f"{error:.2g}" if math.isfinite(error) else wording.MISSING


def _points(difference: float) -> str:
    """A difference of shares in words that go before "the best baseline"."""
    size = f"{100 * abs(difference):.1f}"
    if difference == 0:
        return "as many as by"
    return f"{size} percentage points {'more' if difference > 0 else 'fewer'} than by"


def _how_sure(behind: float, error: float, name: str, counted: str) -> list[str]:
    """What to make of a model that is ``behind`` the baseline ``name``, or below 0 ahead of it."""
    close = abs(behind) < 2 * error
    if behind < 0:
        return ["That is less than two standard errors: it may be chance."] if close else []
    if close:
        return [f"They can't be told apart by so few {plural(counted)}; {name} is the simpler choice."]
    return [f"Here {name} is the better choice, unless other settings or more data change that."]


def _of_spans(evaluation: Comparison) -> list[str]:
    if not isinstance(evaluation, TaggingEvaluation) or evaluation.spans is None:
        return []
    total, name = evaluation.spans.total, best_baseline(evaluation, "span_f1")
    others = [evaluation.baselines[name]["span_f1"]] if name else []
    ours, *theirs = (f"{value:.3f}" for value in (total.f1, *others))
    sentence = f"Of {count(total.support, 'span')}, whole ones are found with an F1 of {ours}"
    return [f"{sentence}; the best baseline, {name}, has {theirs[0]}." if name else f"{sentence}."]
