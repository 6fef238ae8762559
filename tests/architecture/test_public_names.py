"""The names that users may rely on, pinned: adding or removing one is a decision, not an accident."""

import importlib

import pytest

PUBLIC = {
    "recurra": [
        "ArtifactError",
        "Forecaster",
        "InputError",
        "LanguageModel",
        "MissingExtraError",
        "RecurraError",
        "Seq2Seq",
        "SequenceClassifier",
        "SequenceRegressor",
        "SequenceTagger",
        "TrainingError",
        "Transcriber",
        "__version__",
        "load",
        "nn",
        "quantize",
    ],
    "recurra.nn": [
        "AdditiveAttention",
        "Affixes",
        "AttentionPool",
        "Bag",
        "Bridge",
        "CRF",
        "ConstantForcing",
        "Decoder",
        "DotAttention",
        "EmbeddingDropout",
        "Encoder",
        "EncoderDecoder",
        "GRU",
        "GRUCell",
        "GeneralAttention",
        "InverseSigmoidForcing",
        "LSTM",
        "LSTMCell",
        "LinearForcing",
        "MinGRU",
        "MinLSTM",
        "Pool",
        "RNN",
        "RNNCell",
        "VariationalDropout",
        "WordDropout",
        "Words",
        "accelerate",
    ],
    "recurra.tasks": [
        "Forecaster",
        "LanguageModel",
        "Seq2Seq",
        "SequenceClassifier",
        "SequenceRegressor",
        "SequenceTagger",
        "Transcriber",
    ],
}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names(module):
    imported = importlib.import_module(module)
    assert sorted(imported.__all__) == PUBLIC[module]
    for name in PUBLIC[module]:
        assert getattr(imported, name) is not None
    assert [name for name in dir(imported) if not name.startswith("_")] or module != "recurra"


def test_an_unknown_name_is_an_ordinary_attribute_error():
    with pytest.raises(AttributeError, match="module 'recurra' has no attribute 'Forcaster'"):
        importlib.import_module("recurra").Forcaster  # noqa: B018
