"""The sections that only a transcriber's report has: what it hears, takes for what, and fails at."""

from typing import Any

import numpy as np

from recurra._base.wording import count, plural
from recurra.data import Labelled
from recurra.evaluation import TranscriptionEvaluation, evaluate_transcription
from recurra.inspection import sequence_figures
from recurra.inspection.heard_section import heard_section
from recurra.inspection.section import Section
from recurra.inspection.sequence_summary import ITEMS
from recurra.inspection.showing import cut
from recurra.inspection.tables import Table
from recurra.inspection.wording import metric_texts
from recurra.runtime.transcription import TranscriptionModel

_MOST_ERRORS = 12
_BUCKETS, _IN_BUCKET = 5, 10
_NO_WORD = "(nothing)"


def transcript_sections(
    model: TranscriptionModel, evaluation: TranscriptionEvaluation, part: Labelled
) -> list[Section]:
    """All of them, for the ``part`` that was scored."""
    errors = _errors(evaluation)
    return [
        heard_section(model, evaluation, part, errors),
        _confusions(evaluation),
        _by_length(model, evaluation, part),
        _worst(model, evaluation, part, errors),
    ]


def _errors(evaluation: TranscriptionEvaluation) -> np.ndarray:
    """The character error rate (N,) of each transcript; infinite where nothing was said, but heard."""
    rates = np.array(
        [
            evaluate_transcription([heard], [said]).metrics["char_error_rate"]
            for heard, said in zip(evaluation.hypotheses, evaluation.references)
        ]
    )
    heard = np.array([bool(text.strip()) for text in evaluation.hypotheses])
    return np.where(np.isnan(rates), np.where(heard, np.inf, 0.0), rates)


def _confusions(evaluation: TranscriptionEvaluation) -> Section:
    rows = [
        [cut(one.said or _NO_WORD), cut(one.heard or _NO_WORD), f"{one.count:,}"]
        for one in evaluation.confusions
    ]
    note = (
        f"Words said: {evaluation.words:,}; heard as others: {evaluation.substitutions:,}; left out: "
        f"{evaluation.deletions:,}; put in where none was said: {evaluation.insertions:,}."
    )
    content = {"note": note, "table": Table(["Said", "Heard", "Times"], rows)}
    return Section("confusions", "What is heard as what", "confusions.html", content)


def _by_length(model: TranscriptionModel, evaluation: TranscriptionEvaluation, part: Labelled) -> Section:
    """Errors by the length of the sequence, in about equally large groups."""
    audio = model.kind == "audio"
    lengths = part.sequences.lengths()
    if audio:
        lengths = lengths / [clip.rate for clip in part.sequences.items]
    groups = min(max(len(lengths) // _IN_BUCKET, 1), _BUCKETS)
    longest = np.quantile(lengths, np.arange(1, groups + 1) / groups, method="inverted_cdf")
    bucket = np.searchsorted(np.unique(longest), lengths)
    names, found = [], []
    for one in np.unique(bucket):
        rows = np.flatnonzero(bucket == one)
        ends = [f"{end:.2f}" if audio else f"{end:,}" for end in (lengths[rows].min(), lengths[rows].max())]
        names.append("–".join(dict.fromkeys(ends)))
        hypotheses, references = (
            [texts[row] for row in rows] for texts in (evaluation.hypotheses, evaluation.references)
        )
        found.append(evaluate_transcription(hypotheses, references))
    values = {m.label: [own.metrics[m.key] for own in found] for m in evaluation.METRICS}
    texts = [metric_texts(m, values[m.label]) for m in evaluation.METRICS]
    unit, items = "seconds" if audio else "steps", plural(ITEMS[model.kind])
    table = Table(
        [unit.capitalize(), items.capitalize(), "Words", *values],
        [
            [name, f"{own.count:,}", f"{own.words:,}", *cells]
            for name, own, *cells in zip(names, found, *texts)
        ],
    )
    drawn = {
        m.label: [m.scale * value for value in values[m.label]] for m in evaluation.METRICS if not m.best
    }
    figure = sequence_figures.scores_figure(names, drawn, f"{unit} long")
    content: dict[str, Any] = {
        "note": f"Each group has about as many {items}, the shortest first. Errors in %: lower is better.",
        "table": table,
    }
    title = f"By the length of the {ITEMS[model.kind]}"
    return Section("lengths", title, "score_by_length.html", content, {"score-figure": figure})


def _worst(
    model: TranscriptionModel, evaluation: TranscriptionEvaluation, part: Labelled, errors: np.ndarray
) -> Section:
    """The transcripts with most errors for their length."""
    wrong = np.flatnonzero(
        [ours != right for ours, right in zip(evaluation.hypotheses, evaluation.references)]
    )
    worst = wrong[np.argsort(-errors[wrong], kind="stable")][:_MOST_ERRORS]
    rows = [
        [
            part.names[row],
            cut(evaluation.hypotheses[row]),
            cut(evaluation.references[row]),
            f"{100 * errors[row]:.1f} %" if np.isfinite(errors[row]) else "",
        ]
        for row in worst.tolist()
    ]
    scored = count(evaluation.count, "transcript")
    note = f"With an error: {len(wrong):,} of {scored}. Those with most for their length come first."
    content = {
        "note": note if rows else f"Not one of {scored} has an error.",
        "columns": [ITEMS[model.kind].capitalize(), "Heard", "Said", "Character errors"],
        "rows": rows,
    }
    return Section("differing", "The worst transcripts", "differing.html", content)
