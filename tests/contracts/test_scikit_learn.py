"""Estimators of sequences among scikit-learn's own: its checks, searches and pipelines."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import (
    check_classifiers_train,
    check_regressors_train,
    parametrize_with_checks,
)

from recurra.tasks import Seq2Seq, SequenceClassifier, SequenceRegressor, SequenceTagger

FAST: dict[str, Any] = {
    "cell": "gru",
    "hidden_size": 8,
    "bidirectional": False,
    "pool": "mean",
    "dropout": 0.0,
    "epochs": 12,
    "batch_size": 16,
    "learning_rate": 0.03,
}
ANY_LENGTH = "a row is a series, and a series may have any length; so there is no number of features"
NOT_FOR_SEQUENCES = {
    "check_n_features_in": ANY_LENGTH,
    "check_n_features_in_after_fitting": ANY_LENGTH,
    "check_classifiers_train": f"{ANY_LENGTH}; the rest of the check is below",
    "check_regressors_train": f"{ANY_LENGTH}; the rest of the check is below",
    "check_sample_weight_equivalence_on_dense_data": (
        "repeated rows make other batches and other held-out rows than weights; that a weight of 0 leaves a "
        "row out is held by tests/contracts/test_estimators.py"
    ),
}


@parametrize_with_checks(
    [SequenceClassifier(**FAST), SequenceRegressor(**FAST)],
    expected_failed_checks=lambda estimator: NOT_FOR_SEQUENCES,
)
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


class _Classifier(SequenceClassifier):
    """Without the one claim that does not hold."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        return tags


class _Regressor(SequenceRegressor):
    """Without the one claim that does not hold."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        return tags


def test_the_checks_of_what_is_learnt_but_for_the_number_of_features():
    check_classifiers_train("SequenceClassifier", _Classifier(**FAST))
    check_regressors_train("SequenceRegressor", _Regressor(**{**FAST, "epochs": 60, "hidden_size": 16}))


def rising(count: int, columns: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Series (N, 6, columns) that rise or fall, and which they do."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 2
    slope = np.linspace(-1, 1, 6)[:, None] * (2 * y - 1)[:, None, None]
    return (slope + 0.2 * rng.normal(size=(count, 6, columns))).astype(np.float32), y


def test_a_grid_search_over_texts():
    texts = ["a good film" if i % 2 else "a bad film" for i in range(40)]
    labels = ["pos" if i % 2 else "neg" for i in range(40)]
    search = GridSearchCV(
        SequenceClassifier(hidden_size=8, epochs=15, learning_rate=0.02), {"level": ["char", "word"]}, cv=2
    )
    search.fit(texts, labels)
    assert search.best_score_ == 1.0
    assert search.predict(["a good film", "a bad film"]).tolist() == ["pos", "neg"]
    assert search.classes_.tolist() == ["neg", "pos"]


def test_a_grid_search_and_a_pipeline_over_arrays():
    X, y = rising(60)
    pipeline = make_pipeline(FunctionTransformer(np.abs), FunctionTransformer(np.sqrt))
    assert pipeline.fit_transform(X).shape == X.shape
    pipeline = make_pipeline(FunctionTransformer(lambda x: 10 * x), SequenceClassifier(**FAST))
    search = GridSearchCV(pipeline, {"sequenceclassifier__hidden_size": [4, 8]}, cv=3)
    assert search.fit(X, y).best_score_ > 0.9
    assert search.score(X, y) > 0.9


def test_cross_validation_of_a_regressor_and_a_tagger():
    X, y = rising(60)
    regressor = SequenceRegressor(**{**FAST, "epochs": 30})
    scores = cross_val_score(regressor, X, 50 * X[:, -1, 0], cv=3)
    assert scores.min() > 0.3  # R²
    tags = np.repeat(y[:, None], 6, axis=1)
    tagger = SequenceTagger(**{name: value for name, value in FAST.items() if name != "pool"})
    assert cross_val_score(tagger, X, tags, cv=3).min() > 0.8


PAIRS: dict[str, Any] = {
    "hidden_size": 16,
    "embedding_size": 8,
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "epochs": 30,
    "batch_size": 8,
    "learning_rate": 0.02,
}


def test_searches_and_pipelines_of_texts_from_texts_and_arrays():
    texts, answers = [f"{'ab'[i % 2]}{i:02}" for i in range(48)], ["x", "yy"] * 24
    search = GridSearchCV(Seq2Seq(**PAIRS), {"attention": ["additive", "none"]}, cv=2)
    search.fit(texts, answers)
    assert search.best_score_ > 0.9  # of all answers, those that are right as a whole
    assert search.predict(["b30", "a27", ""]) == ["yy", "x", ""]
    X, y = rising(96)
    plain = Seq2Seq(**PAIRS, attention="none", target_level="word")
    pipeline = make_pipeline(FunctionTransformer(lambda x: 10 * x), plain)
    said = ["up" if row else "down" for row in y]
    assert cross_val_score(pipeline, X, said, cv=2).min() > 0.9


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])  # noqa: S301
def test_a_fitted_estimator_can_be_copied_and_sent_to_another_process(copied):
    X, y = rising(20)
    fitted = SequenceClassifier(**{**FAST, "epochs": 1}).fit(X, y, test=(X, y))
    twin = copied(fitted)
    np.testing.assert_array_equal(twin.predict_proba(X), fitted.predict_proba(X))
    assert twin.metrics_ == fitted.metrics_
    assert twin.artifact_.fingerprint == fitted.artifact_.fingerprint


def test_tags_say_what_it_takes():
    tags = SequenceClassifier().__sklearn_tags__()
    assert tags.estimator_type == "classifier"
    assert tags.input_tags.string
    assert tags.input_tags.three_d_array
    assert tags.target_tags.required
    assert SequenceRegressor().__sklearn_tags__().estimator_type == "regressor"
    assert SequenceTagger().__sklearn_tags__().estimator_type is None
