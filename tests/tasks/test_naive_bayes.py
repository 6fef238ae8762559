"""Naive Bayes' weights of words and pairs, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from recurra.tasks.naive_bayes import log_count_ratios


def test_by_hand():
    inputs = [np.array([1, 2, 1, 2]), np.array([2, 0, 1]), np.array([1, 2]), np.empty(0, np.int64)]
    weight, pairs = log_count_ratios(inputs, np.array([0, 1, 1, 1]), np.array([1.0, 2.0, 1.0, 1.0]), 3, 2)
    assert pairs.tolist() == [[1, 2], [2, 1]]
    assert weight.dtype == pairs.dtype == np.float32
    # Counts of (word 1, word 2, pair 1 2, pair 2 1), by class, and one more of each.
    counts = np.array([[1, 1, 1, 1], [3, 3, 1, 0]]).T + 1.0
    logs = np.log(counts / counts.sum(axis=0))
    expected = logs - logs.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(weight, np.concatenate([[[0, 0]], expected]), atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_differences_of_classes_are_those_of_scikit_learn(classes):
    rng = np.random.default_rng(0)
    inputs = [rng.integers(1, 9, rng.integers(2, 12)) for _ in range(60)]
    labels = rng.integers(0, classes, 60)
    weights = rng.random(60)
    weight, pairs = log_count_ratios(inputs, labels, weights, 9, classes)

    texts = [" ".join(map(str, ids)) for ids in inputs]
    counter = CountVectorizer(
        analyzer="word", tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), binary=True
    )
    bayes = MultinomialNB(alpha=1.0).fit(counter.fit_transform(texts), labels, sample_weight=weights)
    names = [*map(str, range(1, 9)), *(f"{a:.0f} {b:.0f}" for a, b in pairs)]
    assert sorted(names) == sorted(counter.get_feature_names_out())
    theirs = bayes.feature_log_prob_[:, [counter.vocabulary_[name] for name in names]].T
    np.testing.assert_allclose(weight[1:], theirs - theirs.mean(axis=1, keepdims=True), atol=1e-5)


def test_characters_do_not_matter_and_pairs_may_be_none():
    words = [np.array([1, 2, 3]), np.array([3])]
    spelt = [np.stack([ids, ids + 5], axis=1) for ids in words]
    arguments = np.array([0, 1]), np.ones(2), 4, 2
    for got, want in zip(log_count_ratios(spelt, *arguments), log_count_ratios(words, *arguments)):
        np.testing.assert_array_equal(got, want)
    weight, pairs = log_count_ratios([np.array([1]), np.array([2])], *arguments)
    assert weight.shape == (4, 2)
    assert pairs.shape == (0, 2)
