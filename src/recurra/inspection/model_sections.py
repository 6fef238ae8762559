"""The sections of every page about a fitted model: scores beside the baselines, training, settings."""

from collections.abc import Mapping
from typing import Any

from recurra._base.wording import count
from recurra.evaluation import Comparison
from recurra.inspection import figures, sequence_summary
from recurra.inspection.section import Section
from recurra.inspection.training import training_story
from recurra.inspection.wording import settings
from recurra.runtime.model import Model

_PARTS = {
    "embedding": "embedded symbols",
    "words": "words with their characters",
    "bag": "naive Bayes on words and pairs beside it",
    "crf": "conditional random field",
    "attention_pool": "attention pooling",
    "tied": "one table for the symbols that enter and those that are foretold",
}


def network_words(spec: Mapping[str, Any]) -> str:
    """The parts of a network in a line."""
    if "encoder" in spec:
        return _encoder_decoder_words(spec)
    texts = []
    for part in spec["layers"]:
        if part["type"] == "ensemble":
            texts.append(f"mean of {count(part['count'], 'network')}, each of {network_words(part)}")
        elif part["type"] == "recurrent":
            texts.append(_recurrent_words(part))
        elif part["type"] == "pool":
            texts.append(f"{part['how'].replace('_', ' and ')} pooling")
        elif part["type"] in _PARTS:
            texts.append(_PARTS[part["type"]])
    return "; ".join(texts)


def _recurrent_words(part: Mapping[str, Any]) -> str:
    cell = "RNN" if part["cell"] == "rnn" else part["cell"].upper()
    both = ", both directions" if part.get("bidirectional") else ", forwards only"
    return f"{cell}, {count(part['hidden_size'], 'unit')}, {count(part['num_layers'], 'layer')}{both}"


def _encoder_decoder_words(spec: Mapping[str, Any]) -> str:
    encoder, decoder = spec["encoder"], spec["decoder"]
    attention = decoder["attention"]
    texts = [
        f"encoder {_recurrent_words(encoder['layer'])}",
        f"decoder {_recurrent_words(decoder['layer'])}",
        f"{attention['type']} attention" if attention else "no attention",
    ]
    if attention and decoder["input_feeding"]:
        texts.append("input feeding")
    if spec["shared"]:
        texts.append("one table for the symbols of sources and targets")
    if decoder["tied"]:
        texts.append(_PARTS["tied"])
    return "; ".join(texts)


def beside_baselines(evaluation: Comparison, counted: str | None = None) -> Section:
    """Every metric of the model and of each baseline; ``counted`` is what all were given, if not labels."""
    scored = count(evaluation.count, counted or evaluation.COUNTED)
    content = {
        "note": f"Every column is scored on the same {scored}, which training never saw.",
        "names": sequence_summary.names(evaluation),
        "scores": sequence_summary.scores(evaluation),
        "lines": [*sequence_summary.baseline_lines(evaluation), *evaluation.notes],
    }
    return Section("scores", "Beside the baselines", "scores.html", content)


def training_section(model: Model, loss: str) -> Section:
    """What happened in training; ``loss`` says what the loss is."""
    story = training_story(model.history)
    figure = figures.learning_figure(story.epochs, story.loss, story.validation_loss, story.kept)
    content = {"story": story, "loss": loss}
    return Section("training", "Training", "training.html", content, {"learning-figure": figure})


def settings_section(model: Model) -> Section:
    """The estimator's arguments, versions and fingerprints."""
    card = model.card
    versions = [
        *card["versions"].items(),
        ("trained on", card["date"]),
        *((f"fingerprint of the {name} part", text) for name, text in card["data"]["fingerprints"].items()),
        ("fingerprint of the model", model.fingerprint),
    ]
    content = {"settings": settings(card["settings"]), "versions": versions}
    return Section("settings", "Settings and versions", "settings.html", content)


def use_section(model: Model, shell: str, python: str) -> Section:
    """Commands and code that ask the model, and what not to ask it."""
    content = {
        "shell": shell,
        "python": python,
        "intended_use": model.card["intended_use"],
        "risks": model.card["risks"],
    }
    return Section("use", "Use the model from here", "use.html", content)
