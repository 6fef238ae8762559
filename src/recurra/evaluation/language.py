"""The evaluation of a language model: what it and the baselines make of the very same tokens."""

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.validation import positive_int
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.fitted_baselines import BaselineOutputs
from recurra.evaluation.log_likelihood import LogLikelihood
from recurra.evaluation.metric import Metric

_STRETCH = 80
_MOST_STRETCHES = 10
_LARGEST_EXPONENT = 700  # of e in float64, about


@dataclass(frozen=True)
class Stretch:
    """A piece of a document, and how much it surprised.

    Attributes:
        document: which one, from 0.
        first: its first token in the document, from 0.
        stop: the token after its last; the end of the document is a token, too.
        text: of its tokens, without the end of the document.
        nats: −ln p of a character, the end of the document being one.
        baselines: name to the same of it.
    """

    document: int
    first: int
    stop: int
    text: str
    nats: float
    baselines: dict[str, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class LanguageEvaluation(Comparison):
    """How a language model and the baselines did on N documents.

    Attributes:
        log_probabilities: N float64 (T_i,) of the model, a token each; the end of a document is one.
        characters: of all documents, see `evaluate_language`.
        standard_error: of the nats a token, see `LogLikelihood.standard_error`.
        stretches: the most surprising ones, that which surprised most in front.
    """

    METRICS = (
        Metric("nats", "Nats", "−ln of the probability of the actual token, mean: the loss of training"),
        Metric(
            "bits",
            "Bits a character",
            "the same as −log2 by character; of words too low to be compared, as they tell no blanks",
        ),
        Metric(
            "perplexity", "Perplexity", "e^nats: as unsure as between so many equally probable tokens", 1.0
        ),
    )
    COUNTED = "token"

    log_probabilities: tuple[np.ndarray, ...]
    characters: int
    standard_error: float
    stretches: tuple[Stretch, ...]

    def to_dict(self) -> dict[str, Any]:
        """As `Comparison.to_dict`, with the characters and the standard error."""
        error = self.standard_error
        return {
            **super().to_dict(),
            "characters": self.characters,
            "standard_error": error if math.isfinite(error) else None,
        }


def evaluate_language(
    documents: Sequence[np.ndarray],
    log_probabilities: Sequence[np.ndarray],
    *,
    ends: bool,
    characters: int,
    decode: Callable[[np.ndarray], str],
    words: bool = False,
    baselines: BaselineOutputs[list[np.ndarray]] | None = None,
) -> LanguageEvaluation:
    """Score the ``log_probabilities`` of a model beside those of the baselines.

    Bits a character divide what all tokens cost by the ``characters`` that they stand for, so that models of
    characters and of byte pairs can be compared; a document's end is one, as the line end is in a file. Those
    of words are too low for that: words tell no blanks, and all unknown words alike.

    Args:
        documents: N int64 (T_i,), their ids; 0 is the unknown token.
        log_probabilities: N float64 (T_i,), natural, or (T_i + 1,) with that of the end if documents end.
        ends: whether they do.
        characters: of the documents, with one for each end; `Corpus.characters`.
        decode: from ids to their text.
        words: whether tokens are words, of whose bits a character a note is made.
        baselines: what they say of the same documents.

    Raises:
        InputError: the shapes do not fit, there are no tokens, or a number is not the logarithm of a
            probability.
    """
    lengths = [len(ids) + ends for ids in documents]
    ours = LogLikelihood.of(log_probabilities, name="log_probabilities", lengths=lengths)
    baselines = baselines or BaselineOutputs({}, {}, {})
    theirs = {
        name: LogLikelihood.of(rows, name=f"log_probabilities of {name}", lengths=lengths)
        for name, rows in baselines.outputs.items()
    }
    characters = positive_int("characters", characters)
    unknown = sum(int((ids == 0).sum()) for ids in documents)
    notes: list[str] = []
    if unknown:
        notes.append(
            f"{unknown} of {ours.count} tokens {'is' if unknown == 1 else 'are'} not in the vocabulary and "
            "taken as the unknown token, which is easier to tell than what it stands for."
        )
    if words:
        notes.append(
            "Bits a character are too low to be compared with those of characters or byte pairs: words tell "
            "no blanks, and not what an unknown word is."
        )
    return LanguageEvaluation(
        metrics=_metrics(ours, characters),
        baselines={name: _metrics(likelihood, characters) for name, likelihood in theirs.items()},
        failed_baselines=dict(baselines.failed),
        baseline_notes=dict(baselines.notes),
        notes=tuple(notes),
        count=ours.count,
        log_probabilities=ours.steps,
        characters=characters,
        standard_error=ours.standard_error(),
        stretches=_most_surprising(documents, ours, theirs, characters, decode),
    )


def _metrics(likelihood: LogLikelihood, characters: int) -> dict[str, float]:
    nats = likelihood.nats / likelihood.count
    return {
        "nats": nats,
        "bits": likelihood.nats / math.log(2) / characters,
        "perplexity": math.exp(nats) if nats < _LARGEST_EXPONENT else math.inf,
    }


def _most_surprising(
    documents: Sequence[np.ndarray],
    ours: LogLikelihood,
    theirs: dict[str, LogLikelihood],
    characters: int,
    decode: Callable[[np.ndarray], str],
) -> tuple[Stretch, ...]:
    """Those stretches of about 80 characters that cost most a character."""
    tokens = max(round(_STRETCH * ours.count / characters), 1)
    found: list[tuple[float, int, slice, str, int]] = []
    for document, (ids, row) in enumerate(zip(documents, ours.steps)):
        # Of nearly equal length, so that none is a leftover of a token or two.
        bounds = np.linspace(0, len(row), max(round(len(row) / tokens), 1) + 1).round().astype(int)
        for start, stop in itertools.pairwise(bounds.tolist()):
            text = decode(ids[start:stop])
            length = max(len(text) + (stop > len(ids)), 1)
            found.append((-float(row[start:stop].sum()) / length, document, slice(start, stop), text, length))
    highest = heapq.nlargest(_MOST_STRETCHES, found, key=lambda stretch: stretch[0])
    return tuple(
        Stretch(
            document,
            place.start,
            place.stop,
            text,
            nats,
            {name: -float(other.steps[document][place].sum()) / length for name, other in theirs.items()},
        )
        for nats, document, place, text, length in highest
    )
