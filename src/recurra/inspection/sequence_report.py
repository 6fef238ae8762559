"""The report of a model of labelled sequences: how good it is, where it errs, and the way on."""

from typing import Any

import numpy as np

from recurra._base.wording import count, plural
from recurra.data import Labelled
from recurra.evaluation import (
    ClassificationEvaluation,
    Comparison,
    RegressionEvaluation,
    TaggingEvaluation,
    TranscriptionEvaluation,
)
from recurra.inspection import sequence_summary, usage
from recurra.inspection.class_sections import (
    confidence_section,
    confusion_section,
    errors_note,
    scores_section,
)
from recurra.inspection.data_section import data_section
from recurra.inspection.fitted import Fitted
from recurra.inspection.model_sections import (
    beside_baselines,
    network_words,
    settings_section,
    training_section,
    use_section,
)
from recurra.inspection.page import sections_page
from recurra.inspection.section import Section
from recurra.inspection.sequence_summary import ITEMS, STEPS
from recurra.inspection.showing import Example, show
from recurra.inspection.symbols import visible
from recurra.inspection.tag_sections import tag_sections
from recurra.inspection.transcript_sections import transcript_sections
from recurra.inspection.value_sections import value_sections
from recurra.inspection.wording import metric_texts
from recurra.runtime import TranscriptionModel
from recurra.runtime.sequence_model import SequenceModel

_MOST_ERRORS = 12
_ASKED = {
    "classify": "The class of each {item}",
    "regress": "A number for each {item}",
    "tag": "A tag for each {step} of a {item}",
    "transcribe": "What each {item} says",
}
_LOSSES = {
    "classify": "cross-entropy",
    "regress": "pinball loss in the scaled units that the network sees",
    "tag": "−ln of the probability of the actual tags",
    "transcribe": "−ln of the probability of the actual text, for each of its symbols",
}


def sequence_report(estimator: Fitted[SequenceModel, Labelled | None], *, data: str, path: str) -> str:
    """One self-contained HTML page about a fitted estimator of labelled sequences.

    Args:
        estimator: fitted here, and not loaded: the page shows sequences of its test part.
        data: what to call the data, such as its path.
        path: where the model lies, or will.

    Raises MissingExtraError without plotly and jinja2.
    """
    model, evaluation, parts = estimator.model_, estimator.evaluation_, estimator.parts_
    sections = [
        _asked(model, data),
        *(_scored(model, evaluation, parts["test"]) if evaluation is not None and parts["test"] else []),
        data_section(model, parts, estimator.notes_),
        training_section(model, _LOSSES[model.task]),
        settings_section(model),
        use_section(model, usage.shell(model, path, data), usage.python(model, path, data, parts)),
    ]
    return sections_page(
        sections,
        title=_asked_for(model),
        data=data,
        verdict=_verdict(evaluation),
        headline=[] if evaluation is None else _headline(evaluation),
    )


def _asked_for(model: SequenceModel) -> str:
    return _ASKED[model.task].format(item=ITEMS[model.kind], step=STEPS[model.kind])


def _verdict(evaluation: Comparison | None) -> list[str]:
    if evaluation is None:
        return ["There was no test part, so how good the model is on data that it has not seen is not known."]
    return sequence_summary.verdict(evaluation)


def _headline(evaluation: Comparison) -> list[tuple[str, str, str]]:
    """The figures to read first: name, value, note."""
    metric = sequence_summary.read_first(evaluation)
    name = sequence_summary.best_baseline(evaluation, metric.key)
    values = [evaluation.metrics[metric.key], *([evaluation.baselines[name][metric.key]] if name else [])]
    texts = metric_texts(metric, values)
    regression = isinstance(evaluation, RegressionEvaluation)
    error = f"{100 * sequence_summary.standard_error(evaluation):.1f}"
    shown = [(metric.label, texts[0], "in the label's unit" if regression else f"standard error {error} %")]
    if name:
        shown.append(("Best baseline", texts[1], name))
    keys = ["coverage_80", "r2"] if regression else ["span_f1", "macro_f1", "char_error_rate"]
    other = next(
        (
            m
            for key in keys
            for m in evaluation.table
            if m.key == key and np.isfinite(evaluation.metrics[key])
        ),
        None,
    )
    if other is not None:
        text = metric_texts(other, [evaluation.metrics[other.key]])[0]
        meaning = {
            "coverage_80": "of the labels in the 10–90 % interval; 80 % would be right",
            "char_error_rate": "of characters, the blanks between words among them",
        }
        shown.append((other.label, text, meaning.get(other.key, other.meaning.split(":")[0])))
    match evaluation:
        case TaggingEvaluation():
            among = f"in {count(evaluation.sequences, 'sequence')}"
        case TranscriptionEvaluation():
            among = f"of {count(evaluation.words, 'word')}"
        case _:
            among = ""
    shown.append((f"{plural(evaluation.COUNTED).capitalize()} scored", f"{evaluation.count:,}", among))
    return shown


def _asked(model: SequenceModel, data: str) -> Section:
    facts = [("Predict", _asked_for(model))]
    names = [str(name) for name in getattr(model, "classes", [])]
    if isinstance(model, TranscriptionModel):
        names = [visible(symbol) for symbol in model.symbols.vocabulary[1:]]
    if names:
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        facts.append(("Out of", f"{len(names)}: {', '.join(names[:20])}{more}"))
    else:
        facts.append(("Interval", "10 % to 90 % quantile, around the median"))
    facts += [("Data", data), ("Network", network_words(model.spec))]
    return Section("asked", "What was asked", "facts.html", {"facts": facts})


def _scored(model: Any, evaluation: Any, part: Labelled) -> list[Section]:
    match evaluation:
        case ClassificationEvaluation():
            own = [
                confusion_section(evaluation.classes, evaluation.confusion, plural(ITEMS[model.kind])),
                scores_section("classes", "Class by class", evaluation.by_class, "class"),
                confidence_section(evaluation.reliability),
                _errors(model, evaluation, part),
            ]
        case TranscriptionEvaluation():
            own = transcript_sections(model, evaluation, part)
        case RegressionEvaluation():
            own = value_sections(model, evaluation, part)
        case _:
            own = tag_sections(model, evaluation, part)
    return [beside_baselines(evaluation), *own]


def _errors(model: SequenceModel, evaluation: ClassificationEvaluation, part: Labelled) -> Section:
    predicted, odds = evaluation.predicted, evaluation.probabilities.max(axis=1)
    wrong = np.array([a != b for a, b in zip(evaluation.labels, predicted)])
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(-odds[rows], kind="stable")]
    examples = [
        Example(
            part.names[row],
            [
                ("predicted", f"{predicted[row]} ({100 * odds[row]:.1f} %)"),
                ("actual", evaluation.labels[row]),
            ],
            show(model, part, row),
        )
        for row in rows[:_MOST_ERRORS].tolist()
    ]
    note = errors_note(len(rows), evaluation.count, len(examples), ITEMS[model.kind])
    return Section("errors", "The worst errors", "examples.html", {"groups": [("", examples)], "note": note})
