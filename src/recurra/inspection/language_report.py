"""The report of a language model, of texts or of music: how good it is, what it writes, and the way on."""

from typing import Any, TypeAlias

from recurra._base.wording import plural
from recurra.data import Corpus
from recurra.evaluation import Comparison, LanguageEvaluation
from recurra.inspection import language_usage, sequence_summary
from recurra.inspection.fitted import Fitted
from recurra.inspection.model_sections import (
    beside_baselines,
    network_words,
    settings_section,
    training_section,
    use_section,
)
from recurra.inspection.music_sections import (
    continuation_section,
    keys_section,
    music_data_section,
    position_section,
)
from recurra.inspection.page import sections_page
from recurra.inspection.section import Section
from recurra.inspection.symbols import UNITS
from recurra.inspection.text_data import text_data_section
from recurra.inspection.text_sections import neighbours_section, samples_section, surprise_section
from recurra.inspection.wording import metric_texts
from recurra.runtime.language import TextModel
from recurra.runtime.music import MusicModel

_Estimator: TypeAlias = Fitted[TextModel | MusicModel, Any]
_PENALTIES = "in training with dropout and penalties, where there are any"
_UNTESTED = "There was no test part, so how good the model is on {} that it has not seen is not known."


def language_report(estimator: _Estimator, *, data: str, path: str) -> str:
    """One self-contained HTML page about a fitted language model.

    Args:
        estimator: fitted here, and not loaded: the page shows stretches of its test part.
        data: what to call the data, such as its path.
        path: where the model lies, or will.

    Raises MissingExtraError without plotly and jinja2.
    """
    model, evaluation = estimator.model_, estimator.evaluation_
    if isinstance(model, TextModel):
        title = f"The next {UNITS[model.features.level]} of a text"
        sections, items = _of_texts(model, estimator, title, data, path), "texts"
    else:
        title = "The next step of a piece of music"
        sections, items = _of_music(model, estimator, title, data, path), "music"
    untested = [_UNTESTED.format(items)]
    return sections_page(
        sections,
        title=title,
        data=data,
        verdict=untested if evaluation is None else sequence_summary.verdict(evaluation),
        headline=[] if evaluation is None else _headline(evaluation),
    )


def _of_texts(model: TextModel, estimator: _Estimator, title: str, data: str, path: str) -> list[Section]:
    evaluation = estimator.evaluation_
    parts: dict[str, Corpus] = {name: part for name, part in estimator.parts_.items() if part is not None}
    training = parts["training"]
    features, unit = model.features, UNITS[model.features.level]
    ids = {name: features(part.texts) for name, part in parts.items()}
    facts = [
        ("Predict", f"{title}, after all those before it"),
        ("A token is", f"a {unit}"),
        ("Out of", f"{features.size - 1:,} {plural(unit)} that training knew"),
        ("Documents", "end, and where they do is predicted, too" if model.ends else "have no end"),
        *_common(estimator, data),
    ]
    return [
        Section("asked", "What was asked", "facts.html", {"facts": facts}),
        *(
            [beside_baselines(evaluation), surprise_section(model, evaluation, parts["test"])]
            if evaluation is not None
            else []
        ),
        samples_section(model, training, ids["training"]),
        *(
            [neighbours_section(model, estimator.artifact_.tensors, ids["training"])]
            if features.level == "word"
            else []
        ),
        text_data_section(model, parts, ids, estimator.notes_),
        training_section(model, f"nats a {unit}, {_PENALTIES}"),
        settings_section(model),
        use_section(
            model,
            language_usage.text_shell(model, path, data, training),
            language_usage.text_python(model, path, training),
        ),
    ]


def _of_music(model: MusicModel, estimator: _Estimator, title: str, data: str, path: str) -> list[Section]:
    evaluation, parts, grid = estimator.evaluation_, estimator.parts_, model.template
    facts = [
        ("Predict", f"{title}, after all those before it"),
        ("Out of", "88 keys, each of which sounds or not, with a probability of its own"),
        ("Grid", f"{grid.steps_per_beat:g} steps a beat, {grid.beats_per_minute:g} beats a minute"),
        *_common(estimator, data),
    ]
    return [
        Section("asked", "What was asked", "facts.html", {"facts": facts}),
        *([] if evaluation is None else [beside_baselines(evaluation)]),
        continuation_section(model, parts),
        keys_section(model, parts["training"]),
        *([] if evaluation is None else [position_section(model, evaluation)]),
        music_data_section(model, parts, estimator.notes_),
        training_section(model, f"nats a step, all keys together, {_PENALTIES}"),
        settings_section(model),
        use_section(model, language_usage.music_shell(path, data), language_usage.music_python(path)),
    ]


def _common(estimator: _Estimator, data: str) -> list[tuple[str, str]]:
    weights = sum(tensor.size for tensor in estimator.artifact_.tensors.values())
    return [
        ("Data", data),
        ("Network", network_words(estimator.model_.spec)),
        ("Weights", f"{weights:,}"),
    ]


def _headline(evaluation: Comparison) -> list[tuple[str, str, str]]:
    """The figures to read first: name, value, note."""
    metric, *others = evaluation.METRICS
    name = sequence_summary.best_baseline(evaluation, metric.key)
    values = [evaluation.metrics[metric.key], *([evaluation.baselines[name][metric.key]] if name else [])]
    texts = metric_texts(metric, values)
    error = f"standard error {sequence_summary.rounded(sequence_summary.standard_error(evaluation))}"
    shown = [(f"Nats a {evaluation.COUNTED}", texts[0], error)]
    if name:
        shown.append(("Best baseline", texts[1], name))
    if isinstance(evaluation, LanguageEvaluation):
        bits = others[0]
        note = f"over {evaluation.characters:,} characters"
        shown.append((bits.label, metric_texts(bits, [evaluation.metrics[bits.key]])[0], note))
    shown.append((f"{plural(evaluation.COUNTED).capitalize()} scored", f"{evaluation.count:,}", ""))
    return shown
