"""The evaluation of transcripts: word and character errors, which words are confused, and a baseline."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.fitted_baselines import Baseline, BaselineOutputs, Baselines
from recurra.evaluation.metric import Metric, plain
from recurra.evaluation.translation import checked_texts

if TYPE_CHECKING:
    from jiwer import WordOutput

_MOST_CONFUSIONS = 20
_LONGEST_NAMED = 40  # characters of a text in a note


@dataclass(frozen=True)
class Confusion:
    """A word that was said, what was heard in its place, and how often; None where there is no such word."""

    said: str | None
    heard: str | None
    count: int


@dataclass(frozen=True, eq=False, kw_only=True)
class TranscriptionEvaluation(Comparison):
    """How a model and the baseline transcribed N clips.

    Attributes:
        hypotheses: (N,) of the model.
        references: (N,) what was said.
        words: of the references.
        substitutions, deletions, insertions: of words, that make references into hypotheses.
        word_error_rate_standard_error: the words of a clip are not independent of one another, so it is
            √Σ (errors_i − rate · words_i)² / Σ words_i over clips.
        confusions: the most frequent ones first, no more than 20.
    """

    METRICS = (
        Metric(
            "word_error_rate",
            "Word error rate",
            "words replaced, left out and put in, as a share of those that were said: may be above 100 %",
            scale=100.0,
            suffix=" %",
        ),
        Metric(
            "char_error_rate",
            "Character error rate",
            "the same of characters, the blanks between words among them",
            scale=100.0,
            suffix=" %",
        ),
        Metric("exact", "Exact", "share of the transcripts without any error", 1.0, 100.0, " %"),
    )
    COUNTED = "transcript"

    hypotheses: tuple[str, ...]
    references: tuple[str, ...]
    words: int
    substitutions: int
    deletions: int
    insertions: int
    word_error_rate_standard_error: float
    confusions: tuple[Confusion, ...]

    def to_dict(self) -> dict[str, Any]:
        """As `Comparison.to_dict`, with the counts of errors and the confusions."""
        return {
            **super().to_dict(),
            "words": self.words,
            "substitutions": self.substitutions,
            "deletions": self.deletions,
            "insertions": self.insertions,
            **plain({"word_error_rate_standard_error": self.word_error_rate_standard_error}),
            "confusions": [asdict(confusion) for confusion in self.confusions],
        }


def evaluate_transcription(
    hypotheses: Sequence[str],
    references: Sequence[str],
    *,
    baselines: BaselineOutputs[list[str]] | None = None,
) -> TranscriptionEvaluation:
    """Score the transcripts of a model beside those of the baseline.

    Errors are those of the alignment with the fewest (Levenshtein's), from jiwer, summed over all clips
    before they are divided. Words are what stands between white space, which counts as a single blank;
    letters are compared as they are written. All that is heard where nothing was said was put in; where
    nothing was said in any clip, rates are not defined.

    Args:
        hypotheses: (N,) transcripts; empty ones count.
        references: (N,) what was said.
        baselines: what `Baselines.on` says of the same clips.

    Raises:
        InputError: there are no texts, their numbers differ, or something is not text.
        MissingExtraError: jiwer is not installed.
    """
    checked_texts("references", references)
    if not len(references):
        raise InputError("references is empty, expected at least one text; give a part that has texts")
    checked_texts("hypotheses", hypotheses, len(references))
    baselines = baselines or BaselineOutputs({}, {}, {})
    for name, output in baselines.outputs.items():
        checked_texts(f"the hypotheses of {name}", output, len(references))
    aligned: WordOutput = _jiwer().process_words(_spaced(references), _spaced(hypotheses))
    metrics = _metrics(hypotheses, references)
    silent = sum(not reference for reference in aligned.references)
    notes = ()
    if silent:
        notes = (
            f"Nothing is said in {silent:,} of {len(references):,} references: "
            "every word that is heard there was put in.",
        )
    return TranscriptionEvaluation(
        metrics=metrics,
        baselines={name: _metrics(output, references) for name, output in baselines.outputs.items()},
        failed_baselines=dict(baselines.failed),
        baseline_notes=dict(baselines.notes),
        notes=notes,
        count=len(references),
        hypotheses=tuple(hypotheses),
        references=tuple(references),
        words=sum(map(len, aligned.references)),
        substitutions=aligned.substitutions,
        deletions=aligned.deletions,
        insertions=aligned.insertions,
        word_error_rate_standard_error=_standard_error(aligned, metrics["word_error_rate"]),
        confusions=_confusions(aligned),
    )


def fit_transcription_baselines(texts: Sequence[str]) -> Baselines[list[str]]:
    """Fit "commonest", which hears the commonest training text in every clip; of equals the first.

    Raises InputError where there are no texts, or something is not text.
    """
    checked_texts("texts", texts)
    if not len(texts):
        raise InputError("texts is empty, expected at least one; give those of the training part")
    ((commonest, count),) = Counter(texts).most_common(1)
    shown = commonest if len(commonest) <= _LONGEST_NAMED else f"{commonest[:_LONGEST_NAMED]}…"
    note = f"{shown!r} for all, {100 * count / len(texts):.1f} % of the training part"
    return Baselines({"commonest": Baseline(lambda other: [commonest] * len(other), note)}, {})


def _jiwer() -> ModuleType:
    try:
        import jiwer
    except ImportError as error:
        raise MissingExtraError.of("jiwer", "report") from error
    return jiwer


def _spaced(texts: Sequence[str]) -> list[str]:
    """``texts`` with one blank between words, as jiwer knows no other white space."""
    return [" ".join(text.split()) for text in texts]


def _metrics(hypotheses: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    ours, theirs = _spaced(hypotheses), _spaced(references)
    said = any(theirs)
    return {
        "word_error_rate": float(_jiwer().wer(theirs, ours)) if said else math.nan,
        "char_error_rate": float(_jiwer().cer(theirs, ours)) if said else math.nan,
        "exact": float(np.mean([one == other for one, other in zip(ours, theirs)])),
    }


def _errors(aligned: "WordOutput") -> list[list[tuple[str | None, str | None]]]:
    """The errors of each clip: the word that was said and the one that was heard, None for no word."""
    return [
        [
            pair
            for chunk in chunks
            if chunk.type != "equal"
            for pair in itertools.zip_longest(
                said[chunk.ref_start_idx : chunk.ref_end_idx], heard[chunk.hyp_start_idx : chunk.hyp_end_idx]
            )
        ]
        for said, heard, chunks in zip(aligned.references, aligned.hypotheses, aligned.alignments)
    ]


def _standard_error(aligned: "WordOutput", rate: float) -> float:
    words = np.array(list(map(len, aligned.references)))
    if math.isnan(rate):
        return math.nan
    errors = np.array(list(map(len, _errors(aligned))))
    return math.sqrt(float(((errors - rate * words) ** 2).sum())) / int(words.sum())


def _confusions(aligned: "WordOutput") -> tuple[Confusion, ...]:
    counts = Counter(error for clip in _errors(aligned) for error in clip)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1] or ""))
    return tuple(Confusion(said, heard, count) for (said, heard), count in ordered[:_MOST_CONFUSIONS])
