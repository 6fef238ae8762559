"""Linear models of rows, with a strength of regularisation that is chosen in the training part."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError

_FOLDS = 3
_MOST_FOLDED = 3000  # rows on which a strength is chosen, so that it takes seconds for any number of them
_MOST_ITERATIONS = 1000


@dataclass(frozen=True)
class Classifier:
    """A fitted classifier.

    Attributes:
        probabilities: from rows (N, P) to (N, K), 0 for a class that it was not fitted on.
        note: its settings, for people.
    """

    probabilities: Callable[[Any], np.ndarray]
    note: str


@dataclass(frozen=True)
class Regressor:
    """A fitted regressor.

    Attributes:
        points: from rows (N, P) to (N,).
        residuals: (n,) of training rows, each predicted without its fold.
        note: its settings, for people.
    """

    points: Callable[[Any], np.ndarray]
    residuals: np.ndarray
    note: str


def logistic_regression(
    rows: Any, codes: np.ndarray, classes: int, *, strengths: Sequence[float]
) -> Classifier:
    """Multinomial logistic regression with an L2 penalty of 1 / C.

    Args:
        rows: (N, P) array or sparse matrix, columns of about the same scale.
        codes: (N,) of the classes.
        classes: their number, K.
        strengths: the C to choose from, by the log-loss on folds.

    Raises:
        InputError: only one class occurs.
        MissingExtraError: scikit-learn is not installed.
    """
    if len(np.unique(codes)) < 2:
        raise InputError("the training part has a single class")
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "report") from error

    def fit(strength: float, chosen: np.ndarray | slice) -> Any:
        return LogisticRegression(C=strength, max_iter=_MOST_ITERATIONS).fit(rows[chosen], codes[chosen])

    def loss(strength: float) -> float:
        total = 0.0
        for kept, out in folds:
            found = _on_all_classes(fit(strength, kept), classes)(rows[out])
            total -= np.log(np.maximum(found[np.arange(len(out)), codes[out]], 1e-15)).sum()
        return total

    folds = _folds(codes)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        # Where only one class has as many items as there are folds, one of them can leave a single class.
        strength = sorted(strengths)[len(strengths) // 2]
        if all(len(np.unique(codes[kept])) > 1 for kept, _ in folds):
            strength = min(strengths, key=loss)
        caught.clear()
        model = fit(strength, slice(None))
    stopped = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    return Classifier(
        _on_all_classes(model, classes),
        f"C = {strength:g}{', stopped before it had converged' if stopped else ''}",
    )


def naive_bayes(rows: Any, codes: np.ndarray, classes: int) -> Classifier:
    """Multinomial naive Bayes with one pseudo-count; arguments and errors as for `logistic_regression`."""
    try:
        from sklearn.naive_bayes import MultinomialNB
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "report") from error

    return Classifier(_on_all_classes(MultinomialNB().fit(rows, codes), classes), "one pseudo-count")


def ridge_regression(rows: Any, values: np.ndarray, *, penalties: Sequence[float]) -> Regressor:
    """Least squares with an L2 penalty.

    Args:
        rows: (N, P) array or sparse matrix, columns of about the same scale.
        values: (N,).
        penalties: to choose from, by the squared error on folds.

    Raises:
        InputError: there are fewer rows than folds.
        MissingExtraError: scikit-learn is not installed.
    """
    if len(values) < _FOLDS:
        raise InputError(f"the training part has {len(values)} sequences, and it takes {_FOLDS} or more")
    try:
        from sklearn.linear_model import Ridge
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "report") from error

    def fit(penalty: float, chosen: np.ndarray | slice) -> Any:
        return Ridge(alpha=penalty).fit(rows[chosen], values[chosen])

    def residuals(penalty: float) -> np.ndarray:
        return np.concatenate([values[out] - fit(penalty, kept).predict(rows[out]) for kept, out in folds])

    folds = _folds(np.zeros(len(values)))
    found = {penalty: residuals(penalty) for penalty in penalties}
    penalty = min(penalties, key=lambda penalty: float((found[penalty] ** 2).mean()))
    return Regressor(fit(penalty, slice(None)).predict, found[penalty], f"penalty {penalty:g}")


def _folds(codes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows to fit on and those to score, once for each fold; the rows of a class go round the folds.

    The order is drawn, for in that of the rows folds could fall in with a period, such as speakers by turns.
    """
    drawn = np.random.default_rng(0).permutation(len(codes))[:_MOST_FOLDED]
    drawn = drawn[np.argsort(codes[drawn], kind="stable")]
    place = np.arange(len(drawn)) % _FOLDS
    return [(drawn[place != fold], drawn[place == fold]) for fold in range(_FOLDS)]


def _on_all_classes(model: Any, classes: int) -> Callable[[Any], np.ndarray]:
    def probabilities(rows: Any) -> np.ndarray:
        found = np.zeros((rows.shape[0], classes))
        found[:, model.classes_] = model.predict_proba(rows)
        return found

    return probabilities
