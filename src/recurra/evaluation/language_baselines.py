"""What a language model is compared with: an n-gram model that was counted in the same training part."""

import numpy as np

from recurra.data import Sequences, TextFeatures
from recurra.evaluation.fitted_baselines import Baseline, Baselines
from recurra.evaluation.ngram import NGram


def fit_language_baselines(
    training: Sequences, validation: Sequences, features: TextFeatures, *, ends: bool
) -> Baselines[list[np.ndarray]]:
    """Fit "n-gram", whose order makes the validation part most probable.

    It gives the log-probabilities that `evaluate_language` takes, of the very tokens that the network tells:
    the same ids, each document from its beginning on, and its end if documents end.

    Args:
        training: texts to count in.
        validation: texts to choose the order by.
        features: from texts to ids, learnt from the training part.
        ends: whether a text ends with its last token.
    """

    def ngram() -> Baseline[list[np.ndarray]]:
        model = NGram.choose(
            features(training.items), features(validation.items), size=features.size, ends=ends
        )
        unit = {"char": "characters", "word": "words", "bpe": "byte pairs"}[features.level]
        return Baseline(
            lambda other: model.log_probabilities(features(other.items)),
            f"interpolated modified Kneser-Ney of {unit}, order {model.order}, which suits the validation "
            "part best",
        )

    return Baselines.fit({"n-gram": ngram})
