"""The evaluation of answers that are texts: BLEU, chrF and how many are right, beside the baselines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra.evaluation.answers import LEVELS, ORDER, Answers, LengthScores, sacrebleu_metrics
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.fitted_baselines import BaselineOutputs
from recurra.evaluation.metric import Metric, plain


@dataclass(frozen=True, eq=False, kw_only=True)
class TranslationEvaluation(Comparison):
    """How a model and the baselines answered N sources.

    Attributes:
        hypotheses: (N,) answers of the model.
        references: (N,) right ones.
        level: what tokens are, "word" or "char".
        signatures: by the key of a metric, how sacrebleu computed it.
        bleu_standard_error: from resamples of the answers; NaN where there are fewer than two.
        by_length: short sources first; empty where lengths were not given.
    """

    METRICS = (
        Metric("bleu", "BLEU", "how many n-grams of up to 4 words are right, from 0 to 100", 100.0),
        Metric("chrf", "chrF", "F-score of n-grams of up to 6 characters, from 0 to 100", 100.0),
        Metric("exact", "Exact", "share of the answers that are right as a whole", 1.0, 100.0, " %"),
        Metric(
            "token_accuracy",
            "Token accuracy",
            "share of the tokens of right answers that the model's has at the same place",
            1.0,
            100.0,
            " %",
        ),
    )
    COUNTED = "answer"

    hypotheses: tuple[str, ...]
    references: tuple[str, ...]
    level: str
    signatures: dict[str, str]
    bleu_standard_error: float
    by_length: tuple[LengthScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """As `Comparison.to_dict`, with signatures, standard error and scores by length."""
        return {
            **super().to_dict(),
            "signatures": dict(self.signatures),
            **plain({"bleu_standard_error": self.bleu_standard_error}),
            "level": self.level,
            "by_length": [scores.to_dict() for scores in self.by_length],
        }


def evaluate_translation(
    hypotheses: Sequence[str],
    references: Sequence[str],
    *,
    level: str = "word",
    source_lengths: Sequence[int] | np.ndarray | None = None,
    baselines: BaselineOutputs[list[str]] | None = None,
) -> TranslationEvaluation:
    """Score the ``hypotheses`` of a model beside those of the baselines.

    BLEU (Papineni et al. 2002) and chrF (Popović 2015) are sacrebleu's with its own settings, which the
    signatures name, on the texts as they are: no case is changed and nothing is joined. BLEU is not defined
    where no reference has four words. An answer is exact if its tokens are those of the reference, so that
    white space between words does not count; token accuracy is the share of all tokens of references at whose
    place the hypothesis has the same one.

    Args:
        hypotheses: (N,) answers; empty ones count.
        references: (N,) right ones.
        level: "word" if tokens are words and signs, "char" if they are characters.
        source_lengths: (N,) whole numbers to show scores by, such as the tokens of each source.
        baselines: what `Baselines.on` says of the same sources.

    Raises:
        InputError: there are no texts, their numbers differ, or something is not text.
        MissingExtraError: sacrebleu is not installed.
    """
    one_of("level", level, LEVELS)
    checked_texts("references", references)
    if not len(references):
        raise InputError("references is empty, expected at least one text; give a part that has targets")
    checked_texts("hypotheses", hypotheses, len(references))
    baselines = baselines or BaselineOutputs({}, {}, {})
    for name, output in baselines.outputs.items():
        checked_texts(f"the hypotheses of {name}", output, len(references))
    lengths = None if source_lengths is None else _checked_lengths(source_lengths, len(references))
    answers = Answers.of(hypotheses, references, level)
    metrics, signatures = _metrics(hypotheses, references, answers)
    return TranslationEvaluation(
        metrics=metrics,
        baselines={
            name: _metrics(output, references, Answers.of(output, references, level))[0]
            for name, output in baselines.outputs.items()
        },
        failed_baselines=dict(baselines.failed),
        baseline_notes=dict(baselines.notes),
        notes=_notes(references, metrics, signatures),
        count=len(references),
        hypotheses=tuple(hypotheses),
        references=tuple(references),
        level=level,
        signatures=signatures,
        bleu_standard_error=answers.bleu_standard_error(),
        by_length=() if lengths is None else answers.by_length(lengths),
    )


def checked_texts(name: str, texts: Sequence[str], expected: int | None = None) -> None:
    """InputError unless ``texts`` is a list of texts, ``expected`` of them if that is given."""
    if isinstance(texts, str):
        raise InputError(f"{name} must be a list of texts, got one text; put it in a list")
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"{name}[{i}] must be text, got {type(text).__name__}")
    if expected is not None and len(texts) != expected:
        raise InputError(f"{name} must be as many as the references, {expected:,}, got {len(texts):,}")


def _checked_lengths(lengths: Sequence[int] | np.ndarray, expected: int) -> np.ndarray:
    lengths = np.asarray(lengths)
    if lengths.shape != (expected,) or not np.issubdtype(lengths.dtype, np.integer):
        raise InputError(
            f"source_lengths must be whole numbers, as many as the references, {expected:,}; "
            f"got {lengths.dtype} of shape {lengths.shape}"
        )
    return lengths


def _metrics(
    hypotheses: Sequence[str], references: Sequence[str], answers: Answers
) -> tuple[dict[str, float], dict[str, str]]:
    """All metrics, and the signatures of sacrebleu's."""
    BLEU, CHRF = sacrebleu_metrics()
    # Forced not to warn of texts that look tokenised: these are scored as they are.
    by_key = {"bleu": BLEU(force=True), "chrf": CHRF()}
    scores = {key: metric.corpus_score(hypotheses, [references]).score for key, metric in by_key.items()}
    metrics = {
        "bleu": scores["bleu"] if answers.have_bleu else math.nan,
        "chrf": scores["chrf"] if any(map(str.strip, references)) else math.nan,
        "exact": answers.exact,
        "token_accuracy": answers.token_accuracy,
    }
    return metrics, {key: str(metric.get_signature()) for key, metric in by_key.items()}


def _notes(
    references: Sequence[str], metrics: dict[str, float], signatures: dict[str, str]
) -> tuple[str, ...]:
    notes = [f"BLEU: {signatures['bleu']}", f"chrF: {signatures['chrf']}"]
    if math.isnan(metrics["bleu"]):
        notes.append(
            f"No reference has {ORDER} words, so BLEU, which counts so many in a row, is not defined."
        )
    empty = sum(not text.strip() for text in references)
    if empty:
        notes.append(
            f"{empty:,} of {len(references):,} references {'is' if empty == 1 else 'are'} empty: "
            "only an empty answer is right there."
        )
    return tuple(notes)
