"""The sections about a model of texts: what surprises it, what it writes, and which words it finds alike."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.wording import count
from recurra.data import Corpus, TextFeatures
from recurra.decoding import Sampling
from recurra.evaluation import LanguageEvaluation, Stretch
from recurra.inspection.section import Section
from recurra.inspection.symbols import UNITS, texts_of, visible
from recurra.inspection.tables import Table
from recurra.inspection.wording import numbers
from recurra.runtime.language import TextModel

SEED = 1
"""Of what is generated for the page."""

_LEVELS = (0.5, 0.1, 0.01, 0.001)
_LEGEND = ("50 % or more", "10 to 50 %", "1 to 10 %", "0.1 to 1 %", "below 0.1 %")
_END = "■"
_TEMPERATURES = (0.5, 0.8, 1.0)
_CHARACTERS = 400  # of a generated text, about
_SHORT = 40  # characters of documents that are shown as a list
_MOST_SHORT, _FEW = 12, 2
_LONGEST_SHOWN = 2_000
_OFTEN = 5  # comes a word whose vector says anything
_KNOWN_WELL, _ASKED_OF, _NEAREST = 2_000, 16, 6


@dataclass(frozen=True)
class Told:
    """A token as a page shows it: ``level`` from 0, which was to be expected, to 4, which was not."""

    text: str
    level: int
    note: str


@dataclass(frozen=True)
class Surprise:
    """A stretch of a document, token by token."""

    place: str
    facts: Sequence[tuple[str, str]]
    tokens: Sequence[Told]
    table: Table


@dataclass(frozen=True)
class Written:
    """A text that the model wrote."""

    text: str
    note: str


def surprise_section(model: TextModel, evaluation: LanguageEvaluation, part: Corpus) -> Section:
    """The stretches of the ``part`` that was scored which surprised most."""
    unit = UNITS[model.features.level]
    shown = [_surprise(model.features, evaluation, part, stretch) for stretch in evaluation.stretches]
    legend = [Told(text, level, "") for level, text in enumerate(_LEGEND)]
    content = {
        "stretches": shown,
        "short": all(len(stretch.text) <= _SHORT for stretch in evaluation.stretches),
        "legend": legend,
        "unit": unit,
        "end": _END,
        "between": " " if model.features.level == "word" else "",
    }
    return Section("surprise", "What surprised it most", "surprise.html", content)


def _surprise(
    features: TextFeatures, evaluation: LanguageEvaluation, part: Corpus, stretch: Stretch
) -> Surprise:
    text, row = part.texts[stretch.document], evaluation.log_probabilities[stretch.document]
    tokens, ids = texts_of(features, features.tokens(text)), features([text])[0]
    place = slice(stretch.first, stretch.stop)
    odds = np.exp(row[place])
    ends = len(row) > len(ids) and place.stop == len(row)
    names = tokens[place] + [""] * ends
    unknown = np.append(ids == 0, False)[place]
    level = np.searchsorted(-np.asarray(_LEVELS), -odds, side="left")
    told, rows = [], []
    for i, (name, p) in enumerate(zip(names, odds.tolist())):
        called = visible(name) if name else "end of the document"
        if unknown[i]:
            called += " (unknown)"
        share, nats = _share(p), f"{-row[place][i]:.2f}"
        text = visible(name, spaces=False) + "\n" * name.count("\n") if name else _END
        told.append(Told(text, int(level[i]), f"{called}: {share}, {nats} nats"))
        rows.append([called, share, nats])
    beside = numbers([stretch.nats, *stretch.baselines.values()])
    return Surprise(
        f"{'Text' if len(part) == 1 else f'Document {stretch.document + 1:,}'} of the test part, from "
        f"{UNITS[features.level]} {stretch.first + 1:,}",
        [(f"{name}, nats a character", text) for name, text in zip(["model", *stretch.baselines], beside)],
        told,
        Table([UNITS[features.level].capitalize(), "Probability", "Nats"], rows),
    )


def _share(p: float) -> str:
    if p >= 0.001:
        return f"{100 * p:.1f} %"
    return f"1 in {1 / p:,.0f}" if p > 1e-12 else "below 1 in 10¹²"


def samples_section(model: TextModel, training: Corpus, ids: Sequence[np.ndarray]) -> Section:
    """A few texts by the model at three temperatures; ``ids`` are those of the training part."""
    typical = float(np.median([len(text) for text in training.texts]))
    short = training.ends and typical <= _SHORT
    amount = _MOST_SHORT if short else _FEW
    known = {model.features.decode(own) for own in ids} if training.ends else set()
    a_token = sum(map(len, training.texts)) / max(sum(map(len, ids)), 1)
    columns, repeated = [], 0
    for temperature in _TEMPERATURES:
        found = model.generate(
            length=math.ceil(_CHARACTERS / max(a_token, 1)),
            sampling=Sampling(temperature=temperature),
            seed=SEED,
            samples=amount,
        )
        texts = []
        for one in found:
            same = one.text in known
            repeated += same
            shown = one.text if len(one.text) <= _LONGEST_SHOWN else f"{one.text[:_LONGEST_SHOWN]} …"
            notes = ["stands in the training part"] * same
            if one.stopped == "length":
                notes.append("cut here")
            texts.append(Written(shown, "; ".join(notes)))
        columns.append((f"{temperature}", texts))
    total = amount * len(_TEMPERATURES)
    content = {
        "columns": columns,
        "seed": SEED,
        "short": short,
        "repeated": f"{repeated} of these {total} stand in the training part word for word."
        if training.ends
        else "",
    }
    return Section("samples", "What it writes", "samples.html", content)


def neighbours_section(
    model: TextModel, tensors: Mapping[str, np.ndarray], ids: Sequence[np.ndarray]
) -> Section:
    """Words whose vectors point the same way, for some that are frequent in the training part's ``ids``."""
    words = model.features.vocabulary
    counts = np.bincount(np.concatenate(ids), minlength=len(words))
    order = [i for i in np.argsort(-counts, kind="stable").tolist() if i and words[i][0].isalpha()]
    order = [i for i in order if counts[i] >= _OFTEN][:_KNOWN_WELL]
    vectors = tensors["embedding.weight"][order].astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    asked = np.unique(np.geomspace(1, len(order), _ASKED_OF).astype(int) - 1) if len(order) > 1 else []
    rows = []
    for i in asked:
        likeness = vectors @ vectors[i]
        likeness[i] = -np.inf
        nearest = np.argsort(-likeness, kind="stable")[: min(_NEAREST, len(order) - 1)]
        near = ", ".join(f"{visible(words[order[j]])} {likeness[j]:.2f}" for j in nearest)
        rows.append([visible(words[order[i]]), f"{counts[order[i]]:,}", near])
    content = {"rows": rows, "words": count(len(order), "word"), "often": _OFTEN}
    return Section("neighbours", "Words that it finds alike", "neighbours.html", content)
