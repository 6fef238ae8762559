"""The report of an encoder-decoder: how good its answers are, where it looks, and the way on."""

import math

from recurra.data import Pairs, TextFeatures
from recurra.evaluation import TranslationEvaluation
from recurra.inspection import pair_usage, sequence_summary
from recurra.inspection.answer_sections import (
    answers_section,
    differing_section,
    length_section,
    sentence_scores,
)
from recurra.inspection.attention_section import attention_section
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
from recurra.inspection.side_data import pair_data_section, unit_of
from recurra.inspection.wording import metric_texts
from recurra.runtime.translation import SourceFeatures, TranslationModel

_UNTESTED = "There was no test part, so how good the model is on sources that it has not seen is not known."
_LOSS = "−ln of the probability of the right token, in training smoothed, where so set, and with dropout"


def pair_report(estimator: Fitted[TranslationModel, Pairs | None], *, data: str, path: str) -> str:
    """One self-contained HTML page about a fitted `recurra.Seq2Seq`.

    Args:
        estimator: fitted here, and not loaded: the page shows pairs of its test part.
        data: what to call the data, such as its path.
        path: where the model lies, or will.

    Raises MissingExtraError without plotly, jinja2 and sacrebleu.
    """
    model, evaluation = estimator.model_, estimator.evaluation_
    parts = {name: part for name, part in estimator.parts_.items() if part is not None}
    sections = [
        _asked(estimator, data),
        *(_scored(model, evaluation, parts["test"]) if evaluation is not None else []),
        pair_data_section(model, parts, estimator.notes_),
        training_section(model, _LOSS),
        settings_section(model),
        use_section(
            model, pair_usage.shell(model, path, data), pair_usage.python(model, path, parts["training"])
        ),
    ]
    return sections_page(
        sections,
        title=_title(model),
        data=data,
        verdict=[_UNTESTED] if evaluation is None else sequence_summary.verdict(evaluation),
        headline=[] if evaluation is None else _headline(evaluation),
    )


def _title(model: TranslationModel) -> str:
    return f"The answer to each {sequence_summary.ITEMS[model.kind]}"


def _asked(estimator: Fitted[TranslationModel, Pairs | None], data: str) -> Section:
    model = estimator.model_
    shared = " (the same)" if model.spec["shared"] else ""
    weights = sum(tensor.size for tensor in estimator.artifact_.tensors.values())
    facts = [
        ("Predict", _title(model)),
        ("From", _side(model.source)),
        ("To", f"{_side(model.target)}{shared}"),
        ("Data", data),
        ("Network", network_words(model.spec)),
        ("Weights", f"{weights:,}"),
    ]
    return Section("asked", "What was asked", "facts.html", {"facts": facts})


def _side(features: SourceFeatures) -> str:
    if not isinstance(features, TextFeatures):
        return f"arrays of {features.size:,} columns"
    return f"texts, {unit_of(features)} by {unit_of(features)}, out of {features.size - 1:,}"


def _scored(model: TranslationModel, evaluation: TranslationEvaluation, part: Pairs) -> list[Section]:
    scores = sentence_scores(evaluation)
    return [
        beside_baselines(evaluation, "source"),
        attention_section(model, part),
        answers_section(model, evaluation, part, scores),
        length_section(model, evaluation),
        differing_section(evaluation, part, scores),
    ]


def _headline(evaluation: TranslationEvaluation) -> list[tuple[str, str, str]]:
    """The figures to read first: name, value, note."""
    first = sequence_summary.read_first(evaluation)
    name = sequence_summary.best_baseline(evaluation, first.key)
    values = [evaluation.metrics[first.key], *([evaluation.baselines[name][first.key]] if name else [])]
    texts = metric_texts(first, values)
    error = first.scale * sequence_summary.standard_error(evaluation)
    chance = f"standard error {error:.1f}{first.suffix}" if math.isfinite(error) else ""
    shown = [(first.label, texts[0], chance)]
    if name:
        shown.append(("Best baseline", texts[1], name))
    others = [metric for metric in evaluation.table if metric.key in ("exact", "token_accuracy")]
    other = next(metric for metric in others if metric.key != first.key)
    meaning = other.meaning.split(":")[0]
    shown.append((other.label, metric_texts(other, [evaluation.metrics[other.key]])[0], meaning))
    shown.append(("Answers scored", f"{evaluation.count:,}", ""))
    return shown
