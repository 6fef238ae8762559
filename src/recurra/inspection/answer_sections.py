"""The sections about answers: the best ones for a source, how they fare by its length, which are worst."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.wording import count, plural
from recurra.data import Pairs
from recurra.decoding import Beam
from recurra.evaluation import TranslationEvaluation
from recurra.evaluation.answers import sacrebleu_metrics
from recurra.inspection import sequence_figures
from recurra.inspection.section import Section
from recurra.inspection.showing import Shown, best_to_worst, cut, show_series, show_text
from recurra.inspection.side_data import unit_of
from recurra.inspection.tables import Table
from recurra.inspection.wording import metric_texts, numbers
from recurra.runtime.translation import TranslationModel

_EACH, _N_BEST = 2, 3
_MOST_ERRORS = 12
_SHOWN = ("bleu", "exact", "token_accuracy")  # of an evaluation by length


@dataclass(frozen=True)
class Answered:
    """A source, the right answer, and the best ones of the model.

    Attributes:
        name: where it comes from.
        facts: names and texts.
        shown: the source.
        answers: the best first, with what they were chosen by.
    """

    name: str
    facts: Sequence[tuple[str, str]]
    shown: Shown
    answers: Table


def sentence_scores(evaluation: TranslationEvaluation) -> np.ndarray:
    """The chrF (N,) of each answer by itself, from 0 to 100, which is that of a right one."""
    chrf = sacrebleu_metrics()[1]()
    return np.array(
        [
            100.0 if _same(ours, right, evaluation.level) else chrf.sentence_score(ours, [right]).score
            for ours, right in zip(evaluation.hypotheses, evaluation.references)
        ]
    )


def answers_section(
    model: TranslationModel, evaluation: TranslationEvaluation, part: Pairs, scores: np.ndarray
) -> Section:
    """The best answers to sources of the ``part`` that was scored, by the ``scores`` (N,) of the first."""
    lengths = np.array([len(right) for right in evaluation.references])
    groups = []
    for name, rows in best_to_worst(np.lexsort((-lengths, -scores)), _EACH):
        found = model.translate(part.take(rows), beam=Beam(n_best=_N_BEST))
        shown = []
        for row, own in zip(rows.tolist(), found):
            right = evaluation.references[row]
            score, log_p = numbers(one.score for one in own), numbers(one.log_probability for one in own)
            marks = ["right" if _same(one.text, right, evaluation.level) else "" for one in own]
            answers = zip((cut(one.text) for one in own), marks, score, log_p)
            facts = [("right", cut(right)), ("chrF", f"{scores[row]:.1f}, of the first answer")]
            table = Table(["Answer", "", "Score", "ln p"], [list(answer) for answer in answers])
            shown.append(Answered(part.names[row], facts, _source(part, row), table))
        groups.append((name, shown))
    return Section("answers", "Its best answers", "answers.html", {"groups": groups, "beam": Beam().size})


def length_section(model: TranslationModel, evaluation: TranslationEvaluation) -> Section:
    """Scores by the length of the source."""
    groups = evaluation.by_length
    names = [
        f"{one.shortest:,}" if one.shortest == one.longest else f"{one.shortest:,}–{one.longest:,}"
        for one in groups
    ]
    metrics = [
        metric
        for metric in evaluation.METRICS
        if metric.key in _SHOWN and any(np.isfinite(getattr(one, metric.key)) for one in groups)
    ]
    values = {metric.label: [getattr(one, metric.key) for one in groups] for metric in metrics}
    percent = {metric.label: [metric.scale * value for value in values[metric.label]] for metric in metrics}
    texts = [metric_texts(metric, values[metric.label]) for metric in metrics]
    unit, written = plural(unit_of(model.source)), {"word": "words", "char": "characters"}[evaluation.level]
    table = Table(
        [unit.capitalize(), "Answers", *values, f"{written.capitalize()} written", "in right ones"],
        [
            [name, f"{one.count:,}", *own, f"{one.hypothesis_length:.1f}", f"{one.reference_length:.1f}"]
            for name, one, *own in zip(names, groups, *texts)
        ],
    )
    figure = sequence_figures.scores_figure(names, percent, f"{unit} of the source")
    return Section(
        "lengths",
        "By the length of the source",
        "score_by_length.html",
        {
            "table": table,
            "note": "Each group has about as many answers, to the shortest sources first.",
        },
        {"score-figure": figure},
    )


def differing_section(evaluation: TranslationEvaluation, part: Pairs, scores: np.ndarray) -> Section:
    """The answers that are farthest from the right ones."""
    exact = [
        _same(ours, right, evaluation.level)
        for ours, right in zip(evaluation.hypotheses, evaluation.references)
    ]
    wrong = np.flatnonzero(~np.array(exact))
    worst = wrong[np.argsort(scores[wrong], kind="stable")][:_MOST_ERRORS]
    is_text = part.sources.kind == "text"
    rows = [
        [
            cut(part.sources.items[row]) if is_text else part.names[row],
            cut(evaluation.hypotheses[row]),
            cut(evaluation.references[row]),
            f"{scores[row]:.1f}",
        ]
        for row in worst.tolist()
    ]
    scored = count(evaluation.count, "answer")
    note = (
        f"Not the right one, word for word: {len(wrong):,} of {scored}. Those that are least like it (by "
        "chrF) come first. An answer may be good and worded in another way."
    )
    content = {
        "note": note if rows else f"Not one of {scored} differs from the right one.",
        "columns": ["Source", "Written", "Right", "chrF"],
        "rows": rows,
    }
    return Section("differing", "Where it differs most", "differing.html", content)


def _same(ours: str, right: str, level: str) -> bool:
    return ours == right or (level == "word" and ours.split() == right.split())


def _source(part: Pairs, row: int) -> Shown:
    item = part.sources.items[row]
    return show_text(item) if isinstance(item, str) else show_series(item)
