"""The evaluation of a model of piano rolls, beside simple ones, on the very same steps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data import Sequences
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.fitted_baselines import Baseline, BaselineOutputs, Baselines
from recurra.evaluation.log_likelihood import LogLikelihood
from recurra.evaluation.metric import Metric


@dataclass(frozen=True, eq=False, kw_only=True)
class MusicEvaluation(Comparison):
    """How a model and the baselines did on N pieces.

    The first step of a piece is given, not told: Bai, Kolter & Koltun, "An Empirical Evaluation of Generic
    Convolutional and Recurrent Networks for Sequence Modeling" (2018), score music from the second step on.

    Attributes:
        log_probabilities: N float64 (T_i − 1,) of the model, the keys of a step summed.
        standard_error: of the nats a step, see `LogLikelihood.standard_error`.
    """

    METRICS = (Metric("nll", "NLL", "−ln of the probability of all keys of a step together, mean"),)
    COUNTED = "step"

    log_probabilities: tuple[np.ndarray, ...]
    standard_error: float

    def to_dict(self) -> dict[str, Any]:
        """As `Comparison.to_dict`, with the standard error."""
        error = self.standard_error
        return {**super().to_dict(), "standard_error": error if math.isfinite(error) else None}


def evaluate_music(
    pieces: Sequences,
    log_probabilities: Sequence[np.ndarray],
    *,
    baselines: BaselineOutputs[list[np.ndarray]] | None = None,
) -> MusicEvaluation:
    """Score the ``log_probabilities`` of a model beside those of the baselines.

    Args:
        pieces: N piano rolls (T_i, keys), of which a key is on where the number is not 0.
        log_probabilities: N float64 (T_i − 1,) of the model, of each step after the first, the keys summed.
        baselines: what `Baselines.on` says of the same pieces.

    Raises:
        InputError: the shapes do not fit, no piece has a second step, or a number is not the logarithm of a
            probability.
    """
    lengths = np.maximum(pieces.lengths() - 1, 0).tolist()
    ours = LogLikelihood.of(log_probabilities, name="log_probabilities", lengths=lengths)
    baselines = baselines or BaselineOutputs({}, {}, {})
    theirs = {
        name: LogLikelihood.of(rows, name=f"log_probabilities of {name}", lengths=lengths)
        for name, rows in baselines.outputs.items()
    }
    return MusicEvaluation(
        metrics=_metrics(ours),
        baselines={name: _metrics(likelihood) for name, likelihood in theirs.items()},
        failed_baselines=dict(baselines.failed),
        baseline_notes=dict(baselines.notes),
        notes=("The first step of each piece is not scored, since nothing comes before it.",),
        count=ours.count,
        log_probabilities=ours.steps,
        standard_error=ours.standard_error(),
    )


def fit_music_baselines(pieces: Sequences) -> Baselines[list[np.ndarray]]:
    """Fit "each key's share" and "repeat the last step" on N piano rolls (T_i, keys) of the training part.

    Raises InputError where no piece has a second step.
    """
    now, before = _steps(pieces.items)
    if not len(now):
        raise InputError("no piece has a second step; give longer pieces")

    def share() -> Baseline[list[np.ndarray]]:
        p = _shares(now, np.ones_like(now))
        return Baseline(
            lambda other: [_log_probabilities(roll[1:] != 0, p) for roll in other.items],
            "each key is on as often as in the training part, whatever came before",
        )

    def repeat() -> Baseline[list[np.ndarray]]:
        stays, comes = _shares(now, before), _shares(now, ~before)
        return Baseline(
            lambda other: [
                _log_probabilities(roll[1:] != 0, np.where(roll[:-1] != 0, stays, comes))
                for roll in other.items
            ],
            "each key stays on, or comes on, as often as in the training part",
        )

    return Baselines.fit({"each key's share": share, "repeat the last step": repeat})


def _metrics(likelihood: LogLikelihood) -> dict[str, float]:
    return {"nll": likelihood.nats / likelihood.count}


def _steps(rolls: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All steps after the first of their piece, and those before them, (S, keys) bool."""
    return (
        np.concatenate([roll[1:] != 0 for roll in rolls]),
        np.concatenate([roll[:-1] != 0 for roll in rolls]),
    )


def _shares(on: np.ndarray, where: np.ndarray) -> np.ndarray:
    """How often each key is ``on`` (S, keys) ``where`` it is asked for, above 0 and below 1.

    A key that is rarely asked for tends to the share of all keys, which counts as one step of it.
    """
    found, asked = (on & where).sum(axis=0), where.sum(axis=0)
    of_all = (found.sum() + 0.5) / (asked.sum() + 1)
    return (found + of_all) / (asked + 1)


def _log_probabilities(on: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(T,) of steps ``on`` (T, keys) whose keys are on with probability ``p``, each by itself."""
    return np.log(np.where(on, p, 1 - p)).sum(axis=1)
