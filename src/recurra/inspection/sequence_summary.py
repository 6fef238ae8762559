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
    Metric,
    MusicEvaluation,
    RegressionEvaluation,
    TaggingEvaluation,
    TranscriptionEvaluation,
    TranslationEvaluation,
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


def read_first(evaluation: Comparison) -> Metric:
    """The metric to read first: the one in front, or, where that is not defined, the share that is exact.

    BLEU is not defined for answers of a word or two, nor is a word error rate where nothing is said.
    """
    first, exact = evaluation.METRICS[0], [metric for metric in evaluation.table if metric.key == "exact"]
    return exact[0] if exact and not math.isfinite(evaluation.metrics[first.key]) else first


def verdict(evaluation: Comparison) -> list[str]:
    """How the model did beside the best baseline, by the metric that is read first, in sentences."""
    metric = read_first(evaluation)
    ours, name = evaluation.metrics[metric.key], best_baseline(evaluation, metric.key)
    theirs = math.nan if name is None else evaluation.baselines[name][metric.key]
    texts = metric_texts(metric, [ours, theirs])
    error = standard_error(evaluation)
    sentence = _sentence(evaluation, metric, texts[0], error)
    if name is None:
        return [f"{sentence}; there is no baseline."]
    return [
        f"{sentence}, {_beside(metric, ours, theirs)} the best baseline, {name} ({texts[1]}).",
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
    match evaluation:
        case LanguageEvaluation() | MusicEvaluation():
            return evaluation.standard_error
        case TranslationEvaluation() if read_first(evaluation).key == "bleu":
            return evaluation.bleu_standard_error
        case TranscriptionEvaluation() if read_first(evaluation).key == "word_error_rate":
            return evaluation.word_error_rate_standard_error
        case TranslationEvaluation() | TranscriptionEvaluation():
            exact = evaluation.metrics["exact"]
            return math.sqrt(exact * (1 - exact) / evaluation.count)
        case RegressionEvaluation():
            size = np.abs(evaluation.residuals)
            name = best_baseline(evaluation, "mae")
            if name is not None:
                size = size - np.abs(evaluation.labels - evaluation.baseline_points[name])
            return float(size.std() / math.sqrt(len(size)))
        case _:
            return evaluation.accuracy_standard_error  # pyright: ignore[reportAttributeAccessIssue]


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


def _sentence(evaluation: Comparison, metric: Metric, text: str, error: float) -> str:
    """What the model reached, ``text``, and how sure that is."""
    scored = count(evaluation.count, evaluation.COUNTED)

    def chance(shown: str) -> str:
        return f" (standard error {shown})" if math.isfinite(error) else ""

    match evaluation, metric.key:
        case RegressionEvaluation(), _:
            return f"The predictions are off by {text} on average (MAE over {scored})"
        case LanguageEvaluation() | MusicEvaluation(), _:
            counted = evaluation.COUNTED
            return f"Over {scored}, the model is surprised by {text} nats a {counted}{chance(rounded(error))}"
        case _, "bleu":
            return f"The BLEU of {scored} is {text}{chance(f'{error:.1f}')}"
        case TranscriptionEvaluation(), "word_error_rate":
            words = count(evaluation.words, "word")
            return f"The word error rate is {text}{chance(f'{100 * error:.1f} %')} over {words} in {scored}"
    what = "right as a whole" if metric.key == "exact" else "predicted rightly"
    return f"Of {scored}, {text} are {what}{chance(f'{100 * error:.1f} %')}"


def _beside(metric: Metric, ours: float, theirs: float) -> str:
    """How a value compares with another, in words that go before "the best baseline"."""
    if metric.best == 0:
        return wording.change(ours, theirs)
    gap, more = abs(ours - theirs), ours > theirs
    if metric.best == 1:
        points = f"{100 * gap:.1f} percentage points {'more' if more else 'fewer'} than by"
        return points if gap else "as many as by"
    return f"{gap:.1f} {'above' if more else 'below'}" if gap else "the same as"


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
