"""Simple models that label whole sequences, fitted on the training part, for a network to beat.

Classes: the most frequent one; for texts, naive Bayes (which Wang & Manning 2012 found hard to beat on short
ones) and logistic regression on n-grams; for series and audio, logistic regression on summaries over time.
Numbers: the mean, and ridge regression on the same n-grams or summaries.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra._base.wording import count
from recurra.data import Sequences
from recurra.evaluation.class_metrics import Coded
from recurra.evaluation.fitted_baselines import Baseline, Baselines
from recurra.evaluation.linear_models import logistic_regression, naive_bayes, ridge_regression
from recurra.evaluation.pooled_features import Features, array_features, pooled_features
from recurra.evaluation.regression import Estimates, checked_values
from recurra.evaluation.text_grams import TextGrams

_LEAST_ERRORS = 20
_LEVELS = (0.1, 0.5, 0.9)


def fit_label_baselines(
    sequences: Sequences, labels: Sequence[str], classes: Sequence[str], *, features: Features | None = None
) -> Baselines[np.ndarray]:
    """Fit "majority class", "logistic regression" and, for texts and tokens, "naive Bayes".

    Args:
        sequences: N of the training part.
        labels: (N,) theirs.
        classes: (K,) in the order of the columns of the probabilities (N, K) that come out.
        features: of the items of series or audio, see `recurra.evaluation.pooled_features`.

    Raises:
        InputError: the labels are not one a sequence, or not all of them are in ``classes``.
    """
    check_counts(sequences, labels)
    coded = trained_on(labels, classes)
    codes, count = coded.codes, len(classes)

    def majority() -> Baseline[np.ndarray]:
        shares = np.bincount(codes, minlength=count) / len(codes)
        most = str(classes[int(shares.argmax())])
        return Baseline(
            lambda other: np.tile(shares, (len(other), 1)),
            f"{most!r} for all, {100 * shares.max():.1f} % of the training part",
        )

    def bayes() -> Baseline[np.ndarray]:
        grams = TextGrams.fit(sequences)
        model = naive_bayes(_present(grams.counts(sequences)), codes, count)
        return Baseline(
            lambda other: model.probabilities(_present(grams.counts(other))),
            f"whether each of the {grams.what} is there, {model.note}",
        )

    def logistic() -> Baseline[np.ndarray]:
        table = _Table.fit(sequences, features)
        model = logistic_regression(table.rows(sequences), codes, count, strengths=table.strengths)
        return Baseline(
            lambda other: model.probabilities(table.rows(other)), f"on {table.what}, {model.note}"
        )

    texts = {"naive Bayes": bayes} if sequences.kind in ("text", "tokens") else {}
    return Baselines.fit({"majority class": majority, **texts, "logistic regression": logistic})


def fit_value_baselines(
    sequences: Sequences,
    labels: Sequence[float] | np.ndarray,
    *,
    levels: Sequence[float] = _LEVELS,
    features: Features | None = None,
) -> Baselines[Estimates]:
    """Fit "mean" and "ridge regression".

    Their quantiles are their points plus the quantiles of their errors in the training part, each made
    without the sequence that it is of; there are none where the training part has fewer than 20 sequences.

    Args:
        sequences: N of the training part.
        labels: (N,) their finite numbers.
        levels: (Q,) of the quantiles.
        features: of the items of series or audio, see `recurra.evaluation.pooled_features`.

    Raises:
        InputError: the labels are not one a sequence, or one is not finite.
    """
    check_counts(sequences, labels)
    values = checked_values(labels)

    def estimates(points: np.ndarray, residuals: np.ndarray) -> Estimates:
        if len(residuals) < _LEAST_ERRORS:
            return Estimates(points)
        return Estimates(points, points[:, None] + np.quantile(residuals, levels))

    def mean() -> Baseline[Estimates]:
        centre = values.mean()
        return Baseline(
            lambda other: estimates(np.full(len(other), centre), values - centre),
            f"{centre:.4g} for all, the mean of the training part",
        )

    def ridge() -> Baseline[Estimates]:
        table = _Table.fit(sequences, features)
        model = ridge_regression(table.rows(sequences), values, penalties=table.penalties)
        return Baseline(
            lambda other: estimates(model.points(table.rows(other)), model.residuals),
            f"on {table.what}, {model.note}",
        )

    return Baselines.fit({"mean": mean, "ridge regression": ridge})


def trained_on(labels: Sequence[str], classes: Sequence[str]) -> Coded:
    """``labels`` of a training part as codes; InputError unless all of them are in ``classes``."""
    coded = Coded.of(labels, classes)
    if coded.unseen:
        raise InputError(
            f"labels has {next(iter(coded.unseen))!r}, which is not in classes; "
            "give the classes of the training part"
        )
    return coded


def check_counts(sequences: Sequences, labels: Sequence[Any] | np.ndarray) -> None:
    """InputError unless there are as many ``labels`` as ``sequences``."""
    if len(labels) != len(sequences):
        raise InputError(
            f"there are {count(len(sequences), 'sequence')} and {count(len(labels), 'label')}; "
            "expected as many of each"
        )


@dataclass(frozen=True)
class _Table:
    """Sequences as rows of one width for a linear model, and the settings that it may choose from."""

    rows: Callable[[Sequences], Any]
    what: str
    strengths: tuple[float, ...]
    penalties: tuple[float, ...]

    @classmethod
    def fit(cls, sequences: Sequences, features: Features | None) -> "_Table":
        try:
            from sklearn.feature_extraction.text import TfidfTransformer
            from sklearn.preprocessing import StandardScaler
        except ImportError as error:
            raise MissingExtraError.of("scikit-learn", "report") from error

        if sequences.kind in ("text", "tokens"):
            grams = TextGrams.fit(sequences)
            weights = TfidfTransformer().fit(grams.counts(sequences))
            return cls(
                lambda other: weights.transform(grams.counts(other)),
                f"TF-IDF of {grams.what}",
                strengths=(1.0, 10.0, 100.0),
                penalties=(0.1, 1.0, 10.0),
            )

        arrays = array_features(sequences, features)

        def pooled(other: Sequences) -> np.ndarray:
            return pooled_features(arrays(other.items))

        scaler = StandardScaler().fit(pooled(sequences))
        return cls(
            lambda other: np.asarray(scaler.transform(pooled(other))),
            "summaries of each column over time",
            strengths=(0.01, 0.1, 1.0),
            penalties=(1.0, 30.0, 1000.0),
        )


def _present(counts: Any) -> Any:
    return (counts > 0).astype(np.float64)
