"""The evaluation of a tagger: its metrics and those of the baselines, on the very same steps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.evaluation.class_metrics import Coded, checked_probabilities
from recurra.evaluation.class_scores import ClassScores, macro_f1
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.fitted_baselines import BaselineOutputs
from recurra.evaluation.metric import Metric
from recurra.evaluation.span_scores import SpanScores, has_spans, span_scores


@dataclass(frozen=True, eq=False)
class Tagging:
    """What is predicted for the steps of N sequences.

    Attributes:
        tags: N times T_i of them.
        probabilities: N times (T_i, K), or None where a model has none for single steps.
    """

    tags: Sequence[Sequence[str]]
    probabilities: Sequence[np.ndarray] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class TaggingEvaluation(Comparison):
    """How a tagger and the baselines did on the steps of N sequences.

    Attributes:
        classes: the K tags that the model knows.
        tags: N times T_i actual ones.
        tagging: of the model.
        by_class: precision, recall, F1 and support of each tag, then of each never seen in training.
        spans: precision, recall, F1 and support of spans, in all and by type; None where the tags have none.
        confusion: (K, K) counts, actual tag by predicted tag; tags never seen in training are left out.
        sequences: their number, N; ``count`` counts steps.
        accuracy_standard_error: of the share of right tags. The steps of a sequence are not independent of
            one another, so it is √Σ (right_i − p T_i)² / ΣT_i over sequences; where each has a single
            step, this is √(p (1 − p) / N).
    """

    METRICS = (
        Metric("accuracy", "Accuracy", "share of the tags that are predicted rightly", 1.0, 100.0, " %"),
        Metric("macro_f1", "Macro F1", "mean F1 of the tags: each weighs the same, however rare", 1.0),
        Metric("span_f1", "Span F1", "F1 of whole spans: a span is right if its ends and its type are", 1.0),
        Metric(
            "sentence_accuracy",
            "Whole sequences",
            "share of the sequences whose tags are all predicted rightly",
            1.0,
            100.0,
            " %",
        ),
        Metric("log_loss", "Log-loss", "−ln of the probability of the actual tag, mean: judges the odds"),
    )
    COUNTED = "tag"

    classes: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    tagging: Tagging
    by_class: tuple[ClassScores, ...]
    spans: SpanScores | None
    confusion: np.ndarray
    sequences: int
    accuracy_standard_error: float

    def to_dict(self) -> dict[str, Any]:
        """As `Comparison.to_dict`, with the scores by tag and by type of span, and the confusion."""
        return {
            **super().to_dict(),
            "accuracy_standard_error": self.accuracy_standard_error,
            "sequences": self.sequences,
            "classes": list(self.classes),
            "by_class": [scores.to_dict() for scores in self.by_class],
            "spans": None if self.spans is None else self.spans.to_dict(),
            "confusion": self.confusion.tolist(),
        }


def evaluate_tags(
    tags: Sequence[Sequence[str]],
    tagging: Tagging,
    classes: Sequence[str],
    *,
    baselines: BaselineOutputs[Tagging] | None = None,
) -> TaggingEvaluation:
    """Score the ``tagging`` of a model beside those of the baselines.

    Spans are scored where the ``classes`` are written as BIO or BIOES tags.

    Args:
        tags: N times T_i actual ones; one that is not in ``classes`` counts as wrong.
        tagging: of the model; every tag in it is one of ``classes``.
        classes: (K,) in the order of the columns of probabilities.
        baselines: what `Baselines.on` says of the same sequences.

    Raises:
        InputError: there are no tags, the lengths do not fit, a predicted tag is not in ``classes``, or a
            row of probabilities is no probability distribution.
    """
    lengths = np.array([len(row) for row in tags], dtype=np.int64)
    coded = Coded.of([tag for row in tags for tag in row], classes, what="tags")
    baselines = baselines or BaselineOutputs({}, {}, {})
    by_name = {"the model": tagging, **baselines.outputs}
    steps = {name: _Steps.of(output, tags, classes, of=name) for name, output in by_name.items()}
    spans = {
        name: span_scores(tags, output.tags) if has_spans(classes) else None
        for name, output in by_name.items()
    }
    metrics = {name: _metrics(coded, lengths, steps[name], spans[name]) for name in by_name}
    ours = steps["the model"]
    right = ours.codes == coded.codes
    errors = _by_sequence(right - right.mean(), lengths)
    return TaggingEvaluation(
        metrics=metrics["the model"],
        baselines={name: metrics[name] for name in baselines.outputs},
        failed_baselines=dict(baselines.failed),
        baseline_notes=dict(baselines.notes),
        notes=coded.notes,
        count=len(coded.codes),
        classes=tuple(classes),
        tags=tuple(tuple(row) for row in tags),
        tagging=tagging,
        by_class=coded.scores(ours.codes),
        spans=spans["the model"],
        confusion=coded.confusion(ours.codes),
        sequences=len(tags),
        accuracy_standard_error=math.sqrt(float((errors**2).sum())) / len(right),
    )


@dataclass(frozen=True, eq=False)
class _Steps:
    """A tagging with the steps of all sequences in one row: codes (S,) and probabilities (S, K) or None."""

    codes: np.ndarray
    probabilities: np.ndarray | None

    @classmethod
    def of(
        cls, tagging: Tagging, tags: Sequence[Sequence[str]], classes: Sequence[str], *, of: str
    ) -> "_Steps":
        if len(tagging.tags) != len(tags):
            raise InputError(f"the tags of {of} are for {len(tagging.tags)} sequences, expected {len(tags)}")
        place = {name: code for code, name in enumerate(classes)}
        for i, (actual, found) in enumerate(zip(tags, tagging.tags)):
            if len(found) != len(actual):
                raise InputError(
                    f"the tags of {of} for sequence {i} are {len(found)}, expected {len(actual)}"
                )
            odd = next((tag for tag in found if tag not in place), None)
            if odd is not None:
                raise InputError(f"the tags of {of} for sequence {i} have {odd!r}, which is not in classes")
        codes = np.array([place[tag] for row in tagging.tags for tag in row], dtype=np.int64)
        if tagging.probabilities is None:
            return cls(codes, None)
        if len(tagging.probabilities) != len(tags):
            raise InputError(
                f"the probabilities of {of} are for {len(tagging.probabilities)} sequences, "
                f"expected {len(tags)}"
            )
        rows = [
            checked_probabilities(
                found, (len(actual), len(classes)), name=f"the probabilities of {of} for sequence {i}"
            )
            for i, (found, actual) in enumerate(zip(tagging.probabilities, tags))
        ]
        return cls(codes, np.concatenate(rows))


def _metrics(coded: Coded, lengths: np.ndarray, steps: _Steps, spans: SpanScores | None) -> dict[str, float]:
    right = steps.codes == coded.codes
    whole = _by_sequence(~right, lengths)[lengths > 0] == 0
    return {
        "accuracy": float(right.mean()),
        "macro_f1": macro_f1(coded.scores(steps.codes)),
        **({} if spans is None else {"span_f1": spans.total.f1}),
        "sentence_accuracy": float(whole.mean()),
        "log_loss": coded.log_loss(steps.probabilities),
    }


def _by_sequence(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The sums (N,) of ``values`` (ΣT_i,) over the steps of each sequence."""
    return np.bincount(np.repeat(np.arange(len(lengths)), lengths), weights=values, minlength=len(lengths))
